"""PowerPoint presentations before Office Open XML (.ppt, .pps, .pot, and .dps of WPS): PowerPoint 97–2003."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator

from agent.scanning.formats import metafile, ole_corners, ole_objects, ole_properties, ppt_95
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.corners import Told
from agent.scanning.formats.officeart import Record, records
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import MEMBER_BYTES
from agent.scanning.formats.ole_properties import Property
from agent.scanning.formats.ooxml_tables import passages as table_passages
from agent.scanning.formats.ppt_file import COMMENT, HEADERS_FOOTERS, STRING, Page, Presentation
from agent.scanning.formats.ppt_shapes import Grid, Shape, shapes
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "ppt"
MEDIA_TYPES = ("application/vnd.ms-powerpoint",)
STREAM_BYTES = 128 * MiB
LIMITS = {"stream bytes": STREAM_BYTES, "member bytes": MEMBER_BYTES}
LIMITATIONS = (
    "PowerPoint 4 and older are not read; of PowerPoint 95 only texts are, without headers and tables.",
    "Pictures are read (with OCR) only where the presentation has little text.",
    "Of drawings of Windows (EMF, WMF) the texts are read.",
    "Sound, film and macros in the presentation are not read.",
    "How letters are dressed (large, red) is not looked at.",
    "Slides that a later save dropped are not read, though their bytes may still be in the file.",
)

_UTF8 = frozenset({"utf-8"})
_TITLES = frozenset({0x0D, 0x0F, 0x11})
_BANDS = frozenset({0x09, 0x0A})
_NUMBERS_AND_DATES = frozenset({0x07, 0x08})
_SUBTITLE = 0x10
_PROMPTS = range(1, 7)
"""Placeholders of masters whose text only says what to type."""
_TITLE_KINDS = (0, 6)
_EDGE = 0.12
"""Share of the slide's height at its top and bottom where a short box is taken for a header or footer."""
_SHORT = 40
_LITTLE = 300


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the embedded files, and, where a rule's literal is in the text, every passage with its zone."""
    file = CompoundFile(source)
    properties = ole_properties.read_properties(file)
    stream = file.read("PowerPoint Document", limit=STREAM_BYTES)
    if ppt_95.is_one(stream):
        yield from ole_objects.members(file, reading)
        yield from ppt_95.passages(stream, reading)
        yield from ole_properties.worthy_passages(properties, reading)
        return
    try:
        deck = Presentation(stream, file.read("Current User", limit=STREAM_BYTES))
    except NotExamined as problem:
        # Old encryptions leave the properties as they are.
        yield from ole_properties.worthy_passages(properties, reading)
        if file.find("PP40") or file.find("Text_Content") or file.find("PP97_DUALSTORAGE"):
            raise NotExamined(Reason.UNSUPPORTED, "a presentation of PowerPoint 4 or older") from problem
        raise
    yield from ole_objects.members(file, reading)
    for number, record in enumerate(deck.objects, 1):
        yield from _object(deck.data, record, f"object{number}", reading)
    yield from metafile.in_records(file.beginning("Pictures", count=STREAM_BYTES), reading)
    told = Told()
    if reading.worth(_for_sieve(deck, properties), encodings=_UTF8):
        yield from told.through(_Deck(deck).passages())
        yield from told.through(ole_properties.passages(properties))
    yield from ole_corners.passages([stream], reading, told)
    if deck.damaged or file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the presentation is damaged")


def _for_sieve(deck: Presentation, properties: list[Property]) -> bytes:
    return "\n".join([*deck.texts(), *(each.value for each in properties)]).encode("utf-8", "replace")


def _object(data: bytes, record: Record, name: str, reading: Reading) -> Iterator[Member]:
    """An embedded object: a compound file, most often compressed (MS-PPT 2.10.34)."""
    raw = data[record.begin : record.end]
    try:
        if record.instance == 1:
            size = int.from_bytes(raw[:4], "little")
            if size > MEMBER_BYTES:
                raise NotExamined(Reason.TOO_LARGE, f"larger than {MEMBER_BYTES} bytes")
            reading.budget.spend(size)
            raw = zlib.decompressobj().decompress(raw[4:], size + 1)
        else:
            reading.budget.spend(len(raw))
    except NotExamined as problem:
        yield Member(name, None, len(raw), problem)
    except zlib.error:
        yield Member(name, None, len(raw), NotExamined(Reason.DAMAGED, "an embedded object is damaged"))
    else:
        yield from ole_objects.unwrapped(name, raw, reading)


class _Deck:
    """The way through one presentation."""

    def __init__(self, deck: Presentation) -> None:
        self._deck = deck
        self._repeated: dict[str, list[int]] = defaultdict(list)

    def passages(self) -> Iterator[Passage]:
        """The slides with their bands, then notes and masters."""
        deck = self._deck
        for number, page in enumerate(deck.slides, 1):
            yield from self._slide(page, number)
            for text in self._bands(page.record):
                self._repeated[text].append(number)
        for text, numbers in self._repeated.items():
            yield Passage(Zone.SLIDE_FOOTER, text, Place(slide=numbers[0]), pages=len(numbers))
        if deck.document is not None:
            for text in self._bands(deck.document):
                yield Passage(Zone.SLIDE_FOOTER, text, Place(part="master"), pages=max(1, len(deck.slides)))
        for page in deck.notes:
            yield from self._notes(page)
        for page in deck.masters:
            yield from self._master(page)

    # --- slides ------------------------------------------------------------------------------------------------

    def _slide(self, page: Page, number: int) -> Iterator[Passage]:
        place = Place(slide=number)
        found = list(shapes(self._deck, page))
        for each in found:
            if isinstance(each, Grid):
                yield from table_passages(each.rows, place)
        plain = [each for each in found if isinstance(each, Shape)]
        # Texts of the outline that no shape shows, as some writers leave them.
        plain += [Shape(text, kind) for kind, text in page.outline if text]
        little = sum(len(shape.text) for shape in plain) <= _LITTLE
        for shape in plain:
            yield from (Passage(zone, text, place) for zone, text in shape.words)
            if not shape.text or shape.placeholder in _NUMBERS_AND_DATES:
                continue
            zone = self._zone(shape, number, little=little)
            if zone is Zone.SLIDE_FOOTER:
                self._repeated[shape.text].append(number)
                continue
            yield Passage(zone, shape.text, place, emphasis=zone is Zone.TITLE)
            if number == 1 and zone is Zone.TITLE:
                yield Passage(Zone.COVER, shape.text, place, emphasis=True)
        yield from self._comments(page, place)

    def _zone(self, shape: Shape, number: int, *, little: bool) -> Zone:
        if shape.slanted and not shape.placeholder and len(shape.text) <= _SHORT:
            return Zone.WATERMARK
        if shape.placeholder in _TITLES or shape.kind in _TITLE_KINDS:
            return Zone.TITLE
        if shape.placeholder in _BANDS or (not shape.placeholder and self._at_edge(shape)):
            return Zone.SLIDE_FOOTER
        if number == 1:
            # A title slide with little on it is a cover, and what stands in boxes there is part of it.
            return Zone.COVER if little or shape.placeholder == _SUBTITLE else Zone.P1_BLOCK
        return Zone.BODY

    def _at_edge(self, shape: Shape) -> bool:
        if shape.top is None or shape.bottom is None or len(shape.text) > _SHORT:
            return False
        top, bottom = shape.top / self._deck.height, shape.bottom / self._deck.height
        return bottom <= _EDGE * 1.5 or top <= _EDGE / 2 or top >= 1 - _EDGE

    def _bands(self, whole: Record) -> Iterator[str]:
        """Headers and footers that a page or the whole document names, without the date."""
        data = self._deck.data
        for record in records(data, whole.begin, whole.end):
            if record.kind == HEADERS_FOOTERS:
                for each in records(data, record.begin, record.end):
                    if each.kind == STRING and each.instance in (1, 2) and (text := self._deck.text(each).strip()):
                        yield text

    def _comments(self, page: Page, place: Place) -> Iterator[Passage]:
        for record in self._deck.within(page.record):
            if record.kind == COMMENT:
                for each in records(self._deck.data, record.begin, record.end):
                    if each.kind == STRING and each.instance == 1 and (text := self._deck.text(each).strip()):
                        yield Passage(Zone.BODY, text, Place(slide=place.slide, part="comments"))

    # --- notes, masters ----------------------------------------------------------------------------------------

    def _notes(self, page: Page) -> Iterator[Passage]:
        for shape in shapes(self._deck, page):
            if isinstance(shape, Grid):
                yield from table_passages(shape.rows, Place(part="notes"), zone=Zone.BODY)
            elif shape.text and shape.placeholder not in _NUMBERS_AND_DATES:
                zone = Zone.SLIDE_FOOTER if shape.placeholder in _BANDS else Zone.BODY
                yield Passage(zone, shape.text, Place(part="notes"))
        for text in self._bands(page.record):
            yield Passage(Zone.SLIDE_FOOTER, text, Place(part="notes"))

    def _master(self, page: Page) -> Iterator[Passage]:
        """Shapes of a master; what placeholders prompt is no text."""
        place, count = Place(part="master"), max(2, len(self._deck.slides))
        for shape in shapes(self._deck, page):
            if isinstance(shape, Grid):
                yield from table_passages(shape.rows, place, zone=Zone.SLIDE_MASTER)
                continue
            yield from (Passage(zone, text, place, pages=count) for zone, text in shape.words)
            if shape.text and shape.placeholder not in _NUMBERS_AND_DATES and shape.placeholder not in _PROMPTS:
                yield Passage(Zone.SLIDE_MASTER, shape.text, place, pages=count)
