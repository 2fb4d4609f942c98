"""Records and strings of Excel workbooks before Office Open XML: BIFF8 (97–2003), BIFF5/7 (5.0, 95), BIFF2–4."""

from __future__ import annotations

import re
import struct
from array import array
from codecs import utf_16_le_decode
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from agent.scanning.formats.officeart import wide
from agent.scanning.formats.ole_properties import decoded

BOF, EOF, FILEPASS, CODEPAGE, BOUNDSHEET, SST, CONTINUE = 0x0809, 0x0A, 0x2F, 0x42, 0x85, 0xFC, 0x3C
LABELSST, LABEL, RSTRING, FORMULA, STRING, HEADER, FOOTER = 0xFD, 0x0204, 0xD6, 0x06, 0x0207, 0x14, 0x15
NUMBER, RK, MULRK, NOTE, TXO, DRAWING, DRAWING_GROUP = 0x0203, 0x027E, 0xBD, 0x1C, 0x01B6, 0xEC, 0xEB
HEADER_FOOTER, SERIES_TEXT, OBJ, VALIDATION = 0x089C, 0x100D, 0x5D, 0x01BE
SCENARIO, LINK_TIP, CUSTOM_VIEW, EXTERNAL_NAME, EXTERNAL_CELLS, PIVOT_TEXT = 0xAF, 0x0800, 0x01A9, 0x23, 0x5A, 0xCD
FORMAT, DEFINED_NAME, DEFINED_NAME_OLD, CONDITION = 0x041E, 0x18, 0x0218, 0x01B1
STARTS = frozenset({0x0009, 0x0209, 0x0409, BOF})
"""Records that begin a stretch: workbook, sheet, chart. Older versions have numbers of their own for the same."""


_WITHOUT_TEXT = re.compile(
    rb"(?s:(?:\xfd\x00\x0a\x00.{10}|\x7e\x02\x0a\x00.{10}|\x03\x02\x0e\x00.{14}|\x01\x02\x06\x00.{6}|\x08\x02\x10\x00.{16})++)"
)
"""Records in a row that hold no text: shared strings by their numbers, numbers, empty cells, heights of rows."""
_STRING_HEAD = struct.Struct("<HB").unpack_from


class Record(NamedTuple):
    """One record: its number, and where its contents begin and end."""

    kind: int
    begin: int
    end: int


def records(data: bytes, at: int = 0) -> Iterator[Record]:
    """The records of a stream from a place on, in order; the last ends with the stream, whatever it says."""
    size = len(data)
    head = struct.Struct("<HH").unpack_from
    while at + 4 <= size:
        kind, length = head(data, at)
        begin = at + 4
        at = begin + length
        yield Record(kind, begin, at if at <= size else size)


def drawing_group(stream: bytes) -> bytes:
    """The records of drawings that all sheets share: cut into records of 8 KiB; those that go on may say so or not."""
    parts, joined = list[memoryview](), False
    for record in records(stream):
        joined = record.kind == DRAWING_GROUP or (joined and record.kind == CONTINUE)
        if joined:
            parts.append(memoryview(stream)[record.begin : record.end])
    return b"".join(parts)


def telling_records(data: bytes) -> Iterator[Record]:
    """The same, but of several in a row that hold no text only the first: nearly all of a sheet are such."""
    size = len(data)
    head = struct.Struct("<HH").unpack_from
    at = 0
    while at + 4 <= size:
        kind, length = head(data, at)
        begin = at + 4
        at = begin + length
        yield Record(kind, begin, at if at <= size else size)
        if silent := _WITHOUT_TEXT.match(data, at):
            kind, length = head(data, at)
            yield Record(kind, at + 4, at + 4 + length)
            at = silent.end()


class Joined:
    """A record and those that continue it, as one: strings may be cut at any character.

    Where a string is cut, its next part begins with a byte of its own that says whether it is wide (MS-XLS 2.5.293).
    """

    def __init__(self, data: bytes, parts: list[Record]) -> None:
        self._data = data
        self._parts = parts
        self._index = 0
        self._at = parts[0].begin

    @property
    def exhausted(self) -> bool:
        """Whether all has been read."""
        return self._index >= len(self._parts)

    def take(self, count: int) -> bytes:
        """The next bytes, over the ends of records; fewer where there are no more."""
        found: list[bytes] = []
        while count > 0 and not self.exhausted:
            end = self._parts[self._index].end
            raw = self._data[self._at : min(self._at + count, end)]
            found.append(raw)
            count -= len(raw)
            self._at += len(raw)
            if self._at >= end:
                self._next()
        return b"".join(found)

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        while count > 0 and not self.exhausted:
            step = min(count, self._parts[self._index].end - self._at)
            count -= step
            self._at += step
            if self._at >= self._parts[self._index].end:
                self._next()

    def characters(self, count: int, *, is_wide: bool) -> str:
        """The next characters, each part of them as wide as it says."""
        found: list[str] = []
        while count > 0 and not self.exhausted:
            end = self._parts[self._index].end
            width = 2 if is_wide else 1
            size = min(count, (end - self._at) // width)
            raw = self._data[self._at : self._at + size * width]
            found.append(wide(raw) if is_wide else raw.decode("latin-1"))
            count -= size
            self._at += size * width
            if self._at + width > end:
                self._next()
                if count > 0 and not self.exhausted:
                    is_wide = bool(self.take(1)[:1].strip(b"\0"))
        return "".join(found)

    def plain_strings(self, most: int) -> list[str]:
        """The next strings that lie whole in this record and have no runs, as nearly all do; none where none does."""
        found: list[str] = []
        if self.exhausted:
            return found
        data, at, end = self._data, self._at, self._parts[self._index].end
        while len(found) < most and at + 3 <= end:
            count, flags = _STRING_HEAD(data, at)
            last = at + 3 + (count << (flags & 1))
            if flags & 0x0C or last >= end:
                break
            raw = data[at + 3 : last]
            found.append(utf_16_le_decode(raw, "replace", True)[0] if flags & 1 else raw.decode("latin-1"))
            at = last
        self._at = at
        return found

    def string(self) -> str:
        """A string with its length, its runs of formats and its reading passed over (XLUnicodeRichExtendedString)."""
        head = self.take(3)
        if len(head) < 3:
            return ""
        count, flags = struct.unpack("<HB", head)
        runs = int.from_bytes(self.take(2), "little") if flags & 8 else 0
        extra = int.from_bytes(self.take(4), "little") if flags & 4 else 0
        text = self.characters(count, is_wide=bool(flags & 1))
        self.skip(4 * runs + extra)
        return text

    def _next(self) -> None:
        self._index += 1
        if not self.exhausted:
            self._at = self._parts[self._index].begin


class SharedStrings:
    """The strings of a workbook by number, kept as one text: a list of small ones would take several times as much."""

    def __init__(self, joined: Joined, most: int) -> None:
        joined.skip(4)
        count = int.from_bytes(joined.take(4), "little")
        parts: list[str] = []
        self._ends = array("L")
        length = 0
        while len(self._ends) < count and not joined.exhausted and length < most:
            texts = joined.plain_strings(count - len(self._ends)) or [joined.string()]
            parts += texts
            self._ends.extend(accumulate((len(text) + 1 for text in texts[1:]), initial=length + len(texts[0]) + 1))
            length = self._ends[-1]
        self.text = "\n".join(parts)
        """All of them, each on a line of its own."""
        self.whole = len(self._ends) >= count

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends):
            return ""
        return self.text[self._ends[number - 1] if number else 0 : self._ends[number] - 1]

    def block(self, first: int, last: int) -> str:
        """Some of them, for a first look at many together."""
        return self.text[self._ends[first - 1] if first else 0 : self._ends[last - 1]]


def short_string(data: bytes, begin: int, end: int, codec: str | None, *, size: int = 2) -> str:
    """A string that is not continued: with flags (BIFF8, where ``codec`` is None) or in a code page.

    ``size`` is how many bytes its length takes.
    """
    count = int.from_bytes(data[begin : begin + size], "little")
    begin += size
    if codec is not None:
        return decoded(data[begin : min(begin + count, end)], codec)
    if begin >= end:
        return ""
    flags = data[begin]
    begin += 1 + (2 if flags & 8 else 0) + (4 if flags & 4 else 0)
    if flags & 1:
        return wide(data[begin : min(begin + 2 * count, end)])
    return data[begin : min(begin + count, end)].decode("latin-1")


_STRING_TOKEN, _JOIN_TOKEN = b"\x17", b"\x08"


def constants(data: bytes, begin: int, end: int, codec: str | None) -> Iterator[str]:
    """The strings in the tokens of a formula (MS-XLS 2.5.198.89), and what it puts together of two of them.

    They are found by their sign: what is none, by chance, is no text either.
    """
    at = data.find(_STRING_TOKEN, begin, end)
    before, past = "", -1
    while at >= 0 and at + 3 < end:
        count, size = data[at + 1], 0
        if codec is not None or data[at + 2] <= 1:
            size = count if codec is not None else 1 + (count << data[at + 2])
        if count and size and at + 2 + size <= end:
            text = short_string(data, at + 1, end, codec, size=1)
            yield text
            joined = at == past and data[at + 2 + size : at + 3 + size] == _JOIN_TOKEN
            if joined:
                yield before + text
            before, past = text, at + 2 + size
        at = data.find(_STRING_TOKEN, at + 1, end)


def rk_number(value: int) -> float:
    """The number in an RK value: 30 bits of a whole number or of a fraction, perhaps times a hundred."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (value & 0xFFFFFFFC) << 32))[0]
    return number / 100 if value & 1 else number


def written(number: float) -> str:
    """A number as it is written without a format: whole ones without a fraction."""
    return str(int(number)) if number == number and abs(number) < 1e15 and number == int(number) else repr(number)
