"""Presentations and drawings of OpenDocument: slides, their footers, notes, and the masters behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from lxml import etree

from agent.scanning.formats import docx_front
from agent.scanning.formats.docx_paragraphs import Paragraph
from agent.scanning.formats.odf_styles import StyleSheet, points
from agent.scanning.formats.odf_text import Reader
from agent.scanning.formats.ooxml import all_text, attribute, local
from agent.scanning.formats.ooxml_tables import passages as table_passages
from protocol.records import Place
from signatures.passages import Passage, Zone

_EDGE = 0.12
"""Share of the slide's height at its top and bottom where a short box is taken for a header or footer."""
_SHORT = 40
_LITTLE = 300
_HEIGHT = 540.0
"""Points of a slide's height where the masters do not tell."""
_BANDS = frozenset({"footer", "header"})
_FILLED_IN = frozenset({"date-time", "page-number", "page"})
_DEEPEST = 50


class _Shape(msgspec.Struct):
    """One shape with text: what it is for (empty for a box of its own), what it says, where it stands."""

    role: str
    paragraph: Paragraph
    text: str
    top: float | None
    """Points above it; None where it does not tell."""
    bottom: float | None
    tables: bool = False


def passages(
    body: etree._Element,
    masters: etree._Element | None,
    styles: etree._Element | None,
    sheet: StyleSheet,
    master_sheet: StyleSheet,
) -> Iterator[Passage]:
    """The passages of all slides, then of footers, notes and of the masters that slides use."""
    slides = [each for each in body if local(each) == "page"]
    used = {attribute(each, "master-page-name") for each in slides}
    yield from _Slides(slides, sheet, _heights(masters, styles)).passages()
    yield from _declared(body, slides)
    for master in () if masters is None else masters:
        if local(master) == "master-page" and (attribute(master, "name") in used or not slides):
            yield from _master(master, master_sheet, max(2, len(slides)))


def _heights(masters: etree._Element | None, styles: etree._Element | None) -> dict[str, float]:
    """The height of the pages of each master, in points."""
    layouts: dict[str, float] = {}
    for layout in () if styles is None else styles.iter("{*}page-layout", "{*}page-master"):
        properties = next((each for each in layout if local(each).endswith("properties")), None)
        height = None if properties is None else points(attribute(properties, "page-height"))
        if height:
            layouts[attribute(layout, "name")] = height
    return {
        attribute(master, "name"): layouts.get(attribute(master, "page-layout-name"), _HEIGHT)
        for master in (() if masters is None else masters)
        if local(master) == "master-page"
    }


class _Slides:
    def __init__(self, slides: list[etree._Element], sheet: StyleSheet, heights: dict[str, float]) -> None:
        self._slides = slides
        self._reader = Reader(sheet)
        self._heights = heights

    def passages(self) -> Iterator[Passage]:
        """The slides with what their masters repeat on them, then notes and masters."""
        repeated: dict[str, list[int]] = defaultdict(list)
        for number, slide in enumerate(self._slides, 1):
            yield from self._slide(slide, number, repeated)
        for text, numbers in repeated.items():
            yield Passage(Zone.SLIDE_FOOTER, text, Place(slide=numbers[0]), pages=len(numbers))
        for part, note in self._reader.notes:
            lines = [self._reader.paragraph(each).text for each in self._reader.blocks(note)]
            if text := "\n".join(line for line in lines if line):
                yield Passage(Zone.BODY, text, Place(part=part))

    def _slide(self, slide: etree._Element, number: int, repeated: dict[str, list[int]]) -> Iterator[Passage]:
        place = Place(slide=number)
        height = self._heights.get(attribute(slide, "master-page-name"), _HEIGHT)
        shapes = list(_shapes(slide, self._reader))
        little = sum(len(shape.text) for shape in shapes) <= _LITTLE
        for shape in shapes:
            zone = _zone(shape, number, height, little=little)
            yield from _loose(shape, zone, place)
            if zone is Zone.SLIDE_FOOTER:
                repeated[shape.text].append(number)
            elif shape.text:
                yield Passage(zone, shape.text, place, emphasis=_emphasis(shape))
                if number == 1 and zone is Zone.TITLE:
                    yield Passage(Zone.COVER, shape.text, place, emphasis=True)
        for each in slide:
            if local(each) == "annotation":
                self._reader.notes.append(("comments", each))
            elif local(each) == "notes":
                for shape in _shapes(each, self._reader):
                    if shape.text:
                        notes_zone = Zone.SLIDE_FOOTER if shape.role in _BANDS else Zone.BODY
                        yield Passage(notes_zone, shape.text, Place(part="notes"))


def _zone(shape: _Shape, number: int, height: float, *, little: bool) -> Zone:
    if shape.role == "title":
        return Zone.TITLE
    if shape.role in _BANDS or (shape.text and not shape.role and _at_edge(shape, height)):
        return Zone.SLIDE_FOOTER
    if number == 1:
        # A title slide with little on it is a cover, and what stands in boxes there is part of it.
        return Zone.COVER if little or shape.role == "subtitle" else Zone.P1_BLOCK
    return Zone.BODY


def _at_edge(shape: _Shape, height: float) -> bool:
    if shape.top is None or shape.bottom is None or len(shape.text) > _SHORT:
        return False
    top, bottom = shape.top / height, shape.bottom / height
    return bottom <= _EDGE * 1.5 or top <= _EDGE / 2 or top >= 1 - _EDGE


def _emphasis(shape: _Shape) -> bool:
    return any(box.emphasis for box in shape.paragraph.boxes)


def _loose(shape: _Shape, zone: Zone, place: Place) -> Iterator[Passage]:
    """Lettering, alternative texts, struck text and fields of the tables of one shape."""
    for box in shape.paragraph.boxes:
        if box.watermark and (text := docx_front.split_at_tabs(box.text)):
            yield Passage(Zone.WATERMARK, text, place)
        for rows in box.tables:
            yield from table_passages(rows, place)
        for inner in box.paragraphs:
            if inner.struck:
                yield Passage(zone, inner.struck, place, struck=True)
    for word in shape.paragraph.descriptions:
        yield Passage(Zone.CAPTION, word, place)


def _shapes(container: etree._Element, reader: Reader, depth: int = 0) -> Iterator[_Shape]:
    """The shapes of a page, through groups."""
    for each in container:
        name = local(each)
        if name in ("g", "a") and depth < _DEEPEST:
            yield from _shapes(each, reader, depth + 1)
            continue
        role = attribute(each, "class")
        if name in ("p", "annotation", "notes", "forms", "animations", "par") or role in _FILLED_IN:
            continue
        paragraph = reader.paragraph(each)
        lines = [line for box in paragraph.boxes if not box.watermark for one in box.paragraphs if (line := one.text)]
        if paragraph.boxes or paragraph.descriptions:
            top, height = _vertical(each)
            bottom = None if top is None or height is None else top + height
            yield _Shape("" if role == "graphic" else role, paragraph, "\n".join(lines), top, bottom)


def _vertical(shape: etree._Element) -> tuple[float | None, float | None]:
    """Top and height of a shape, in points. A turned one does not tell."""
    if attribute(shape, "transform"):
        return None, None
    return points(attribute(shape, "y")), points(attribute(shape, "height"))


def _declared(body: etree._Element, slides: list[etree._Element]) -> Iterator[Passage]:
    """Headers and footers that are declared once and shown by the slides that name them."""
    for each in body:
        name = local(each)
        if name not in ("footer-decl", "header-decl"):
            continue
        text = "".join(all_text(each)).strip()
        use = "use-footer-name" if name == "footer-decl" else "use-header-name"
        shown = sum(attribute(slide, use) == attribute(each, "name") for slide in slides)
        if text:
            yield Passage(Zone.SLIDE_FOOTER, text, Place(part="footer"), pages=max(1, shown))


def _master(master: etree._Element, sheet: StyleSheet, pages: int) -> Iterator[Passage]:
    """Shapes of one master; what its placeholders for title and text prompt is no text."""
    place = Place(part="master")
    for shape in _shapes(master, Reader(sheet)):
        if shape.role and shape.role not in _BANDS:
            continue
        for passage in _loose(shape, Zone.SLIDE_MASTER, place):
            yield Passage(
                Zone.SLIDE_MASTER if passage.zone is Zone.CELL else passage.zone,
                passage.text,
                place,
                pages=pages,
                struck=passage.struck,
            )
        if shape.text:
            yield Passage(Zone.SLIDE_MASTER, shape.text, place, pages=pages, emphasis=_emphasis(shape))
