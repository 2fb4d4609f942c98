"""A PowerPoint 97–2003 file, byte by byte (MS-PPT): its live slides, masters and notes, and the texts in their order.

Each save may append: the objects a file is made of are found through the newest directory of objects, so that what
an older save left behind is not taken for text of the presentation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.base import NotExamined
from agent.scanning.formats.officeart import CONTAINER, OPTIONS, Record, all_records, records, wide, words
from protocol.records import Reason

DOCUMENT, SLIDE, NOTES, MASTER, HANDOUT = 1000, 1006, 1008, 1016, 4041
DOCUMENT_ATOM, SLIDE_PERSIST, LIST, OUTLINE_REF, TEXT_HEADER = 1001, 1011, 4080, 3998, 3999
CHARACTERS, BYTES, STRING, USER_EDIT, DIRECTORY, OBJECT = 4000, 4008, 4026, 4085, 6002, 4113
HEADERS_FOOTERS, BLOB, COMMENT, ENCRYPTION = 4057, 5003, 12000, 0x2F14
TEXTS = frozenset({CHARACTERS, BYTES, STRING})
_TELLING = TEXTS | OPTIONS
_KINDS = {SLIDE, NOTES, MASTER, HANDOUT}
_ENCRYPTED = 0xF3D1C4DF
_HEIGHT = 4_320
"""Master units (1/576 inch) of a slide's height where the file does not tell."""


class Page(msgspec.Struct):
    """A slide, a master or notes: its record, and the texts of its placeholders that lie in the outline."""

    record: Record
    outline: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Kind of text (`TEXT_HEADER`) and text."""


class Presentation:
    """The pages of one file. Raises `NotExamined` where there are none to be had."""

    def __init__(self, data: bytes, current_user: bytes) -> None:
        self.data = data
        self.damaged = False
        if len(current_user) >= 16 and struct.unpack_from("<I", current_user, 12)[0] == _ENCRYPTED:
            raise NotExamined(Reason.ENCRYPTED)
        self._top = {record.begin - 8: record for record in records(data, 0, len(data))}
        if any(record.kind == ENCRYPTION for record in self._top.values()):
            raise NotExamined(Reason.ENCRYPTED)
        self._live, document = self._directory(current_user)
        self.document = document or next((each for each in self._top.values() if each.kind == DOCUMENT), None)
        if self.document is None:
            raise NotExamined(Reason.DAMAGED, "the presentation has no document record")
        self.height = _HEIGHT
        self.slides: list[Page] = []
        self.masters: list[Page] = []
        self.notes: list[Page] = []
        self._lists(self.document)
        if not self.slides and not self.masters:
            self._all_pages()

    @property
    def objects(self) -> list[Record]:
        """Embedded objects."""
        return [record for record in self._top.values() if record.kind == OBJECT]

    def texts(self) -> Iterator[str]:
        """The texts of all that is live, for the sieve."""
        pages = [page.record for page in (*self.slides, *self.masters, *self.notes)]
        for whole in (self.document, *pages):
            for record in () if whole is None else self.within(whole, _TELLING):
                if record.kind in TEXTS:
                    yield self.text(record)
                elif record.kind in OPTIONS:
                    yield from (text for _, text in words(self.data, record))

    def within(self, whole: Record, kinds: frozenset[int] | None = None) -> Iterator[Record]:
        """All records of a page, or those of some ``kinds``, those in extensions of later versions too."""
        wanted = None if kinds is None else kinds | {BLOB}
        for record in all_records(self.data, whole.begin, whole.end, kinds=wanted):
            yield record
            if record.kind == BLOB and record.version != CONTAINER:
                yield from all_records(self.data, record.begin, record.end, kinds=kinds)

    def text(self, record: Record) -> str:
        """The text of a record that has one."""
        raw = self.data[record.begin : record.end]
        text = raw.decode("latin-1") if record.kind == BYTES else wide(raw)
        return text.replace("\r", "\n").replace("\v", "\n")

    # --- what is live ------------------------------------------------------------------------------------------

    def _directory(self, current_user: bytes) -> tuple[dict[int, int], Record | None]:
        """Where each object lies by its number, and the record of the document."""
        at = struct.unpack_from("<I", current_user, 16)[0] if len(current_user) >= 20 else 0
        live: dict[int, int] = {}
        document = 0
        seen: set[int] = set()
        while at not in seen and (edit := self._top.get(at)) is not None and edit.kind == USER_EDIT:
            seen.add(at)
            if edit.end - edit.begin < 20:
                break
            before, directory, number = struct.unpack_from("<III", self.data, edit.begin + 8)
            document = document or number
            if edit.end - edit.begin >= 32 and struct.unpack_from("<I", self.data, edit.begin + 28)[0]:
                raise NotExamined(Reason.ENCRYPTED)
            for identifier, offset in self._entries(directory):
                live.setdefault(identifier, offset)
            at = before
        found = self._top.get(live.get(document, -1))
        return live, found if found is not None and found.kind == DOCUMENT else None

    def _entries(self, directory: int) -> Iterator[tuple[int, int]]:
        record = self._top.get(directory)
        if record is None or record.kind != DIRECTORY:
            self.damaged = True
            return
        at = record.begin
        while at + 4 <= record.end:
            first = struct.unpack_from("<I", self.data, at)[0]
            number, count = first & 0xFFFFF, first >> 20
            count = min(count, (record.end - at - 4) // 4)
            for step, offset in enumerate(struct.unpack_from(f"<{count}I", self.data, at + 4)):
                yield number + step, offset
            at += 4 + 4 * count

    def _lists(self, document: Record) -> None:
        """The slides, masters and notes that the document names, each with its texts of the outline."""
        lists = {0: self.slides, 1: self.masters, 2: self.notes}
        for record in records(self.data, document.begin, document.end):
            if record.kind == DOCUMENT_ATOM and record.end - record.begin >= 8:
                height = struct.unpack_from("<i", self.data, record.begin + 4)[0]
                self.height = height if height > 0 else _HEIGHT
            elif record.kind == LIST and record.instance in lists:
                self._list(record, lists[record.instance])

    def _list(self, whole: Record, pages: list[Page]) -> None:
        page: Page | None = None
        named: set[int] = set()
        kind = 0
        for record in records(self.data, whole.begin, whole.end):
            if record.kind == SLIDE_PERSIST and record.end - record.begin >= 4:
                number = struct.unpack_from("<I", self.data, record.begin)[0]
                found = self._top.get(self._live.get(number, -1))
                page = None
                if found is not None and found.begin in named:
                    continue
                if found is not None and found.kind in _KINDS:
                    named.add(found.begin)
                    page = Page(found)
                    pages.append(page)
                else:
                    self.damaged = True
            elif record.kind == TEXT_HEADER and record.end - record.begin >= 4:
                kind = struct.unpack_from("<I", self.data, record.begin)[0]
                if page is not None:
                    page.outline.append((kind, ""))
            elif record.kind in TEXTS and page is not None and page.outline:
                page.outline[-1] = (kind, self.text(record))

    def _all_pages(self) -> None:
        """Where the directory of objects is lost: every page there ever was."""
        for record in self._top.values():
            if record.kind == SLIDE:
                self.slides.append(Page(record))
            elif record.kind == MASTER:
                self.masters.append(Page(record))
            elif record.kind == NOTES:
                self.notes.append(Page(record))
        self.damaged |= not self.slides
