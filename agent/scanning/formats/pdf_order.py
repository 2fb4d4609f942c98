"""Characters of a PDF brought together to lines where that takes more than their order: ligatures, stars, slants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from agent.scanning.formats.pdf_characters import Character, Stretch
from signatures.characters import STARS

_SYMBOLS = STARS | frozenset("□☐■☑☒✓✔✗✘○●◯◻◼")
"""What many fonts lack: stars and the boxes of forms."""
_SYMBOL = re.compile(f"[{''.join(sorted(_SYMBOLS))}]")
_MOST_SYMBOLS = 200


def shares_box(x: float, right: float, letter: str, other: str, other_x: float, other_right: float) -> bool:
    """Whether ``other`` has the box of the one before it, ``letter``: parts of one glyph, such as ``fi``, are told so.

    The same letter told twice is a ligature only where it is an ``f``; else it was drawn twice to look bold.
    """
    same_box = abs(other_x - x) < 0.05 and abs(other_right - right) < 0.05
    return same_box and letter.isalpha() and other.isalpha() and (other != letter or letter == "f")


def symbols_are_in_line(stretches: Iterable[Stretch]) -> bool:
    """Whether each star or box follows on what stands before it, as on most pages: then none is to be moved."""
    without: Stretch | None = None
    before: Character | None = None
    for stretch in stretches:
        if not _SYMBOL.search(stretch.text):
            without = without if stretch.text.isspace() else stretch
            continue
        if without is not None:
            *_, before = without.characters()
            without = None
        for one in stretch.characters():
            if one.text not in _SYMBOLS:
                before = one
            elif before is None or not _follows(before, one):
                return False
    return True


def with_symbols_in_line(characters: list[Character]) -> list[Character]:
    """The same characters, each star or box that stands in a hole of a line put there.

    A program that has no ★ or □ in its font takes it from another and may draw it after the rest of the line.
    """
    moved: dict[int, list[Character]] = {}
    apart: set[int] = set()
    looked = 0
    before: Character | None = None
    for at, one in enumerate(characters):
        if one.text not in _SYMBOLS:
            before = before if one.text.isspace() else one
        elif looked < _MOST_SYMBOLS and (before is None or not _follows(before, one)):
            looked += 1
            hole = next(_holes(characters, one), None)
            if hole is not None:
                moved.setdefault(hole, []).append(one)
                apart.add(at)
    if not apart:
        return characters
    ordered: list[Character] = []
    for at, one in enumerate(characters):
        if at not in apart:
            ordered.append(one)
        ordered += sorted(moved.get(at, ()), key=lambda symbol: symbol.x)
    return ordered


def _follows(before: Character, one: Character) -> bool:
    """Whether a symbol stands just right of a character, on its line."""
    height = max(one.top - one.bottom, 1.0)
    return abs(one.y - before.y) <= 0.35 * height and -0.2 * height <= one.x - before.right <= 1.5 * height


def _holes(characters: Sequence[Character], symbol: Character) -> Iterator[int]:
    """Characters after which the line leaves room for the symbol before it goes on."""
    height = max(symbol.top - symbol.bottom, 1.0)
    line = [
        (at, one)
        for at, one in enumerate(characters)
        if abs(one.y - symbol.y) <= 0.35 * height and not one.text.isspace() and one.text not in _SYMBOLS
    ]
    for (at, one), (_, following) in pairwise(line):
        if _follows(one, symbol) and -0.2 * height <= following.x - symbol.right <= 1.5 * height:
            yield at


def slanted_lines(characters: Iterable[Character]) -> Iterator[str]:
    """Lines of text that do not run as the page does, each once."""
    seen: set[str] = set()
    text, before = "", None
    for one in characters:
        if one.text.isspace():
            text += " " if text and not text.endswith(" ") else ""
            continue
        if before is not None and not _runs_on(before, one):
            if text.strip() and text.strip() not in seen:
                seen.add(text.strip())
                yield text.strip()
            text = ""
        text += one.text
        before = one
    if text.strip() and text.strip() not in seen:
        yield text.strip()


def _runs_on(before: Character, one: Character) -> bool:
    if abs(before.angle - one.angle) > 0.05:
        return False
    cosine, sine = math.cos(one.angle), math.sin(one.angle)
    across, along = one.x - before.x, one.y - before.y
    reach = 2.5 * max(before.right - before.left, before.top - before.bottom, 1.0)
    return abs(along * cosine - across * sine) < 0.3 * reach and -0.1 * reach < across * cosine + along * sine < reach
