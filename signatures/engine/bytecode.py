"""How a character is written in bytes: every spelling of it, in every encoding the sieve knows.

Encodings are named ``utf-8``, ``gb18030`` (with GBK and GB2312 inside), ``utf-16-le``, ``utf-16-be``, ``big5`` and
``ent``: XML or HTML text in UTF-8 in which characters may be numeric references (``&#26426;``, ``&#x673A;``).
"""

from __future__ import annotations

import re
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


def _stretch(*ends: tuple[int, int]) -> frozenset[str]:
    return frozenset(chr(point) for first, last in ends for point in range(first, last + 1))


_SIGNS = "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\xad\xa8\xaf\xb4\xb8·‧・･•∙⋅⸱-ー－﹣─―−⁻₋￣‾᠎ㅤ\u3000\u309b\u309c\ufeff"
SEPARATORS = frozenset(_SIGNS) | _stretch(
    (0x02D8, 0x02DD), (0x0384, 0x0387), (0xFE49, 0xFE4C),  # marks with a width of their own
    (0x0300, 0x036F), (0x0483, 0x0489), (0x20D0, 0x20F0), (0xFE20, 0xFE2F),  # combining marks
    (0x034F, 0x034F), (0x061C, 0x061C), (0x1680, 0x1680), (0x205F, 0x206F), (0xFFF9, 0xFFFB),  # without width
    (0x2000, 0x202F),  # blanks, direction marks, hyphens, dashes
    (0xFE00, 0xFE0F), (0xE0000, 0xE007F), (0xE0100, 0xE01EF),  # variation selectors, tags
)  # fmt: skip
"""What may stand between the characters of a literal with gaps: blanks, hyphens, middle dots, marks without width,
line ends. More than the grammar joins, so that the grammar may learn new ones."""

BLANKS = frozenset("\t\n\r \xa0\u3000\u202f") | frozenset(chr(point) for point in range(0x2000, 0x200C))
"""What may stand for the blank between two words of a literal."""

MOST_SEPARATORS = 3
"""How many of them in a row."""

_ESCAPED = re.compile(r"(?:[A-Za-z0-9&#]|\\x[0-9a-f]{2})+")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def escape(data: bytes) -> str:
    """A regular expression for just these bytes, in ASCII, as `re`, RE2 and Hyperscan all read it."""
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in data)


def unescape(expression: str) -> bytes | None:
    """The byte string that is all an `escape`d expression stands for; None where it is more than one."""
    if not _ESCAPED.fullmatch(expression):
        return None
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), expression.encode("ascii"))


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
def reference(characters: str) -> str:
    """A regular expression for one of ``characters`` as a numeric reference, decimal or hexadecimal, before its end."""
    decimal = any_of(str(ord(character)).encode() for character in characters)
    numbers = any_of(spelling.encode() for character in characters for spelling in hexadecimal(character))
    return f"&#(?:0{{0,4}}{decimal}|[xX]0{{0,4}}{numbers})"


def hexadecimal(character: str) -> set[str]:
    """The number of a character in hexadecimal, with each of its letters in either case."""
    found = {""}
    for digit in f"{ord(character):x}":
        found = {head + form for head in found for form in (digit, digit.upper())}
    return found


def separators(encoding: str) -> str:
    """A regular expression for one separator in ``encoding``; in ``ent`` most references that are no ideographs do."""
    return _one_of(SEPARATORS, encoding)


def blanks(encoding: str) -> str:
    """A regular expression for one blank between two words in ``encoding``."""
    return _one_of(BLANKS, encoding)


_NO_IDEOGRAPH = (
    "&(?:[a-zA-Z]{2,8}"
    "|#0{0,4}(?:[0-9]{1,4}|12[0-9]{3}|65[0-9]{3}|91[78][0-9]{3})"
    "|#[xX]0{0,4}(?:[0-9a-fA-F]{1,3}|[23fF][0-9a-fA-F]{3}|[eE]0[01][0-9a-fA-F]{2}))"
)
"""A reference whose number is where separators are: below U+2710, U+2EE0 to U+312F, U+FDE8 to U+FFFF, tags."""


@lru_cache(maxsize=16)
def _one_of(characters: frozenset[str], encoding: str) -> str:
    written = any_of(spelling for character in characters for spelling in spellings(character, encoding))
    if encoding != "ent":
        return written
    return f"(?:{written}|{_NO_IDEOGRAPH};?)"
