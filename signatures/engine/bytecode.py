"""How a character is written in bytes: every spelling of it, in every encoding the sieve knows.

Encodings are named ``utf-8``, ``gb18030`` (with GBK and GB2312 inside), ``utf-16-le``, ``utf-16-be``, ``big5`` and
``ent``: XML or HTML text in UTF-8 in which characters may be numeric references (``&#26426;``, ``&#x673A;``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5", "ent")
"""Every encoding the sieve can search, in the order of its answers."""

_CODECS = {
    "utf-8": ("utf-8",),
    "gb18030": ("gb18030",),
    "utf-16-le": ("utf-16-le",),
    "utf-16-be": ("utf-16-be",),
    # The Big5 tables of Taiwan, Microsoft and Hong Kong differ in symbols and in rarer characters.
    "big5": ("big5", "cp950", "big5hkscs"),
    "ent": ("utf-8",),
}

SEPARATORS = frozenset(
    "\t\n\x0b\x0c\r -\x1c\x1d\x1e\x1f\x85\xa0\xad\xb7·‧・･•∙⋅⸱ー－﹣─―᠎ㅤ\u3000\u2060\u2061\u2062\u2063\u2064\ufeff"
    "\u2066\u2067\u2068\u2069\u034f\u180e\u1680\u205f"
) | frozenset(chr(point) for point in range(0x2000, 0x2030))
"""What may stand between the characters of a literal with gaps: blanks, hyphens, middle dots, marks without width,
line ends. More than the grammar joins, so that the grammar may learn new ones."""

MOST_SEPARATORS = 3
"""How many of them in a row."""

_NAMED_REFERENCES = (
    b"&nbsp;", b"&ensp;", b"&emsp;", b"&thinsp;", b"&zwnj;", b"&zwj;", b"&lrm;", b"&rlm;", b"&shy;", b"&middot;",
    b"&hyphen;", b"&Tab;", b"&NewLine;", b"&bull;", b"&ndash;", b"&mdash;",
)  # fmt: skip


def escape(data: bytes) -> str:
    """A regular expression for just these bytes, in ASCII, as `re`, RE2 and Hyperscan all read it."""
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in data)


def spellings(text: str, encoding: str) -> frozenset[bytes]:
    """The bytes ``text`` may have in ``encoding``; empty where the encoding has no such character."""
    found = set()
    for codec in _CODECS[encoding]:
        try:
            found.add(text.encode(codec))
        except UnicodeEncodeError:
            continue
    return frozenset(found)


def forms(character: str, *, any_case: bool, any_width: bool) -> frozenset[str]:
    """The characters that count as ``character``: both cases and the full-width form of an ASCII letter or sign."""
    found = {character}
    if any_case and character.isascii():
        found |= {character.lower(), character.upper()}
    if any_width:
        for form in tuple(found):
            if "!" <= form <= "~":
                found.add(chr(ord(form) + 0xFEE0))
            elif form == " ":
                found |= {"\u3000", "\xa0"}
    return frozenset(found)


def any_of(strings: Iterable[bytes]) -> str:
    """One regular expression for a set of byte strings, with common beginnings and ends written once.

    Raises `ValueError` for an empty set.
    """
    strings = frozenset(strings)
    if not strings:
        raise ValueError("no byte strings to choose from")
    tails: dict[int, set[bytes]] = defaultdict(set)
    for string in strings:
        if string:
            tails[string[0]].add(string[1:])
    heads: dict[frozenset[bytes], set[int]] = defaultdict(set)
    for head, rest in tails.items():
        heads[frozenset(rest)].add(head)
    branches = [
        _byte_class(group) + ("" if rest == {b""} else any_of(rest))
        for rest, group in sorted(heads.items(), key=lambda item: min(item[1]))
    ]
    body = branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"
    return f"(?:{body})?" if b"" in strings else body


def _byte_class(group: set[int]) -> str:
    """A character class of bytes; runs of three and more as ranges."""
    ordered = sorted(group)
    if len(ordered) == 1:
        return escape(bytes(ordered))
    runs: list[list[int]] = []
    for byte in ordered:
        if runs and byte == runs[-1][1] + 1:
            runs[-1][1] = byte
        else:
            runs.append([byte, byte])
    return "[" + "".join(f"\\x{a:02x}" if a == b else f"\\x{a:02x}-\\x{b:02x}" for a, b in runs) + "]"


@lru_cache(maxsize=4096)
def reference(character: str) -> str:
    """A regular expression for ``character`` as a numeric reference without its semicolon, decimal or hexadecimal."""
    point = ord(character)
    hexadecimal = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{point:x}")
    return f"&#(?:0{{0,4}}{point}|[xX]0{{0,4}}{hexadecimal})"


@lru_cache(maxsize=16)
def separators(encoding: str) -> str:
    """A regular expression for one separator in ``encoding``."""
    strings = {spelling for character in SEPARATORS for spelling in spellings(character, encoding)}
    if encoding != "ent":
        return any_of(strings)
    references = "|".join(reference(character) for character in sorted(SEPARATORS))
    return f"(?:{any_of(strings | set(_NAMED_REFERENCES))}|(?:{references});?)"
