"""A workbook's stream gone through once: names of sheets, shared strings, and all text of sheets that is no cell's."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from agent.scanning.formats import xls_records as biff
from agent.scanning.formats.base import NotExamined
from agent.scanning.formats.corners import sections
from agent.scanning.formats.officeart import shape_texts
from agent.scanning.formats.ole_properties import code_page_codec, decoded
from agent.scanning.formats.xls_locks import opened as xls_opened
from agent.scanning.formats.xls_records import Joined, Record, SharedStrings, short_string
from protocol.records import Reason
from signatures.passages import Zone

STRING_CHARACTERS = 64_000_000
"""Characters of the shared strings, all together."""
_NOTE_OBJECT = 0x19
_LONGEST_NOTE = 32_768
"""Bytes of a comment before BIFF8."""
_BESIDE = frozenset(
    {biff.SCENARIO, biff.LINK_TIP, biff.CUSTOM_VIEW, biff.EXTERNAL_NAME, biff.EXTERNAL_CELLS, biff.PIVOT_TEXT}
)
_MOST_CONSTANTS = 50_000
_LABELS = frozenset({0x0004, biff.LABEL, biff.RSTRING})
_RESULTS = frozenset({0x0007, biff.STRING})


class Sheet(msgspec.Struct):
    """One sheet: where its records begin, and its text."""

    number: int | None
    begin: int
    headers: list[str] = msgspec.field(default_factory=list)
    """Headers and footers, with their codes."""
    boxes: list[str] = msgspec.field(default_factory=list)
    shapes: list[tuple[Zone, str]] = msgspec.field(default_factory=list)
    chart: list[str] = msgspec.field(default_factory=list)
    prompts: list[str] = msgspec.field(default_factory=list)
    """What data validation says to who fills in a cell."""
    labels: list[str] = msgspec.field(default_factory=list)
    """Texts of cells that are not among the shared strings, and of formulas."""
    notes: dict[int, int] = msgspec.field(default_factory=dict)
    """Of each object that is a comment, which of the comments it is."""
    comments: list[tuple[tuple[int, int] | None, str]] = msgspec.field(default_factory=list)

    @property
    def texts(self) -> Iterator[str]:
        """All of them, but for the headers."""
        yield from self.boxes
        yield from (text for _, text in self.shapes)
        yield from self.chart
        yield from self.prompts
        yield from self.labels
        yield from (text for _, text in self.comments)


class Book:
    """One workbook.

    Raises `NotExamined` where the stream does not begin as one; ``problem`` says what kept it from being read whole.
    """

    def __init__(self, stream: bytes) -> None:
        self.stream, self._lock = xls_opened(stream)
        first = next(biff.records(stream), None)
        if first is None or first.kind not in biff.STARTS or first.end - first.begin < 4:
            raise NotExamined(Reason.DAMAGED, "the workbook has no beginning")
        version = struct.unpack_from("<H", stream, first.begin)[0]
        self.version = {0x0009: 2, 0x0209: 3, 0x0409: 4}.get(first.kind, 8 if version >= 0x0600 else 5)
        self._codec = "cp1252"
        self.problem: NotExamined | None = None
        self.names: list[str] = []
        self.constants: dict[str, None] = {}
        """Strings in formulas, defined names and rules, and what number formats put around a number; each once."""
        self._drawings: list[Record] = []
        self._beside: list[Record] = []
        self.strings = SharedStrings(Joined(b"", [Record(0, 0, 0)]), 0)
        self.sheets: list[Sheet] = []
        self._starts: dict[int, int] = {}
        self._note_bytes = b""
        self._read()

    @property
    def codec(self) -> str | None:
        """The code page of texts; None where each text says whether it is wide."""
        return None if self.version == 8 else self._codec

    @property
    def drawings(self) -> bytes:
        """What drawings of all sheets share, cut into records of 8 KiB, as one."""
        return b"".join(self.stream[each.begin : each.end] for each in self._drawings)

    def _read(self) -> None:
        sheet: Sheet | None = None
        depth, object_kind, object_number = 0, 0, 0
        globals_seen = False
        waiting: list[Record] = []
        """A record that may be continued, and those that continue it."""
        for record in biff.telling_records(self.stream):
            kind = record.kind
            if kind == biff.CONTINUE:
                if waiting:
                    waiting.append(record)
                continue
            if waiting:
                self._finish(waiting, sheet, object_kind, object_number)
                waiting = []
            if kind in biff.STARTS:
                depth += 1
                if depth == 1:
                    sheet = self._start(record, globals_seen)
                    globals_seen = True
            elif kind == biff.EOF:
                depth = max(0, depth - 1)
            elif kind == biff.FILEPASS:
                if self._lock:
                    self.problem = NotExamined(Reason.ENCRYPTED, self._lock)
                    return
            elif kind in (biff.SST, biff.TXO, biff.DRAWING_GROUP):
                waiting = [record]
            elif kind == biff.OBJ and record.end - record.begin >= 8:
                object_kind, object_number = struct.unpack_from("<HH", self.stream, record.begin + 4)
            elif kind in _BESIDE:
                self._beside.append(record)
            elif sheet is None:
                self._global(record)
            elif depth == 1 or kind in (biff.SERIES_TEXT, biff.HEADER, biff.FOOTER):
                self._of_sheet(record, sheet)
        if waiting:
            self._finish(waiting, sheet, object_kind, object_number)
        if depth and not self.problem:
            self.problem = NotExamined(Reason.DAMAGED, "the workbook ends too early")

    def _start(self, record: Record, globals_seen: bool) -> Sheet | None:
        """The sheet that begins here; None where it is what all sheets share."""
        kind = struct.unpack_from("<H", self.stream, record.begin + 2)[0] if record.end - record.begin >= 4 else 0
        if not globals_seen and kind == 0x0005:
            return None
        sheet = Sheet(self._starts.get(record.begin - 4), record.begin - 4)
        if sheet.number is None and not self.names:
            sheet.number = len(self.sheets) + 1
        self.sheets.append(sheet)
        return sheet

    def _global(self, record: Record) -> None:
        data, (kind, begin, end) = self.stream, record
        if kind == biff.CODEPAGE and end - begin >= 2:
            self._codec = code_page_codec(struct.unpack_from("<H", data, begin)[0])
        elif kind == biff.BOUNDSHEET and end - begin >= 7:
            name = short_string(data, begin + 6, end, self.codec, size=1)
            self.names.append(name)
            self._starts[struct.unpack_from("<I", data, begin)[0]] = len(self.names)
        elif kind == biff.FORMAT and end - begin >= 4:
            code = short_string(data, begin + 2, end, self.codec, size=2 if self.version == 8 else 1)
            self.constants |= dict.fromkeys(sections(code))
        elif kind in (biff.DEFINED_NAME, biff.DEFINED_NAME_OLD) and end - begin >= 14:
            # Behind the head: its own name, its formula, texts for the user.
            sized = data[begin + 3 : begin + 4] + data[begin + 14 : end]
            self._constant(short_string(sized, 0, len(sized), self.codec, size=1))
            self._constants(begin + 14, end)

    def _constants(self, begin: int, end: int) -> None:
        """Keep the strings of a formula."""
        for text in biff.constants(self.stream, begin, end, self.codec):
            self._constant(text)

    def _constant(self, text: str) -> None:
        if len(text) > 1 and not text.isascii() and len(self.constants) < _MOST_CONSTANTS:
            self.constants[text] = None

    def beside(self) -> bytes:
        """The records that hold names, remarks and values kept of elsewhere, one after the other."""
        return b"\0\0".join(self.stream[begin:end] for _, begin, end in self._beside)

    def _finish(self, parts: list[Record], sheet: Sheet | None, object_kind: int, object_number: int) -> None:
        """Read a record that was continued."""
        if parts[0].kind == biff.SST:
            self.strings = SharedStrings(Joined(self.stream, parts), STRING_CHARACTERS)
            if not self.strings.whole:
                self.problem = self.problem or NotExamined(Reason.DAMAGED, "shared strings are missing")
            return
        if parts[0].kind == biff.DRAWING_GROUP:
            self._drawings += parts
            return
        begin, end = parts[0].begin, parts[0].end
        if sheet is None or len(parts) < 2 or end - begin < 12:
            return
        count = struct.unpack_from("<H", self.stream, begin + 10)[0]
        joined = Joined(self.stream, parts[1:])
        is_wide = bool(joined.take(1)[:1].strip(b"\0"))
        text = joined.characters(count, is_wide=is_wide).replace("\r", "\n").strip()
        if not text:
            return
        if object_kind == _NOTE_OBJECT:
            sheet.notes[object_number] = len(sheet.comments)
            sheet.comments.append((None, text))
        else:
            sheet.boxes.append(text)

    def _of_sheet(self, record: Record, sheet: Sheet) -> None:
        data, (kind, begin, end) = self.stream, record
        if kind in _LABELS:
            self._add(sheet.labels, self.label(record))
        elif kind in _RESULTS:
            size = 1 if kind == 0x0007 else 2
            self._add(sheet.labels, short_string(data, begin, end, self.codec, size=size))
        elif kind in (biff.HEADER, biff.FOOTER) and begin < end:
            self._add(sheet.headers, short_string(data, begin, end, self.codec, size=2 if self.version == 8 else 1))
        elif kind == biff.HEADER_FOOTER:
            self._more_headers(record, sheet)
        elif kind == biff.NOTE:
            self._note(record, sheet)
        elif kind == biff.DRAWING:
            sheet.shapes += shape_texts(data, begin, end)
        elif kind == biff.SERIES_TEXT:
            self._add(sheet.chart, short_string(data, begin + 2, end, self.codec, size=1))
        elif kind == biff.VALIDATION and self.version == 8:
            self._prompts(record, sheet)
        elif kind == biff.FORMULA:
            self._constants(begin + 20, end)
        elif kind == biff.CONDITION:
            self._constants(begin + 6, end)
        elif kind == biff.CODEPAGE and end - begin >= 2:
            # Before BIFF5 there is nothing that sheets share.
            self._codec = code_page_codec(struct.unpack_from("<H", data, begin)[0])

    def label(self, record: Record) -> str:
        """The text of a cell that holds its own."""
        _, begin, end = record
        if record.kind == 0x0004:
            return short_string(self.stream, begin + 7, end, self.codec, size=1)
        return short_string(self.stream, begin + 6, end, self.codec)

    def _more_headers(self, record: Record, sheet: Sheet) -> None:
        """Headers and footers of even and of first pages (MS-XLS 2.4.137)."""
        at = record.begin + 38
        if at > record.end:
            return
        for count in struct.unpack_from("<4H", self.stream, record.begin + 30):
            if count and at + 3 <= record.end:
                self._add(sheet.headers, short_string(self.stream, at, record.end, None))
                length = struct.unpack_from("<H", self.stream, at)[0]
                at += 3 + (length << (self.stream[at + 2] & 1))

    def _prompts(self, record: Record, sheet: Sheet) -> None:
        """Titles and texts of a rule's prompt and error (MS-XLS 2.4.90); one without a title has U+0000 for it."""
        joined = Joined(self.stream, [record])
        joined.skip(4)
        texts = [joined.string().strip("\0 \r\n") for _ in range(4)]
        self._add(sheet.prompts, "\n".join(text for text in texts if text))

    def _note(self, record: Record, sheet: Sheet) -> None:
        """The cell of a comment; before BIFF8 also its text, in parts of 2048 bytes."""
        _, begin, end = record
        if end - begin < 8 - (self.version < 8) * 2:
            return
        row, column = struct.unpack_from("<HH", self.stream, begin)
        if self.version < 8:
            raw = self.stream[begin + 6 : end]
            if row == 0xFFFF and sheet.comments:
                # A character may be cut: the whole is turned into text again, which no long comment may ask for.
                self._note_bytes = (self._note_bytes + raw)[:_LONGEST_NOTE]
                sheet.comments[-1] = (sheet.comments[-1][0], decoded(self._note_bytes, self._codec))
            else:
                self._note_bytes = raw
                sheet.comments.append(((row, column), decoded(raw, self._codec)))
            return
        which = sheet.notes.get(struct.unpack_from("<H", self.stream, begin + 6)[0])
        if which is not None:
            sheet.comments[which] = ((row, column), sheet.comments[which][1])

    @staticmethod
    def _add(texts: list[str], text: str) -> None:
        if text.strip():
            texts.append(text)
