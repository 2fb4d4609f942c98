"""Characters of a PDF line brought together where the content holds them apart: ligatures and stars of another font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent.scanning.formats.pdfium import Character
from signatures.characters import STARS

_MOST_STARS = 50


def shares_box(x: float, right: float, letter: str, one: Character) -> bool:
    """Whether a letter has the box of the one before it, ``letter``: parts of one glyph, such as ``fi``, are told so.

    The same letter told twice is a ligature only where it is an ``f``; else it was drawn twice to look bold.
    """
    same_box = abs(one.x - x) < 0.05 and abs(one.right - right) < 0.05
    return same_box and letter.isalpha() and one.text.isalpha() and (one.text != letter or letter == "f")


def with_stars_in_line(characters: list[Character]) -> list[Character]:
    """The same characters, each star that stands in a hole of a line put there.

    A program that has no ★ in its font takes it from another and may draw it after the rest of the line.
    """
    stars = [at for at, one in enumerate(characters) if one.text in STARS][:_MOST_STARS]
    moved: dict[int, list[Character]] = {}
    apart: set[int] = set()
    for at in stars:
        hole = next(_holes(characters, characters[at]), None)
        if hole is not None and hole != at - 1:
            moved.setdefault(hole, []).append(characters[at])
            apart.add(at)
    if not apart:
        return characters
    ordered: list[Character] = []
    for at, one in enumerate(characters):
        if at not in apart:
            ordered.append(one)
        ordered += sorted(moved.get(at, ()), key=lambda star: star.x)
    return ordered


def _holes(characters: Sequence[Character], star: Character) -> Iterator[int]:
    """Characters after which the line leaves room for the star before it goes on."""
    height = max(star.top - star.bottom, 1.0)
    line = [
        (at, one)
        for at, one in enumerate(characters)
        if abs(one.y - star.y) <= 0.35 * height and not one.text.isspace() and one.text not in STARS
    ]
    for (at, one), (_, following) in pairwise(line):
        before, after = star.x - one.right, following.x - star.right
        if min(before, after) >= -0.2 * height and max(before, after) <= 1.5 * height:
            yield at
