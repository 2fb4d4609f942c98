"""Lines that were read to passages: zones as those of a PDF page, with ``ocr`` said in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from agent.scanning.formats import pdf_layout
from agent.scanning.formats.pdf_fragments import Fragment
from agent.scanning.formats.pdf_layout import Layout
from agent.scanning.ocr.page import Line, Page
from agent.scanning.ocr.repair import Repair
from protocol.records import Place
from signatures.passages import Passage, Zone

PART = "ocr"
"""The word in a finding's place that says it was read from a picture."""
A4 = 595.0
"""Points across a page."""
PAGE_SIDE = 700
"""Pixels of the short side from which a picture is taken for a whole page."""
SCREEN_POINTS = 0.75
"""Points a pixel of a smaller picture stands for, at the usual 96 dpi."""
STAMP_LENGTH = 16
"""Characters of the longest text of a stamp."""


def passages(page: Page, number: int, repair: Repair) -> list[Passage]:
    """The passages of a page, from its lines as they stand."""
    scale = A4 / min(page.width, page.height) if min(page.width, page.height) >= PAGE_SIDE else SCREEN_POINTS
    layout = Layout(number, page.width * scale, page.height * scale)
    rows = sorted(page.lines, key=lambda line: (line.top + line.bottom) / 2)
    layout.fragments = [_fragment(line, page, scale, at, repair) for at, line in enumerate(rows)]
    found = [*pdf_layout.passages(layout, Counter()), *_stamps(rows, layout, number)]
    return [replace(one, place=replace(one.place, part=PART)) for one in found]


def _fragment(line: Line, page: Page, scale: float, at: int, repair: Repair) -> Fragment:
    height = (line.bottom - line.top) * scale
    bottom = max(0.0, page.height - line.bottom) * scale
    size = 0.75 * height  # a box is drawn wider than the type in it
    return Fragment(
        repair.of(line.text),
        max(0.0, line.left) * scale,
        bottom,
        line.right * scale,
        height,
        at,
        size=size,
        emphasis=line.red or size >= pdf_layout.LARGE,
    )


def _stamps(lines: list[Line], layout: Layout, number: int) -> Iterator[Passage]:
    """Short red texts outside the top left of page 1, where the mark itself may be red."""
    for line, fragment in zip(lines, layout.fragments, strict=True):
        corner = (
            number == 1 and layout.high(fragment) >= pdf_layout.TOP and fragment.x <= pdf_layout.LEFT * layout.width
        )
        if line.red and not corner and len(line.text) <= STAMP_LENGTH:
            yield Passage(Zone.STAMP, fragment.text, Place(page=number), emphasis=True)
