"""Triggers: one quick look at a passage, so that only lines that can hold a marking are read closely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from signatures.characters import CONFUSIONS, GAPS, STARS, TRADITIONAL, ZERO_WIDTH
from signatures.literals import Literal

_GAP = "[" + re.escape(GAPS + "\r\n" + "".join(sorted(ZERO_WIDTH))) + "]{0,3}"
_ENDS = "密级級" + CONFUSIONS["密"]
_BEGINNINGS = "绝机秘" + "".join(odd for odd, plain in TRADITIONAL.items() if plain in "绝机秘")
_BEGINNINGS += "".join(CONFUSIONS[plain] for plain in "绝机秘")
_STARS = "".join(sorted(STARS)) + "*＊"

STAR = re.compile(
    f"[{re.escape(_ENDS + _STARS)}]"
    f"(?:(?<=[{_ENDS}]){_GAP}[{re.escape(_STARS)}]|(?<=[{re.escape(_STARS)}]){_GAP}[{_BEGINNINGS}])"
)
"""A star beside what may be the end or the beginning of a level word: all that matters in running text."""

LEVEL = re.compile("[绝机秘絕機祕]密")
"""A level word, for counting how much a document talks of secrecy."""


def trigger_of(literals: Iterable[Literal]) -> re.Pattern[str]:
    """One expression that finds every literal in every form (gaps, case, width).

    Its branches begin with single letters, so that `re` can skip by a table of first letters.
    """
    branches: dict[str, list[str]] = {}
    for literal in literals:
        gap = _GAP if literal.gaps else ""
        forms = [_forms(letter, literal) for letter in literal.text]
        rest = gap.join(re.escape(f) if len(f) == 1 else f"[{re.escape(f)}]" for f in forms[1:])
        for first in forms[0]:
            branches.setdefault(first, []).append(gap + rest)
    return re.compile(
        "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in branches.items()) or r"(?!)"
    )


def _forms(letter: str, literal: Literal) -> str:
    forms = letter
    if literal.any_case and letter.isascii() and letter.isalpha():
        forms = letter.lower() + letter.upper()
    if literal.any_width:
        forms += "".join(chr(ord(c) + 0xFEE0) for c in forms if "!" <= c <= "~")
        forms += "\u3000" if letter == " " else ""
    return forms


def lines_at(text: str, hits: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """The lines (number from 0, start, end) that hold the hits, each once; several at once where a hit spans them."""
    number, counted, done = 0, 0, -1
    for start, end in hits:
        if end <= done:
            continue
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        last = len(text) if last < 0 else last
        number, counted = number + text.count("\n", counted, first), first
        yield number, first, last
        done = last


def column_around(text: str, first: int, last: int, limit: int = 24) -> tuple[int, int] | None:
    """The run of lines of one character (or one short number) each that holds ``text[first:last]`` (N6)."""
    if any(not _short(line) for line in text[first:last].split("\n")):
        return None
    for _ in range(limit):
        above = text.rfind("\n", 0, first - 1) + 1 if first > 0 else first
        if above >= first or not _short(text[above : first - 1]):
            break
        first = above
    for _ in range(limit):
        if last >= len(text):
            break
        below = text.find("\n", last + 1)
        below = len(text) if below < 0 else below
        if not _short(text[last + 1 : below]):
            break
        last = below
    return first, last


def _short(line: str) -> bool:
    line = line.strip()
    return len(line) == 1 or (0 < len(line) <= 4 and line.isdecimal())
