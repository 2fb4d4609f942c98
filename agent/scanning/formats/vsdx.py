"""Visio drawings since 2013 (.vsdx, .vsdm, .vstx, .vssx; MS-VSDX): pages, background pages, headers, shape data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats import ooxml
from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.ooxml import MEMBER_BYTES, PART_BYTES, Package, all_text, attribute, child, local
from agent.scanning.formats.ooxml_properties import properties
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "vsdx"
MEDIA_TYPES = ("application/vnd.ms-visio.drawing",)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Pictures in the drawing are not read.",
    "Shapes of a stencil that no page uses count only where their text is a marking by itself.",
)

_PAGE = re.compile(r"(?i)^visio/pages/page\d+\.xml$")
_MASTER = re.compile(r"(?i)^visio/masters/master\d+\.xml$")
_COMMENTS = re.compile(r"(?i)^visio/comments\.xml$")
_DOCUMENT = "visio/document.xml"
_PAGES = "visio/pages/pages.xml"
_BANDS = {"Header": Zone.HEADER, "Footer": Zone.FOOTER}
_FIELD = re.compile(r"&[A-Za-z]")
"""What stands in a header for a page number, a name, a date."""
_TOP, _LEFT, _EDGE = 0.75, 0.5, 0.12
"""Shares of a page: from where up and up to where a shape is at its top left, and its margins."""
_SHORT = 40
_DEEPEST = 60
_A4 = (8.27, 11.69)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    yield from ooxml.pieces(source, reading, "visio/", _passages)


class _Sheet(msgspec.Struct, frozen=True):
    """One page by its part: its number from 1, its size in inches."""

    number: int
    width: float
    height: float


def _passages(package: Package) -> Iterator[Passage]:
    sheets = _sheets(package)
    others = [name for name in package.names(_PAGE) if name not in sheets]
    sheets |= {name: _Sheet(len(sheets) + at, *_A4) for at, name in enumerate(others, 1)}
    for name, sheet in sheets.items():
        root = package.tree(name)
        for shape, depth in () if root is None else _shapes(root, 0):
            text = _text(shape)
            if text:
                zone = _zone(shape, sheet, text) if depth == 0 else Zone.BODY
                yield Passage(zone, text, Place(page=sheet.number))
    for name in (*package.names(_MASTER), *package.names(_COMMENTS)):
        root = package.tree(name)
        for each in () if root is None else root.iter("{*}Text", "{*}CommentEntry"):
            if text := "".join(all_text(each)).strip():
                yield Passage(Zone.BODY, text, Place(part="drawing"))
    yield from _bands(package)
    yield from properties(package)


def _sheets(package: Package) -> dict[str, _Sheet]:
    """The pages in their order, by the names of their parts."""
    root = package.tree(_PAGES)
    relations = package.relations(_PAGES)
    found: dict[str, _Sheet] = {}
    for number, page in enumerate(() if root is None else root.iter("{*}Page"), 1):
        relation = child(page, "Rel")
        target = relations.get("" if relation is None else attribute(relation, "id"), "")
        if target in package.parts:
            inside = child(page, "PageSheet")
            sizes = [_cell(inside, name) or usual for name, usual in zip(("PageWidth", "PageHeight"), _A4, strict=True)]
            found[target] = _Sheet(number, *sizes)
    return found


def _shapes(container: etree._Element, depth: int) -> Iterator[tuple[etree._Element, int]]:
    """All shapes, those of groups too, and in how many groups each is."""
    for each in container:
        if local(each) == "Shapes" and depth < _DEEPEST:
            for shape in each:
                yield shape, depth
                yield from _shapes(shape, depth + 1)


def _text(shape: etree._Element) -> str:
    """The words on a shape; a soft return is a line's end too."""
    found = child(shape, "Text")
    return "" if found is None else "".join(all_text(found)).replace("\u2028", "\n").strip()


def _cell(shape: etree._Element | None, name: str) -> float:
    """A figure of a shape, in inches; 0 where its master or nobody says."""
    for each in () if shape is None else shape:
        if local(each) == "Cell" and attribute(each, "N") == name:
            try:
                figure = float(attribute(each, "V"))
            except ValueError:
                return 0.0
            return figure if abs(figure) < 1e6 else 0.0
    return 0.0


def _zone(shape: etree._Element, sheet: _Sheet, text: str) -> Zone:
    """By where a shape stands: the corner of the first page, the margins of any."""
    across, up = _cell(shape, "PinX") / max(sheet.width, 0.1), _cell(shape, "PinY") / max(sheet.height, 0.1)
    if len(text) > _SHORT or not (across or up):
        return Zone.BODY
    if sheet.number == 1 and up >= _TOP and across <= _LEFT:
        return Zone.P1_TOP_LEFT
    if up >= 1 - _EDGE:
        return Zone.HEADER
    return Zone.FOOTER if up <= _EDGE else Zone.BODY


def _bands(package: Package) -> Iterator[Passage]:
    """Headers and footers, which the document keeps for all its pages."""
    root = package.tree(_DOCUMENT)
    for each in () if root is None else root.iter("{*}HeaderFooter"):
        for band in each:
            zone = _BANDS.get(local(band)[:6])
            text = _FIELD.sub("", "".join(all_text(band))).strip()
            if zone is not None and text:
                yield Passage(zone, text, Place(part=str(zone)), pages=2)
