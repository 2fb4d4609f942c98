"""A PDF file read strictly: cross-reference, objects, streams (ISO 32000-1, 7.3.8, 7.4 and 7.5).

Just enough to look at a well-made file without PDFium. The cross-reference is followed as a viewer follows it, and
`CannotTell` is raised at anything that is not understood with certainty; the caller then takes the exact road.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from agent.scanning.formats.base import MiB
from agent.scanning.formats.pdf_objects import TOKEN, WHITE, CannotTell, Parser, Ref, Stream, hex_string

_HEADER = re.compile(WHITE + rb"*+(\d{1,10})" + WHITE + rb"++(\d{1,5})" + WHITE + rb"++obj")
_STREAM = re.compile(WHITE + rb"*+stream(?:\r\n|\n)")
_ENDSTREAM = re.compile(rb"\r?\n?endstream")
_SECTION = re.compile(WHITE + rb"*+(\d{1,10}) (\d{1,10})[ ]*(?:\r\n|\n|\r)")
_STARTXREF = re.compile(rb"startxref" + WHITE + rb"++(\d{1,10})" + WHITE)
_MOST_EXPANDED = 64 * MiB
_MOST_OBJECTS = 200_000
_TABLE = re.compile(WHITE + rb"*+xref")


class File:
    """A PDF held in memory, its objects read when they are wanted. Every method may raise `CannotTell`."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(b"%PDF-"):
            raise CannotTell
        self.data = data
        self.trailer: dict[str, Any] = {}
        self.changed: frozenset[int] = frozenset()
        """Numbers of the objects that the last change wrote, where the file was changed by appending."""
        self._before = 0
        self._expanded = 0
        self._offsets: dict[int, tuple[int, int]] = {}
        """Number → (0, offset) in the file, (n, index) in object stream n, or (-1, 0) for a free one."""
        self._read: dict[int, Any] = {}
        self._packed: dict[int, dict[int, tuple[bytes, int]]] = {}
        found = _STARTXREF.match(data, max(0, data.rfind(b"startxref", len(data) - 1024)))
        if found is None:
            raise CannotTell
        self._follow(int(found.group(1)))
        if "Root" not in self.trailer or len(self._offsets) > _MOST_OBJECTS:
            raise CannotTell

    # Objects

    def resolve(self, value: Any) -> Any:
        """The object itself, where ``value`` is a reference to one; None where there is none."""
        for _ in range(8):
            if not isinstance(value, Ref):
                return value
            value = self._object(value.number)
        raise CannotTell

    def entries(self, value: Any) -> dict[str, Any]:
        """The dictionary that ``value`` is or refers to, empty for none. Raises for anything else."""
        found = self.resolve(value)
        if found is None:
            return {}
        if isinstance(found, Stream):
            return found.entries
        if not isinstance(found, dict):
            raise CannotTell
        return found

    def items(self, value: Any) -> list[Any]:
        """The array that ``value`` is or refers to; one thing alone counts as an array of one."""
        found = self.resolve(value)
        if found is None:
            return []
        return found if isinstance(found, list) else [value]

    def has(self, number: int) -> bool:
        """Whether there is an object of this number."""
        return self._offsets.get(number, (-1, 0))[0] >= 0

    def object(self, number: int) -> Any:
        """The object of this number, None where there is none."""
        return self._object(number)

    def with_objects(self) -> Iterator[bytes]:
        """The bytes in which objects stand: the file, and what is packed in streams of objects."""
        yield self.data
        for number in sorted({kind for kind, _ in self._offsets.values() if kind > 0}):
            stream = self._object(number)
            if isinstance(stream, Stream):
                yield self.decoded(stream)

    def before_last_change(self) -> int:
        """How many bytes the file had before it was last changed by appending; 0 where it was not."""
        at = self.data.find(b"%%EOF", self._before) if self._before else -1
        return at + 5 if 0 < at < len(self.data) - 64 else 0

    def _object(self, number: int) -> Any:
        if number in self._read:
            return self._read[number]
        kind, at = self._offsets.get(number, (-1, 0))
        if kind < 0:
            value = None
        elif kind == 0:
            value = self._at(number, at)
        else:
            packed = self._packed.get(kind) or self._unpack(kind)
            if number not in packed:
                raise CannotTell
            data, start = packed[number]
            value = Parser(data, start).value()
        self._read[number] = value
        return value

    def _at(self, number: int, offset: int) -> Any:
        header = _HEADER.match(self.data, offset)
        if header is None or int(header.group(1)) != number:
            raise CannotTell
        parser = Parser(self.data, header.end())
        value = parser.value()
        stream = _STREAM.match(self.data, parser.at)
        if stream is None:
            after = TOKEN.match(self.data, parser.at)
            if after is None or after.group(7) != b"endobj":
                raise CannotTell
            return value
        if not isinstance(value, dict):
            raise CannotTell
        length = self.resolve(value.get("Length"))
        start = stream.end()
        if not isinstance(length, int) or not _ENDSTREAM.match(self.data, start + length):
            raise CannotTell
        return Stream(value, self.data[start : start + length])

    def _unpack(self, number: int) -> dict[int, tuple[bytes, int]]:
        if self._offsets.get(number, (-1, 0))[0] != 0:
            raise CannotTell
        stream = self._object(number)
        if not isinstance(stream, Stream) or "Extends" in stream.entries:
            raise CannotTell
        data, count, first = self.decoded(stream), stream.entries.get("N"), stream.entries.get("First")
        if not isinstance(count, int) or not isinstance(first, int):
            raise CannotTell
        try:
            numbers = [int(word) for word in data[:first].split()]
        except ValueError as problem:
            raise CannotTell from problem
        if len(numbers) < 2 * count:
            raise CannotTell
        places = zip(numbers[: 2 * count : 2], numbers[1 : 2 * count : 2], strict=True)
        packed = {member: (data, first + offset) for member, offset in places}
        if len(packed) != count:
            raise CannotTell
        self._packed[number] = packed
        return packed

    # Streams

    def decoded(self, stream: Stream) -> bytes:
        """The bytes of a stream with its filters undone: Flate and ASCIIHex. (PDFium undoes ASCII85 faster.)"""
        filters = [self.resolve(one) for one in self.items(stream.entries.get("Filter", stream.entries.get("F")))]
        parameters = self.items(stream.entries.get("DecodeParms", stream.entries.get("DP")))
        data = stream.raw
        for at, name in enumerate(filters):
            if name in ("FlateDecode", "Fl"):
                data = self._inflated(data)
                options = self.entries(parameters[at]) if at < len(parameters) else {}
                data = self._unpredicted(data, options) if options.get("Predictor", 1) != 1 else data
            elif name in ("ASCIIHexDecode", "AHx"):
                data = hex_string(data.split(b">")[0])
            else:
                raise CannotTell
        return data

    def _inflated(self, data: bytes) -> bytes:
        inflater = zlib.decompressobj()
        try:
            out = inflater.decompress(data, _MOST_EXPANDED - self._expanded + 1)
        except zlib.error as problem:
            raise CannotTell from problem
        self._expanded += len(out)
        if not inflater.eof or self._expanded > _MOST_EXPANDED:
            raise CannotTell
        return out

    def _unpredicted(self, data: bytes, options: dict[str, Any]) -> bytes:
        """PNG prediction of whole bytes, where every row says None or Up, as cross-reference streams are written."""
        columns = self.resolve(options.get("Columns", 1))
        plain = options.get("Colors", 1) == 1 and options.get("BitsPerComponent", 8) == 8
        if not plain or options["Predictor"] < 10 or not isinstance(columns, int) or not 0 < columns < 1000:
            raise CannotTell
        width = columns + 1
        kinds = data[::width]
        if len(data) % width or kinds.strip(b"\0\2"):
            raise CannotTell
        out = bytearray(columns * len(kinds))
        for column in range(columns):
            values = data[column + 1 :: width]
            if b"\0" in kinds:
                total = 0
                rows = bytearray()
                for kind, value in zip(kinds, values, strict=True):
                    total = (total + value) & 0xFF if kind else value
                    rows.append(total)
            else:
                rows = bytearray(total & 0xFF for total in accumulate(values))
            out[column::columns] = rows
        return bytes(out)

    # Cross-reference

    def _follow(self, offset: int) -> None:
        seen: set[int] = set()
        while offset not in seen and len(seen) < 64:
            seen.add(offset)
            start = _TABLE.match(self.data, offset)
            trailer = self._table(start.end()) if start else self._reference_stream(offset)
            if "XRefStm" in trailer or "Encrypt" in trailer:
                raise CannotTell
            self.trailer = self.trailer or trailer
            previous = trailer.get("Prev")
            if previous is None:
                return
            if not isinstance(previous, int):
                raise CannotTell
            if len(seen) == 1 and previous < offset:
                self.changed, self._before = frozenset(self._offsets), previous
            offset = previous
        raise CannotTell

    def _table(self, at: int) -> dict[str, Any]:
        while section := _SECTION.match(self.data, at):
            first, count = int(section.group(1)), int(section.group(2))
            at = section.end()
            end = at + 20 * count
            if end > len(self.data) or count > _MOST_OBJECTS:
                raise CannotTell
            for number, start in enumerate(range(at, end, 20), first):
                if number in self._offsets:
                    continue
                entry = self.data[start : start + 20]
                if entry[17:18] == b"n" and entry[:10].isdigit():
                    self._offsets[number] = (0, int(entry[:10]))
                elif entry[17:18] == b"f":
                    self._offsets[number] = (-1, 0)
                else:
                    raise CannotTell
            at = end
        found = TOKEN.match(self.data, at)
        if found is None or found.group(7) != b"trailer":
            raise CannotTell
        trailer = Parser(self.data, found.end()).value()
        if not isinstance(trailer, dict):
            raise CannotTell
        return trailer

    def _reference_stream(self, offset: int) -> dict[str, Any]:
        header = _HEADER.match(self.data, offset)
        if header is None:
            raise CannotTell
        stream = self._at(int(header.group(1)), offset)
        if not isinstance(stream, Stream) or stream.entries.get("Type") != "XRef":
            raise CannotTell
        widths, size = stream.entries.get("W"), stream.entries.get("Size")
        if not isinstance(widths, list) or len(widths) != 3 or not isinstance(size, int):
            raise CannotTell
        if not all(isinstance(width, int) and 0 <= width <= 8 for width in widths):
            raise CannotTell
        index = stream.entries.get("Index", [0, size])
        if not isinstance(index, list) or len(index) % 2 or not all(isinstance(number, int) for number in index):
            raise CannotTell
        data, row, one, two = self.decoded(stream), sum(widths), widths[0], widths[0] + widths[1]
        at = 0
        for first, count in zip(index[::2], index[1::2], strict=True):
            if row == 0 or count < 0 or at + row * count > len(data) or count > _MOST_OBJECTS:
                raise CannotTell
            for number in range(first, first + count):
                entry = data[at : at + row]
                at += row
                kind = int.from_bytes(entry[:one], "big") if one else 1
                second, third = int.from_bytes(entry[one:two], "big"), int.from_bytes(entry[two:], "big")
                if number not in self._offsets:
                    place = {0: (-1, 0), 1: (0, second), 2: (second, third)}.get(kind)
                    if place is None or (kind == 2 and second <= 0):
                        raise CannotTell
                    self._offsets[number] = place
        return stream.entries
