"""PowerPoint presentations in Office Open XML (.pptx, .pptm, .ppsx, .potx), transitional and strict."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats import ooxml
from agent.scanning.formats.base import Piece, Reading, Source
from agent.scanning.formats.ooxml import MEMBER_BYTES, PART_BYTES, Package, attribute, child, local
from agent.scanning.formats.ooxml_drawing import Body, is_turned, read_body, text_bodies
from agent.scanning.formats.ooxml_properties import properties
from agent.scanning.formats.ooxml_tables import Cell, filled
from agent.scanning.formats.ooxml_tables import passages as table_passages
from protocol.records import Place
from signatures.passages import Passage, Zone

NAME = "pptx"
MEDIA_TYPES = (
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.presentationml.template",
    "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    "application/vnd.ms-powerpoint.template.macroEnabled.12",
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
)
LIMITS = {"part bytes": PART_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "Forms of macros are not read.",
    "Pictures, sound and film in the presentation are not read.",
    "Layouts and masters that no slide uses count only where a text of theirs is a marking by itself.",
)

_SLIDE = re.compile(r"(?i)^ppt/slides/[^/]+\.xml$")
_NOTES = re.compile(r"(?i)^ppt/notesslides/[^/]+\.xml$")
_MASTERS = re.compile(r"(?i)^ppt/(?:slidemasters|slidelayouts|notesmasters|handoutmasters)/[^/]+\.xml$")
_OTHERS = re.compile(r"(?i)^ppt/(?:comments|charts|diagrams|drawings)/[^/]+\.(?:xml|vml)$")
_TITLES = frozenset({"title", "ctrTitle"})
_BANDS = frozenset({"ftr", "hdr"})
_FILLED_IN = frozenset({"dt", "sldNum"})
_WITHOUT_SHAPES = frozenset(
    {"txBody", "spPr", "grpSpPr", "style", "cNvSpPr", "nvPr", "bg", "txStyles", "sldLayoutIdLst"}
    | {"timing", "transition", "extLst"}
)
"""Elements that hold neither shapes nor tables nor alternative texts: how things look and move."""
_EDGE = 0.12
"""Share of the slide's height at its top and bottom where a short box is taken for a header or footer."""
_SHORT = 40
_LITTLE = 300
_HALF = 70_000
"""Thousandths of a percent of opacity, below which letters are meant to be seen through."""
_HEIGHT = 6_858_000
"""English metric units of a slide's height where the presentation does not tell."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    yield from ooxml.pieces(source, reading, "ppt/", lambda package: _Presentation(package).passages())


class _Shape(msgspec.Struct):
    """One shape with text: what placeholder it fills (empty for a box of its own), where it stands."""

    placeholder: str
    body: Body
    top: float | None
    """Share of the slide's height above it; None where its layout says."""
    bottom: float | None
    watermark: bool = False
    """Whether it is slanted, lettering, half transparent or called a watermark: PowerPoint has no other."""


class _Presentation:
    """The way through one package."""

    def __init__(self, package: Package) -> None:
        self._package = package
        root = package.tree("ppt/presentation.xml")
        size = None if root is None else child(root, "sldSz")
        height = "" if size is None else attribute(size, "cy")
        self._height = int(height) if height.isdecimal() and int(height) > 0 else _HEIGHT
        self._slides = self._in_order(root)

    def _in_order(self, root: etree._Element | None) -> list[str]:
        names = self._package.names(_SLIDE)
        relations = self._package.relations("ppt/presentation.xml")
        # A slide has two ids, its own and the relation's; the relation's is the one that leads somewhere.
        ordered = dict.fromkeys(
            part
            for each in (() if root is None else root.iter("{*}sldId"))
            for value in each.attrib.values()
            if (part := relations.get(str(value), "")) in self._package.parts
        )
        return [*ordered, *(name for name in names if name not in ordered)]

    def passages(self) -> Iterator[Passage]:
        """The slides with their bands, then notes, masters, charts, comments and properties."""
        used: set[str] = set()
        repeated: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self._slides, 1):
            root = self._package.tree(name)
            if root is None:
                continue
            used |= set(self._package.relations(name).values())
            yield from self._slide(root, number, repeated)
        for text, numbers in repeated.items():
            yield Passage(Zone.SLIDE_FOOTER, text, Place(slide=numbers[0]), pages=len(numbers))
        yield from self._notes()
        yield from self._masters(used)
        for name in self._package.names(_OTHERS):
            root = self._package.tree(name)
            if root is not None:
                yield from text_bodies(root, Zone.BODY, Place(part=_part_word(name)))
                yield from _comment_texts(root)
        yield from properties(self._package)

    # --- slides ------------------------------------------------------------------------------------------------

    def _slide(self, root: etree._Element, number: int, repeated: dict[str, list[int]]) -> Iterator[Passage]:
        place = Place(slide=number)
        shapes: list[_Shape] = []
        for each in _elements(root):
            if local(each) == "tbl":
                yield from table_passages(_table(each), place)
            elif local(each) in ("cNvPr", "docPr"):
                for word in (attribute(each, "title"), attribute(each, "descr")):
                    if word.strip():
                        yield Passage(Zone.CAPTION, word, place)
            elif (shape := self._shape(each)) is not None:
                shapes.append(shape)
        little = sum(len(shape.body.text) for shape in shapes) <= _LITTLE
        for shape in shapes:
            zone = self._zone(shape, number, little=little)
            if zone is Zone.SLIDE_FOOTER:
                repeated[shape.body.text].append(number)
            elif shape.body.text:
                yield Passage(zone, shape.body.text, place, emphasis=shape.body.emphasis)
                if number == 1 and zone is Zone.TITLE:
                    yield Passage(Zone.COVER, shape.body.text, place, emphasis=True)
            if shape.body.struck:
                yield Passage(zone, shape.body.struck, place, struck=True)

    def _zone(self, shape: _Shape, number: int, *, little: bool) -> Zone:
        if shape.watermark:
            return Zone.WATERMARK
        if shape.placeholder in _TITLES:
            return Zone.TITLE
        if shape.placeholder in _BANDS or (shape.body.text and not shape.placeholder and self._at_edge(shape)):
            return Zone.SLIDE_FOOTER
        if number == 1:
            # A title slide with little on it is a cover, and what stands in boxes there is part of it.
            return Zone.COVER if little or shape.placeholder == "subTitle" else Zone.P1_BLOCK
        return Zone.BODY

    @staticmethod
    def _at_edge(shape: _Shape) -> bool:
        if shape.top is None or shape.bottom is None or len(shape.body.text) > _SHORT:
            return False
        return shape.bottom <= _EDGE * 1.5 or shape.top <= _EDGE / 2 or shape.top >= 1 - _EDGE

    def _shape(self, element: etree._Element) -> _Shape | None:
        body = child(element, "txBody")
        if body is None:
            return None
        placeholder = _placeholder(element)
        if placeholder in _FILLED_IN:
            return None
        read = read_body(body)
        if not read.text and not read.struck:
            return None
        watermark = not placeholder and len(read.text) <= _SHORT and _is_watermark(element, body)
        top, height = _vertical(element)
        if top is None or height is None:
            return _Shape(placeholder, read, None, None, watermark)
        return _Shape(placeholder, read, top / self._height, (top + height) / self._height, watermark)

    # --- notes, masters ----------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[Passage]:
        for name in self._package.names(_NOTES):
            root = self._package.tree(name)
            for each in () if root is None else _elements(root):
                shape = self._shape(each)
                if shape is not None and shape.body.text:
                    zone = Zone.SLIDE_FOOTER if shape.placeholder in _BANDS else Zone.BODY
                    yield Passage(zone, shape.body.text, Place(part="notes"))

    def _masters(self, used: set[str]) -> Iterator[Passage]:
        """Shapes of the layouts and masters behind the slides; what placeholders prompt is no text."""
        behind = {master for name in used for master in self._package.relations(name).values()} | used
        known = any(name in behind for name in self._package.names(_MASTERS))
        for name in self._package.names(_MASTERS):
            if known and name not in behind:
                continue
            root = self._package.tree(name)
            for each in () if root is None else _elements(root):
                if local(each) == "tbl":
                    yield from table_passages(_table(each), Place(part="master"), zone=Zone.SLIDE_MASTER)
                    continue
                shape = self._shape(each)
                if shape is not None and shape.body.text and shape.placeholder in ("", "ftr", "hdr"):
                    yield Passage(
                        Zone.SLIDE_MASTER,
                        shape.body.text,
                        Place(part="master"),
                        pages=max(2, len(self._slides)),
                        emphasis=shape.body.emphasis,
                    )


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    """Shapes, tables and alternative texts of a slide, through groups; of two alternatives the first."""
    for each in root:
        name = local(each)
        if name in _WITHOUT_SHAPES:
            continue
        if name in ("sp", "cxnSp"):
            yield each
        if name in ("tbl", "cNvPr", "docPr"):
            yield each
        elif name == "AlternateContent":
            choice = child(each, "Choice")
            yield from _elements(each if choice is None or len(choice) == 0 else choice)
        else:
            yield from _elements(each)


def _placeholder(shape: etree._Element) -> str:
    """The type of placeholder a shape fills (``body`` where it names none); empty for a shape of its own."""
    for properties_name in ("nvSpPr", "nvCxnSpPr"):
        found = child(shape, properties_name, "nvPr", "ph")
        if found is not None:
            return attribute(found, "type") or "body"
    return ""


def _is_watermark(shape: etree._Element, body: etree._Element) -> bool:
    """Whether a shape of its own hangs over the slide: slanted, bent lettering, half transparent, or called so."""
    named = child(shape, "nvSpPr", "cNvPr")
    name = "" if named is None else attribute(named, "name").lower()
    if "watermark" in name or "水印" in name:
        return True
    if is_turned(shape):
        return True
    for each in body.iter("{*}prstTxWarp", "{*}alpha"):
        if local(each) == "prstTxWarp" and attribute(each, "prst") not in ("", "textNoShape"):
            return True
        if local(each) == "alpha" and (opaque := attribute(each, "val")).isdecimal() and int(opaque) <= _HALF:
            return True
    return False


def _vertical(shape: etree._Element) -> tuple[int | None, int | None]:
    """Top and height of a shape, or of the outermost group it is in."""
    transform = child(shape, "spPr", "xfrm")
    for ancestor in shape.iterancestors():
        if local(ancestor) == "grpSp":
            transform = child(ancestor, "grpSpPr", "xfrm")
    if transform is None:
        return None, None
    offset, extent = child(transform, "off"), child(transform, "ext")
    top = "" if offset is None else attribute(offset, "y")
    height = "" if extent is None else attribute(extent, "cy")
    try:
        return int(top), int(height)
    except ValueError:
        return None, None


def _table(table: etree._Element) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for row in table:
        if local(row) == "tr":
            cells = []
            for column, cell in enumerate(each for each in row if local(each) == "tc"):
                body = child(cell, "txBody")
                if body is not None:
                    read = read_body(body)
                    cells.append(Cell(read.text, column, None, read.emphasis))
            rows.append(filled(cells))
    return [row for row in rows if row]


def _comment_texts(root: etree._Element) -> Iterator[Passage]:
    for each in root.iter("{*}text"):
        if (each.text or "").strip():
            yield Passage(Zone.BODY, each.text or "", Place(part="comments"))


def _part_word(name: str) -> str:
    """A fixed word for the folder a part lies in."""
    folder = name.split("/")[1].lower()
    return {"comments": "comments", "charts": "chart", "diagrams": "diagram"}.get(folder, "drawing")
