"""Pages of a PDF as pixels, for pages that are pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium

from agent.scanning.formats.base import Drawn, NotExamined
from agent.scanning.formats.pdfium import Page
from protocol.records import Reason

DPI = 150
"""Dots an inch at which a page is drawn: enough for type of 7 points."""
LONG_SIDE = 2600
"""Pixels of the longer side at most, for pages far larger than paper."""
SHARE = 0.6
"""Share of a page from which a picture is what the page shows."""
LITTLE = 60
"""Characters below which a page's picture is what matters on it: programs for scanning put their name on each."""
_DRAWING = 20
"""Objects of a page without a picture from which it may show text drawn as outlines."""
OUTLINES = 120
"""Lines and curves of a page from which they may be letters: a Chinese character takes some fifty."""
_WHITE = 0xFFFFFFFF
_BGR = 2


def shows_more(page: Page) -> bool:
    """Whether a page with little or no text shows something to be looked at."""
    if page.picture_share() > 0.02 or int(pdfium.FPDFPage_CountObjects(page.page)) > _DRAWING:
        return True
    return outlined(page)


def outlined(page: Page) -> bool:
    """Whether so much is drawn on a page that it may be letters."""
    count = int(pdfium.FPDFPage_CountObjects(page.page))
    parts = (pdfium.FPDFPage_GetObject(page.page, number) for number in range(count))
    return _segments(parts, OUTLINES, 0) >= OUTLINES


def _segments(parts: Iterable[Any], most: int, depth: int) -> int:
    total = 0
    for part in islice(parts, most):
        kind = pdfium.FPDFPageObj_GetType(part)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            total += max(0, int(pdfium.FPDFPath_CountSegments(part)))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth <= 4:
            count = int(pdfium.FPDFFormObj_CountObjects(part))
            inner = (pdfium.FPDFFormObj_GetObject(part, number) for number in range(count))
            total += _segments(inner, most - total, depth + 1)
        if total >= most:
            return most
    return total


def drawn(page: Page) -> Drawn:
    """A page as one sees it. Raises `NotExamined` ``damaged`` where it cannot be drawn."""
    left, bottom, right, top, turned = page.box()
    width, height = (right - left, top - bottom) if turned % 2 == 0 else (top - bottom, right - left)
    scale = min(DPI / 72, LONG_SIDE / max(width, height, 1.0))
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    return rendered(page.page, across, down)


def rendered(page: Any, across: int, down: int) -> Drawn:
    """A page of PDFium in so many pixels. Raises `NotExamined` ``damaged`` where it cannot be drawn."""
    bitmap = pdfium.FPDFBitmap_CreateEx(across, down, _BGR, None, 0)
    if not bitmap:
        raise NotExamined(Reason.DAMAGED, "a page cannot be drawn")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, across, down, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, across, down, 0, pdfium.FPDF_ANNOT)
        stride = int(pdfium.FPDFBitmap_GetStride(bitmap))
        return Drawn(across, down, stride, ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * down))
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
