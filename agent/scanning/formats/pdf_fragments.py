"""Characters of a PDF page that run on, joined to fragments of its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import sub

import msgspec

from agent.scanning.formats.pdf_characters import Stretch
from agent.scanning.formats.pdf_order import shares_box


class Fragment(msgspec.Struct):
    """A run of characters on one line: its text and place, in points from the lower left as one reads the page."""

    text: str
    x: float
    y: float
    right: float
    height: float
    at: int
    last: float = 0.0
    """Where its last character began."""
    size: float = 0.0
    emphasis: bool = False
    watermark: bool = False
    artifact: str = ""


def fragments(stretches: Iterable[Stretch]) -> Iterator[Fragment]:
    """Join what runs on. A blank is no text, but a run may step over up to three of them."""
    parts: list[str] = []
    letter, begun, line, last, reach, tallest, first = "", 0.0, 0.0, 0.0, 0.0, 0.0, 0
    blanks, end = 0, 0.0
    for one in stretches:
        characters, xs, y, _, bottoms, rights, tops, _, numbers = one
        for number, (text, x, bottom, right, top) in enumerate(zip(characters, xs, bottoms, rights, tops, strict=True)):
            placed = number == 1 and last == xs[0] and end == rights[0] and not blanks
            if placed and abs(y - line) <= 0.35 * tallest and (most := _height_if_close(one)):
                # The first has its place, and so have all that follow it: most often to the end of a line.
                parts.append(characters[1:])
                letter, last, tallest = characters[-1], xs[-1], max(tallest, most)
                reach = end = rights[-1]
                break
            height = top - bottom
            height = height if height > 1.0 else 1.0
            tall = height if tallest < height else tallest
            runs_on = abs(y - line) <= 0.35 * tall and bool(parts)
            if text.isspace():
                if runs_on and -0.6 * height <= x - end <= 1.2 * height:
                    blanks, end = blanks + 1, right
                continue
            if runs_on:
                gap = x - end
                if text == letter > "\u2e80" and abs(x - last) < 0.25 * height:
                    continue  # drawn twice to look bold
                if x - last < 0.05 and shares_box(last, reach, letter, text, x, right):
                    parts.append(text)
                    letter = text
                    continue
                # The step over may be an ideographic space, as wide as the line's own characters, before a small digit.
                if -0.6 * height <= gap <= 1.2 * tall and blanks <= 3:
                    parts.append(" " + text if blanks or gap > 0.22 * height else text)
                    letter, reach, last, tallest = text, right, x, tall
                    blanks, end = 0, right
                    continue
            if parts:
                yield Fragment("".join(parts), begun, line, reach, tallest, first, last)
            parts = [text]
            letter, begun, line, last, reach, tallest, first = text, x, y, x, right, height, numbers[number]
            blanks, end = 0, right
    if parts:
        yield Fragment("".join(parts), begun, line, reach, tallest, first, last)


def _height_if_close(one: Stretch) -> float:
    """The height of the tallest character of a stretch where each runs on after the one before it, without a blank."""
    text, xs, _, _, bottoms, rights, tops, _, _ = one
    heights = list(map(sub, tops, bottoms))
    least, most = max(min(heights), 1.0), max(max(heights), 1.0)
    gaps = list(map(sub, xs[1:], rights))
    if max(gaps) > 0.22 * least or min(gaps) < -0.6 * least:
        return 0.0
    step = min(map(sub, xs[1:], xs))
    is_close = step >= 0.05 and (step >= 0.25 * most or not any(one == two > "\u2e80" for one, two in pairwise(text)))
    return most if is_close else 0.0
