"""The characters of a PDF page with their places, as PDFium tells them, brought together to stretches of its lines."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from agent.scanning.formats import pdfium_calls

_SHOWN = re.compile("[^\\s\0-\x1f\ud800-\udfff\ufffe\uffff]+|[^\\S\0-\x1f]")
"""Characters without a blank, or one blank; not what ends lines, nor what is no character."""


class Character(NamedTuple):
    """One character as it stands on a page: its origin and its box in points, as the page's content counts them."""

    text: str
    x: float
    y: float
    left: float
    bottom: float
    right: float
    top: float
    angle: float
    """Radians, counter-clockwise."""
    at: int
    """Its number on the page, for `Page.colour` and `Page.artifact`."""


class Stretch(NamedTuple):
    """Characters that stand side by side on one line, each with its origin and its box; of several none is a blank."""

    text: str
    xs: Sequence[float]
    y: float
    lefts: Sequence[float]
    bottoms: Sequence[float]
    rights: Sequence[float]
    tops: Sequence[float]
    angle: float
    numbers: Sequence[int]

    def characters(self) -> Iterator[Character]:
        """One by one."""
        text, xs, y, lefts, bottoms, rights, tops, angle, numbers = self
        each = zip(text, xs, lefts, bottoms, rights, tops, numbers, strict=True)
        for letter, x, left, bottom, right, top, at in each:
            yield Character(letter, x, y, left, bottom, right, top, angle, at)


def alone(one: Character) -> Stretch:
    """A character as a stretch of its own."""
    text, x, y, left, bottom, right, top, angle, at = one
    return Stretch(text, (x,), y, (left,), (bottom,), (right,), (top,), angle, (at,))


def together(characters: Iterable[Character]) -> Iterator[Stretch]:
    """Characters that are told one by one, those on one line as a stretch."""
    for (blank, y, angle), found in groupby(characters, lambda one: (one.text.isspace(), one.y, one.angle)):
        if blank:
            yield from map(alone, found)
        else:
            text, xs, _, lefts, bottoms, rights, tops, _, numbers = zip(*found, strict=True)
            yield Stretch("".join(text), xs, y, lefts, bottoms, rights, tops, angle, numbers)


def _stretch(
    letters: str, boxes: pdfium_calls.Boxes, begin: int, end: int, shift: float, line: float, angle: float
) -> Stretch:
    """The characters from one place of a page to another; ``shift``: how far right of its box the origin of each is."""
    lefts, tops, rights, bottoms = (edges[begin:end] for edges in boxes)
    xs = [left + shift for left in lefts] if shift else lefts
    return Stretch(letters[begin:end], xs, line, lefts, bottoms, rights, tops, angle, range(begin, end))


def stretches(page: ctypes.c_void_p, letters: str) -> Iterator[Stretch]:
    """All characters of a page with their places, in the order of the content; ``letters`` are they in PDFium's count.

    A blank is a stretch of its own; blanks and line ends that PDFium made up are left out. A character that stands
    right of the one asked last, with the foot or the head of its box as high, has its baseline and angle: to ask
    PDFium for both of each would double the time.
    """
    boxes = pdfium_calls.boxes(page, len(letters))
    lefts, tops, _, bottoms = boxes
    upright = False
    low = high = before = shift = line = angle = 0.0
    for found in _SHOWN.finditer(letters):
        begin, end = found.span()
        if letters[begin] == " " and pdfium_calls.IS_GENERATED(page, begin) == 1:
            continue
        for at in range(begin, end):
            left = lefts[at]
            if not (upright and left > before and (bottoms[at] == low or tops[at] == high)):
                x, y, turned = pdfium_calls.place(page, at)
                goes_on = upright and left > before and turned == 0.0 and y == line and x - left == shift
                if at > begin and not goes_on:
                    yield _stretch(letters, boxes, begin, at, shift, line, angle)
                    begin = at
                upright, low, high, shift, line, angle = turned == 0.0, bottoms[at], tops[at], x - left, y, turned
            before = left
        yield _stretch(letters, boxes, begin, end, shift, line, angle)
