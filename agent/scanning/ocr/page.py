"""One page that is a picture: where to look first, which way is up, and what its lines say.

The top third is looked at first, then the bottom, then what is between: a marking stands at the head of a page, or
failing that at its foot, and who has found one need not look on. The way up is told by the first lines that are met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median
from typing import cast

import cv2
import msgspec
import numpy as np
from msgspec.structs import replace

from agent.scanning.ocr import ink
from agent.scanning.ocr.engine import Box, Engine, Pixels, cut

TOP, BOTTOM = 0.36, 0.2
"""Shares of a page's height that are looked at first and next."""
OVERLAP = 56
"""Pixels that a part is looked at beyond its edges, so that no line is cut in two."""
STAMP_OVERLAP = 120
"""The same where red ink alone is looked at: stamps are higher than lines."""
ONE_LOOK = 760
"""Pixels of height up to which a picture is looked at in one go."""
SCREEN = 640
"""Pixels of height of the parts of a strip."""
LEAST_SURE = 0.6
"""How sure the network must be of a line for it to count."""
DOUBTFUL = 0.92
"""Below this the lines of a page are tried upside down."""
TELLING = 8
"""Characters that must have been read for the way up to be settled."""
SMALLEST = 8
"""Pixels of height below which nobody can read a line."""
FAINT = 150
"""Steps of grey between paper and ink below which a picture's contrast is raised."""


class Line(msgspec.Struct, frozen=True):
    """One line that was read, where it stands on the page as one reads it, in pixels from the upper left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    sure: float
    red: bool = False


class Page(msgspec.Struct):
    """A page: its pixels the right way up, and the lines that were read so far."""

    pixels: Pixels
    lines: list[Line]
    skew: float = 0.0
    """Degrees, clockwise, by which its lines hang."""

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])


def read(engine: Engine, pixels: Pixels, *, tick: Callable[[], None], ends: bool = False) -> Iterator[Page]:
    """The page after each part that was looked at, with all lines so far. ``ends`` leaves out what is between top and
    bottom. ``tick`` is called before each dear step and may raise to end it all."""
    page = Page(_contrasted(pixels), [])
    known = False
    parts = _parts(page, ends=ends)
    while parts:
        top, bottom = parts.pop(0)
        boxes = _boxes(engine, page, top, bottom, tick)
        if boxes and not known:
            turns, letters = _turns(engine, page, boxes, tick)
            known = bool(turns) or letters >= TELLING
            if turns:
                page = Page(np.ascontiguousarray(np.rot90(page.pixels, turns)), [])
                parts = _parts(page, ends=ends)
                continue
        page.skew = _skew(boxes) if not page.lines else page.skew
        _part(engine, page, boxes, (top, bottom), tick)
        yield page


def middle(engine: Engine, page: Page, *, tick: Callable[[], None]) -> Iterator[Page]:
    """The rest of a page whose top and bottom were read, after each part of it; nothing where there is none."""
    for top, bottom in _parts(page, ends=False)[2:] if has_middle(page) else ():
        _part(engine, page, _boxes(engine, page, top, bottom, tick), (top, bottom), tick)
        yield page


def has_middle(page: Page) -> bool:
    """Whether a page was left out in part by `read` with ``ends``."""
    return len(_parts(page, ends=True)) < len(_parts(page, ends=False))


def _part(engine: Engine, page: Page, boxes: list[Box], edges: tuple[int, int], tick: Callable[[], None]) -> None:
    """Read the lines of one part, and its red ink by itself."""
    for box in boxes:
        tick()
        line = _line(engine, page, box)
        if line is not None:
            page.lines.append(line)
    _red(engine, page, *edges, tick)


def _parts(page: Page, *, ends: bool) -> list[tuple[int, int]]:
    """Upper and lower edges of the parts, in the order in which they are looked at."""
    height = page.height
    if height <= ONE_LOOK:
        return [(0, height)]
    if height > 2.2 * page.width:
        edges = [*range(0, height, SCREEN), height]
        return list(pairwise(edges))
    head, foot = round(TOP * height), round((1 - BOTTOM) * height)
    middle = [] if ends else _halves(head, foot)
    return [(0, head), (foot, height), *middle]


def _halves(top: int, bottom: int) -> list[tuple[int, int]]:
    count = max(1, math.ceil((bottom - top) / SCREEN))
    edges = [round(top + number * (bottom - top) / count) for number in range(count + 1)]
    return list(pairwise(edges))


def _boxes(engine: Engine, page: Page, top: int, bottom: int, tick: Callable[[], None]) -> list[Box]:
    """Boxes whose middle stands in this part."""
    tick()
    above, below = max(0, top - OVERLAP), min(page.height, bottom + OVERLAP)
    found = [replace(box, y=box.y + above) for box in engine.boxes(page.pixels[above:below])]
    return [box for box in found if top <= box.y < bottom and min(box.width, box.height) >= SMALLEST]


def _turns(engine: Engine, page: Page, boxes: list[Box], tick: Callable[[], None]) -> tuple[int, int]:
    """By how many quarters, counter-clockwise, the page must be turned to be read, and how many letters say so."""
    side = sum(box.upright for box in boxes) > 0.6 * len(boxes) and any(box.height > 4 * box.width for box in boxes)
    some = sorted((box for box in boxes if box.upright == side), key=lambda box: -max(box.width, box.height))[:4]
    lines = [cut(page.pixels, box) for box in some]
    tick()
    sure, letters = _surety(engine, lines)
    if not side and sure >= DOUBTFUL:
        return 0, letters
    tick()
    reverse, _ = _surety(engine, [np.ascontiguousarray(line[::-1, ::-1]) for line in lines])
    if side:
        return 1 if sure >= reverse else 3, letters
    return 2 if reverse > max(sure + 0.1, LEAST_SURE) else 0, letters


def _surety(engine: Engine, lines: list[Pixels]) -> tuple[float, int]:
    """How sure the network is of some lines on the whole, each counted by its length, and how many letters it read."""
    said = engine.read(lines)
    letters = sum(len(text) for text, _ in said)
    return (sum(len(text) * sure for text, sure in said) / letters if letters >= 2 else 0.0), letters


def _skew(boxes: list[Box]) -> float:
    """By how many degrees the page hangs, clockwise: what most of its longer lines say."""
    angles = [box.angle for box in boxes if box.width > 4 * box.height]
    return median(angles) if len(angles) >= 2 else 0.0


def _line(engine: Engine, page: Page, box: Box) -> Line | None:
    piece = cut(page.pixels, box)
    ((text, sure),) = engine.read([piece])
    if box.upright:
        # Characters below one another: laid side by side they make a line.
        ((across, surer),) = engine.read([_side_by_side(cut(page.pixels, replace(box, angle=0.0)), box)])
        if surer > sure:
            text, sure = across, surer
    red = ink.is_red(piece)
    if sure < ink.CLEAR and red:
        text, sure = max(
            (text, sure), *engine.read([ink.without_red(piece), ink.only_red(piece)]), key=lambda one: one[1]
        )
    text = text.strip()
    if not text or sure < LEAST_SURE:
        return None
    return placed(page, box, text, sure, red=red)


def placed(page: Page, box: Box, text: str, sure: float, *, red: bool) -> Line:
    """A line where it stands once the page hangs straight."""
    middle_x, middle_y = page.width / 2, page.height / 2
    turn = math.radians(-page.skew)
    x, y = box.x - middle_x, box.y - middle_y
    x, y = middle_x + x * math.cos(turn) - y * math.sin(turn), middle_y + x * math.sin(turn) + y * math.cos(turn)
    return Line(text, x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2, sure, red)


def _side_by_side(piece: Pixels, box: Box) -> Pixels:
    """A column of characters, cut out lying on its side, as a line."""
    column = np.rot90(piece, -1)
    count = max(1, min(20, round(box.height / max(box.width, 1.0) * 1.05)))
    edges = [round(number * column.shape[0] / count) for number in range(count + 1)]
    high = max(bottom - top for top, bottom in pairwise(edges))
    cells = [
        cv2.copyMakeBorder(
            np.ascontiguousarray(column[top:bottom]), 0, high - (bottom - top), 0, 0, cv2.BORDER_REPLICATE
        )
        for top, bottom in pairwise(edges)
    ]
    return np.ascontiguousarray(np.hstack(cells))


def _red(engine: Engine, page: Page, top: int, bottom: int, tick: Callable[[], None]) -> None:
    """Look at red ink by itself where it was not read: a stamp over print spoils both."""
    read_well = [
        (line.left, line.top, line.right, line.bottom) for line in page.lines if line.red and line.sure >= ink.CLEAR
    ]
    first, last = max(0, top - STAMP_OVERLAP), min(page.height, bottom + STAMP_OVERLAP)
    where = ink.unread(page.pixels[first:last], [(a, b - first, c, d - first) for a, b, c, d in read_well])
    if where is None:
        return
    tick()
    left, above, right, below = where
    piece = ink.only_red(page.pixels[first + above : first + below, left:right])
    for box in engine.boxes(piece):
        if min(box.width, box.height) < SMALLEST or not top <= box.y + first + above < bottom:
            continue
        tick()
        ((text, sure),) = engine.read([cut(piece, box)])
        if sure < ink.CLEAR or not text.strip():
            continue
        line = placed(page, replace(box, x=box.x + left, y=box.y + first + above), text.strip(), sure, red=True)
        beside = [one for one in page.lines if _same_place(one, line) and (one.red or line.text in one.text)]
        if all(one.sure < sure and line.text not in one.text for one in beside):
            page.lines.append(line)


def _same_place(one: Line, other: Line) -> bool:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    least = min(
        (one.right - one.left) * (one.bottom - one.top), (other.right - other.left) * (other.bottom - other.top)
    )
    return wide > 0 and high > 0 and wide * high > 0.4 * least


def _contrasted(pixels: Pixels) -> Pixels:
    """The same picture, with paper white and ink black where both are shades of grey."""
    grey = cv2.cvtColor(pixels[::4, ::4], cv2.COLOR_BGR2GRAY)
    shades = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    low, high = (int(np.searchsorted(shades, share * grey.size)) for share in (0.005, 0.99))
    if high - low >= FAINT or high - low < 6:
        return pixels
    steps = 255 / (high - low)
    return cast("Pixels", cv2.convertScaleAbs(np.maximum(pixels, low), alpha=steps, beta=-low * steps))
