"""Pages of a PDF as pixels, for pages that are pictures."""

from __future__ import annotations

import ctypes

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
_WHITE = 0xFFFFFFFF
_BGR = 2


def shows_more(page: Page) -> bool:
    """Whether a page with little or no text shows something to be looked at."""
    return page.picture_share() > 0.02 or int(pdfium.FPDFPage_CountObjects(page.page)) > _DRAWING


def drawn(page: Page) -> Drawn:
    """A page as one sees it. Raises `NotExamined` ``damaged`` where it cannot be drawn."""
    left, bottom, right, top, turned = page.box()
    width, height = (right - left, top - bottom) if turned % 2 == 0 else (top - bottom, right - left)
    scale = min(DPI / 72, LONG_SIDE / max(width, height, 1.0))
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    bitmap = pdfium.FPDFBitmap_CreateEx(across, down, _BGR, None, 0)
    if not bitmap:
        raise NotExamined(Reason.DAMAGED, "a page cannot be drawn")
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, across, down, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page.page, 0, 0, across, down, 0, pdfium.FPDF_ANNOT)
        stride = int(pdfium.FPDFBitmap_GetStride(bitmap))
        return Drawn(across, down, stride, ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * down))
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
