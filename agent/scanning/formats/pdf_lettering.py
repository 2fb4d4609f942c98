"""Large words that a PDF draws as shapes beside its text, such as the watermark an office program made of lettering.

Their outlines are laid straight and drawn anew, in black and without the text over them: that is what OCR can read.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from agent.scanning.formats.base import Drawn, NotExamined
from agent.scanning.formats.pdf_drawn import rendered
from agent.scanning.formats.pdfium import Page
from protocol.records import Reason

PAGES = 3
"""Pages of a document that are looked at: a watermark is on each, but for a cover."""
_ENDS = 10
"""Objects at the beginning and at the end of a page that are looked at: what is behind the text and what is over it."""
_OBJECT_OF = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(pdfium.FPDFPage_GetObject, ctypes.c_void_p).value or 0
)
_KIND_OF = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(pdfium.FPDFPageObj_GetType, ctypes.c_void_p).value or 0
)
"""The two calls made for objects of every page, by their handles, without what the library's own do for each."""
_SHAPED = (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_FORM)
_DEEPEST = 3
_LEAST, _MOST = 8, 8_000
"""Lines and curves of one shape from which it may be a letter, and up to which it is one rather than a drawing."""
_LETTERING = 24
"""Lines and curves of all shapes from which they may be a word."""
_SPAN = 0.3
"""Share of the page's shorter side from which a word counts as large."""
_LETTER = 24.0
"""Points of the longer side of a letter at least."""
_SLIMMEST = 40.0
"""Length over height of a word at most."""
_STOUT = 2.5
"""Length over height up to which it may be two lines."""
_HEIGHT, EDGE = 64, 40
"""Pixels of the height of a line, and of the paper around it."""
_UPRIGHT = 10
"""Degrees within which a word counts as not turned."""
_LOOKED_AT = 600
"""Points of the outlines that say how a word hangs."""

_Matrix = tuple[float, float, float, float, float, float]
_UNMOVED: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class _Shape(NamedTuple):
    """One filled shape, and how the forms around it move it."""

    part: Any
    matrix: _Matrix
    segments: int
    span: float
    """Its longer side in points."""
    look: tuple[int, ...]
    """How it is filled, and with which colour."""


class Step(NamedTuple):
    """Where an outline goes next: how, to which place, and whether it is closed there."""

    kind: int
    x: float
    y: float
    closes: bool


class Lettering(NamedTuple):
    """Shapes that may be a word, laid straight: its outlines, width and height in points, and how they are filled."""

    steps: list[Step]
    width: float
    height: float
    fill: int


def beside(page: Page) -> Lettering | None:
    """The lettering of a page that has text too; None where it has none."""
    count = pdfium.FPDFPage_CountObjects(page.page)
    numbers = range(count) if count <= 2 * _ENDS else (*range(_ENDS), *range(count - _ENDS, count))
    handle = ctypes.cast(page.page, ctypes.c_void_p).value
    objects = list(map(_OBJECT_OF, repeat(handle), numbers))
    parts = [part for part, kind in zip(objects, map(_KIND_OF, objects), strict=True) if kind in _SHAPED]
    if not parts:
        return None
    shapes = list(_shapes((ctypes.cast(part, pdfium.FPDF_PAGEOBJECT) for part in parts), _UNMOVED, 0))
    if not shapes:
        return None
    look = max(shapes, key=lambda shape: shape.span).look
    alike = [shape for shape in shapes if shape.look == look]
    if not _LETTERING <= sum(shape.segments for shape in alike) <= _MOST:
        return None
    left, bottom, right, top, _turned = page.box()
    laid = _straight([step for shape in alike for step in _steps(shape)], look[0])
    if laid is None or max(laid.width, laid.height) < _SPAN * min(right - left, top - bottom):
        return None
    return laid


def _shapes(parts: Iterable[Any], matrix: _Matrix, depth: int) -> Iterator[_Shape]:
    """Filled shapes that may be letters."""
    edges = [ctypes.c_float() for _ in range(4)]
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    for part in parts:
        kind = pdfium.FPDFPageObj_GetType(part)
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            count = min(int(pdfium.FPDFFormObj_CountObjects(part)), 2 * _ENDS)
            inner = (pdfium.FPDFFormObj_GetObject(part, number) for number in range(count))
            yield from _shapes(inner, _times(_matrix(part), matrix), depth + 1)
        if kind != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        segments = int(pdfium.FPDFPath_CountSegments(part))
        if not _LEAST <= segments <= _MOST or not pdfium.FPDFPageObj_GetBounds(part, *edges):
            continue
        x0, y0, x1, y1 = (edge.value for edge in edges)
        span = max(x1 - x0, y1 - y0) * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
        if span >= _LETTER and pdfium.FPDFPath_GetDrawMode(part, fill, stroke) and fill.value:
            yield _Shape(part, matrix, segments, span, (fill.value, *_colour(part)))


def _colour(part: Any) -> tuple[int, ...]:
    values = [ctypes.c_uint() for _ in range(4)]
    pdfium.FPDFPageObj_GetFillColor(part, *values)
    return tuple(value.value for value in values)


def _matrix(part: Any) -> _Matrix:
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(part, found):
        return _UNMOVED
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    """What moves first by ``inner``, then by ``outer``."""
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _steps(shape: _Shape) -> Iterator[Step]:
    """The outline of a shape, where it stands on the page."""
    a, b, c, d, e, f = _times(_matrix(shape.part), shape.matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    for number in range(shape.segments):
        segment = pdfium.FPDFPath_GetPathSegment(shape.part, number)
        if pdfium.FPDFPathSegment_GetPoint(segment, x, y):
            kind, closes = pdfium.FPDFPathSegment_GetType(segment), bool(pdfium.FPDFPathSegment_GetClose(segment))
            yield Step(kind, a * x.value + c * y.value + e, b * x.value + d * y.value + f, closes)


def _straight(steps: list[Step], fill: int) -> Lettering | None:
    """The word turned so that its longer side lies level, in the corner of its paper; one that stands is left so."""
    points = [(x, y) for _, x, y, _ in steps if abs(x) < 1e6 and abs(y) < 1e6]
    if len(points) < len(steps) or not points:
        return None
    some = points[:: -(-len(points) // _LOOKED_AT)]
    coarse = min(range(-45, 45, 5), key=lambda degrees: _area(some, degrees))
    turn = min(range(coarse - 4, coarse + 5), key=lambda degrees: _area(some, degrees))
    left, bottom, right, top = _bounds(some, turn)
    if right - left < top - bottom and abs(turn) > _UPRIGHT:
        turn += 90 if turn < 0 else -90
    left, bottom, right, top = _bounds(points, turn)
    width, height = right - left, top - bottom
    if min(width, height) <= 0 or max(width, height) > _SLIMMEST * min(width, height):
        return None
    turned = zip(steps, _turned(points, turn), strict=True)
    return Lettering(
        [Step(step.kind, x - left, y - bottom, step.closes) for step, (x, y) in turned], width, height, fill
    )


def _turned(points: list[tuple[float, float]], degrees: int) -> Iterator[tuple[float, float]]:
    """The points as they are once a line that rises by so many degrees lies level."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return ((x * cosine + y * sine, y * cosine - x * sine) for x, y in points)


def _bounds(points: list[tuple[float, float]], degrees: int) -> tuple[float, float, float, float]:
    across, up = zip(*_turned(points, degrees), strict=True)
    return min(across), min(up), max(across), max(up)


def _area(points: list[tuple[float, float]], degrees: int) -> float:
    left, bottom, right, top = _bounds(points, degrees)
    return (right - left) * (top - bottom)


def drawn(lettering: Lettering) -> Drawn:
    """The word as pixels. Raises `NotExamined` ``damaged`` where it cannot be drawn."""
    shorter, longer = sorted((lettering.width, lettering.height))
    scale = _HEIGHT * (2 if longer < _STOUT * shorter else 1) / shorter
    across, down = (round(side * scale) + 2 * EDGE for side in (lettering.width, lettering.height))
    document = pdfium.FPDF_CreateNewDocument()
    if not document:
        raise NotExamined(Reason.DAMAGED, "a page cannot be drawn")
    try:
        page = pdfium.FPDFPage_New(document, 0, across, down)
        try:
            pdfium.FPDFPage_InsertObject(page, _path(lettering, scale))
            return rendered(page, across, down)
        finally:
            pdfium.FPDF_ClosePage(page)
    finally:
        pdfium.FPDF_CloseDocument(document)


def _path(lettering: Lettering, scale: float) -> Any:
    """The outlines as one black shape of a page of their own."""
    places = [(EDGE + step.x * scale, EDGE + step.y * scale) for step in lettering.steps]
    path = pdfium.FPDFPageObj_CreateNewPath(*places[0])
    curve: list[float] = []
    for step, place in zip(lettering.steps, places, strict=True):
        if step.kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            curve += place
            if len(curve) == 6:
                pdfium.FPDFPath_BezierTo(path, *curve)
                curve = []
        elif step.kind == pdfium.FPDF_SEGMENT_MOVETO:
            pdfium.FPDFPath_MoveTo(path, *place)
        else:
            pdfium.FPDFPath_LineTo(path, *place)
        if step.closes:
            pdfium.FPDFPath_Close(path)
    pdfium.FPDFPath_SetDrawMode(path, lettering.fill, 0)
    pdfium.FPDFPageObj_SetFillColor(path, 0, 0, 0, 255)
    return path
