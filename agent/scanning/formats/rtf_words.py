"""Control words of Rich Text Format (RTF 1.9.1) that matter here, and its text as bytes for the sieve."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache

from agent.scanning.formats.ole_properties import code_page_codec
from agent.scanning.formats.word_story import SYMBOLS

CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip
"""Codecs of the character sets of fonts."""
SYMBOL_CHARSET = 2

CHARACTERS = {
    "tab": "\t", "line": "\n", "column": "\n", "lbr": "\n", "softline": "\n", "emdash": "—",
    "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ",
    "enspace": " ", "qmspace": " ", "chpgn": "\n", "sectnum": "\n",
}  # fmt: skip
"""Words that stand for characters."""

SILENT = frozenset({
    "pict", "nonshppict", "shppict", "shprslt", "themedata", "colorschememapping", "datastore", "latentstyles",
    "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl", "mmathPr", "pgptbl", "revtbl",
    "wgrffmtfilter", "filetbl", "bkmkstart", "bkmkend", "pn", "pntxta", "pntxtb", "pntext", "listtext", "objclass",
    "objname", "objdata", "objalias", "datafield", "formfield", "atnid", "atnauthor", "atntime", "atnref", "atnicn",
    "atndate", "atnparent", "atrfstart", "atrfend", "tc", "tcn", "xe", "ftnsep", "ftnsepc", "ftncn", "aftnsep",
    "aftnsepc", "aftncn", "passwordhash", "template", "falt", "panose", "fontemb", "fontfile", "blipuid", "picprop",
    "htmltag", "mhtmltag", "oldcprops", "oldpprops", "oldtprops", "oldsprops", "operator", "author",
    "creatim", "revtim", "printim", "buptim", "edmins", "nofpages", "nofwords", "nofchars", "nofcharsws", "fchars",
    "lchars", "cchs", "propertytype", "linkval", "xform", "xmlattrname", "xmlattrvalue", "writereservhash",
    "protusertbl", "ebcstart", "ebcend", "nonesttables", "nesttableprops",
})  # fmt: skip
"""Groups whose text no reader sees, or sees once more elsewhere."""

GATHERING = frozenset(
    {"fldinst", "propname", "staticval", "sn", "sv", "fonttbl", "colortbl", "stylesheet", "info", "docvar"}
)
"""Groups whose text is no text of the document but tells something of it."""
THROUGH = frozenset({"shpinst", "shp", "ud", "do", "background", "userprops", "fldrslt", "sp", "result", "shpgrp"})
"""Groups that a program may pass over, but that hold text."""
SWITCHES = {
    "b": "bold", "strike": "struck", "striked": "struck", "deleted": "deleted", "pagebb": "breaks_before",
    "intbl": "in_table", "qc": "centred",
}  # fmt: skip
SETTINGS = {"f": "font", "uc": "skip", "fs": "size", "cf": "colour", "s": "style"}
"""Words that switch or set what holds in a group, by the field of `rtf_story.State`."""

INFORMATION = {
    "title": "title", "subject": "subject", "keywords": "keywords", "doccomm": "description", "comment": "description",
    "category": "category", "manager": "Manager", "company": "Company", "hlinkbase": "HyperlinkBase",
}  # fmt: skip
"""Groups of the document's properties, by the names that other formats have for them."""

STORIES = {
    "header": "header", "headerl": "header", "headerr": "header", "headerf": "first header", "footer": "footer",
    "footerl": "footer", "footerr": "footer", "footerf": "first footer", "footnote": "footnotes",
    "annotation": "comments", "shptxt": "box", "dptxbxtext": "box",
}  # fmt: skip
"""Groups with a text of their own."""

_DESCRIPTION = re.compile(rb"wzDescription\s*\}\s*\{\s*\\sv ?([^{}]{1,4000})\}")
_HEXADECIMAL = re.compile(rb"[0-9a-fA-F\r\n \t]{64,}")
_WORD = rb"\\(?!u-?\d)[a-zA-Z]{1,32}+(?:-?\d{1,10}+)?+[ \r\n]?+"
_WORDS = re.compile(_WORD + b"(?:" + _WORD + b")*+")
"""Control words in a row, as they most often come: one match for many is what makes it quick."""
_SIGN = re.compile(rb"\\[*:|-]")
_BYTES = re.compile(rb"\\'[0-9a-fA-F]{2}(?:\\'[0-9a-fA-F]{2})*+")
_FONTS = re.compile(rb"\{\\fonttbl(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}")
"""The table of fonts, whose names nobody reads as text."""
_HIGH = re.compile(rb"\\'[89a-fA-F]")
_NUMBER = re.compile(rb"-?\d{1,10}")
_DRESS = 512
"""Bytes between two characters, up to which what they are without their control words is kept: runs have the same."""
_SKIPPED = re.compile(rb"(?:[^{}\\]+|\\(?!bin\d).)*+(?:([{}])|\\bin(\d{1,10}) ?)", re.DOTALL)
"""Up to the next brace, or to bytes of which only the number is told."""
_MOST_UNITS = 1 << 16
"""Characters that are kept by how they are written; there are two numbers for each."""
_LONGEST_ROW = 64
_LONGEST_UNIT = 16
"""Bytes of one that is kept: its number, a blank, and two bytes for older programs."""
_SKIPS = re.compile(rb"\\uc(\d{1,2})")
_CHARSET = re.compile(rb"\\fcharset(\d{1,3})")
_SEARCHED = frozenset({"gb18030", "big5hkscs"})
_DOUBLE = _SEARCHED | {"cp932", "cp949", "johab", "cp1361"}
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{1,5})")


def document_codec(data: bytes) -> str:
    """The codec of the code page that the head of a file names."""
    found = _CODE_PAGE.search(data, 0, 4096)
    if found:
        return code_page_codec(int(found[1]))
    return "mac_roman" if b"\\mac\\" in data[:64] else "cp1252"


def plain_texts(data: bytes) -> Iterator[bytes]:
    """The text of a file as bytes, without groups and control words: in UTF-8, and as it is in its code pages.

    Each has all that a reader can see, and much that none does; a stretch may stand in several of them.
    """
    skips = {int(count) for count in _SKIPS.findall(data)} or {1}
    text = _FONTS.sub(b"", data, 1)
    text = _HEXADECIMAL.sub(b"", text) if b"\\pict" in data or b"\\objdata" in data else text
    first, *units = text.split(b"\\u")
    first = _bare(first)
    codec = document_codec(data)
    single = "cp1252" if codec in _DOUBLE else codec
    plain = data.isascii()
    for count in sorted(skips)[:4]:
        text = _joined(first, units, "utf-8", count)
        yield _BYTES.sub(_as_text(single), text)
        for each in _double_codecs(data, codec) if _HIGH.search(text) else ():
            # What was ASCII alone is put into another codec quicker as a whole than unit by unit.
            same = text.decode("utf-8").encode(each, "replace") if plain else _joined(first, units, each, count)
            # The second byte of a character may be an ASCII letter, which stands as it is.
            raw = _BYTES.sub(_as_bytes, same)
            yield raw if each in _SEARCHED else raw.decode(each, "replace").encode("utf-8", "replace")


def readable(text: bytes) -> str:
    """One of the texts that `plain_texts` gives, as characters."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("gb18030", "replace")


def _bare(text: bytes) -> bytes:
    """The text without groups and control words, but for those of characters."""
    return _known_bare(text) if len(text) <= _DRESS else _without_words(text)


def _without_words(text: bytes) -> bytes:
    text = _SIGN.sub(b"", _WORDS.sub(b"", text)).replace(b"\\~", b" ").replace(b"\\_", b"-")
    return text.translate(None, b"\r\n{}\0")


_known_bare = lru_cache(maxsize=4096)(_without_words)


def _joined(first: bytes, units: list[bytes], codec: str, skip: int) -> bytes:
    """The text with its ``\\u`` words, each given by all that follows the ``u``, as characters of a codec."""
    return first + b"".join(map(_units_of(codec, min(skip, 8)).__getitem__, units))


def description(data: bytes, begin: int, end: int) -> str:
    """The alternative text of a picture, which stands among the properties of its group; empty where there is none."""
    at = data.find(b"wzDescription", begin, end)
    found = _DESCRIPTION.match(data, at, end) if at >= 0 else None
    return next(plain_texts(found[1])).decode("utf-8", "replace").strip() if found else ""


def _double_codecs(data: bytes, codec: str) -> list[str]:
    """The codecs with two bytes to a character that the file's code page and its fonts name; always that of GBK."""
    charsets = (CHARSETS.get(int(number), "") for number in set(_CHARSET.findall(data)))
    return sorted({"gb18030", codec, *charsets} & _DOUBLE)


def unit(number: int) -> str:
    """The character of a ``\\u`` word, whose number may be signed; nothing where there is none."""
    number &= 0xFFFF
    if number < 32:
        return "\n" if number in (10, 11, 13) else "\t" if number == 9 else ""
    return "" if 0xD800 <= number < 0xE000 else chr(number)


class _Units(dict[bytes, bytes]):
    """What follows a ``\\u``, with its number as a character of one codec: a text has thousands of them.

    ``skip`` characters behind the number only stand in for it.
    """

    def __init__(self, codec: str, skip: int) -> None:
        super().__init__()
        self._codec = codec
        self._number = re.compile(rb"(-?\d{1,10}) ?(?:\\'[0-9a-fA-F]{2}|[^\\]){0,%d}" % skip)
        self._alone = re.compile(rb"-?\d{1,10}+ ?+(?:\\'[0-9a-fA-F]{2}|[^\\{}\r\n\0]){%d}" % skip)

    def __missing__(self, written: bytes) -> bytes:
        if (alone := self._alone.match(written)) is not None and alone.end() < len(written):
            return self[alone[0]] + _bare(written[alone.end() :])
        begun = _NUMBER.match(written)
        found = self._number.match(begun[0] + _bare(written[begun.end() :])) if begun else None
        if found is None:
            return _bare(b"\\u" + written)  # another word, such as \\ul
        made = unit(int(found[1])).encode(self._codec, "replace") + found.string[found.end() :]
        if len(written) <= _LONGEST_UNIT:
            if len(self) > _MOST_UNITS:  # numbers with zeros before them, to fill the memory
                self.clear()
            self[written] = made
        return made


@cache
def _units_of(codec: str, skip: int) -> _Units:
    return _Units(codec, skip)


class _Shown(dict[bytes, str]):
    """Characters by what follows their ``\\u``; half of one as it is, which is no text yet."""

    def __missing__(self, written: bytes) -> str:
        found = _NUMBER.match(written)
        number = int(found[0]) & 0xFFFF if found else 0
        if len(self) > _MOST_UNITS:  # written with zeros before them, to fill the memory
            self.clear()
        made = self[written] = SYMBOLS.get(number) or (chr(number) if 0xD800 <= number < 0xE000 else unit(number))
        return made


SHOWN = _Shown()
"""What follows a ``\\u`` to the character that is shown for it."""


def idle_words(telling: Iterable[bytes]) -> re.Pattern[bytes]:
    """Control words in a row of which none is ``telling``: as most that stand in a row."""
    by_letter: dict[str, list[str]] = {}
    for each in sorted(word.decode("ascii") for word in telling):
        by_letter.setdefault(each[0], []).append(each[1:])
    those = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())
    word = rf"\\(?!(?:{those})(?![a-zA-Z]))[a-zA-Z]{{1,32}}+(?:-?\d{{1,10}}+)?+ ?+"
    return re.compile(rf"(?:[\r\n]*+{word})++".encode("ascii"))


def end_of_group(data: bytes, at: int) -> int:
    """The end of the group around a place, before its closing brace."""
    depth = 0
    while (token := _SKIPPED.match(data, at)) is not None:
        brace, count = token.groups()
        at = token.end()
        if brace == b"{":
            depth += 1
        elif brace is None:
            at += int(count)
        elif depth == 0:
            return at - 1
        else:
            depth -= 1
    return max(at, len(data))


@cache
def _as_text(codec: str) -> Callable[[re.Match[bytes]], bytes]:
    """What turns rows of bytes in hexadecimal to text in UTF-8; lists have the same few at each level."""

    def turned(written: bytes) -> bytes:
        return of_hexadecimal(written).decode(codec, "replace").encode("utf-8", "replace")

    known = lru_cache(maxsize=4096)(turned)
    return lambda found: (known if found.end() - found.start() <= _LONGEST_ROW else turned)(found[0])


def _as_bytes(found: re.Match[bytes]) -> bytes:
    return of_hexadecimal(found[0])


def of_hexadecimal(written: bytes) -> bytes:
    """The bytes of a row of them that are written as ``\\'xx``."""
    return bytes.fromhex(written.replace(b"\\'", b"").decode("ascii"))
