"""Plain text of every kind: notes, tables in CSV and TSV, Markdown, JSON, XML, source code, logs.

The bytes are searched as they are, in all encodings at once, in stream; a file without a literal is done with at the
speed of the sieve and is never decoded. Only around a hit are lines cut out, decoded and given their zones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import overload

from agent.scanning.formats import markup
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.charset import TEXT_ENCODINGS, byte_order_mark, decode, rank
from agent.scanning.formats.lines import (
    AROUND,
    FOOT_LINES,
    HEAD_LINES,
    Table,
    foot_start,
    head_end,
    joined,
    ranges,
    undecorated,
)
from agent.scanning.formats.text_talk import apart
from protocol.records import Place
from signatures.engine import Span
from signatures.passages import Passage, Zone

NAME = "text"
MEDIA_TYPES = ("text/plain", "text/csv", "text/tab-separated-values", "application/xml")
LIMITS = {"bytes searched at once": MiB, "bytes of a line": 4096, "bytes of XML read as a tree of lines": 32 * MiB}
LIMITATIONS = (
    "UTF-7, UTF-32, HZ and EUC-TW are not searched",
    "of a line longer than 4096 bytes only the surroundings of each hit are read",
    "page headers and footers between form feeds are told as such only where they repeat within one mebibyte",
)

_CHUNK = LIMITS["bytes searched at once"]
_KEPT = 16 * 1024
"""Bytes of one chunk that are searched again in front of the next: twice the longest line."""
_MARGIN = _KEPT // 2
_LONGEST_LINE = LIMITS["bytes of a line"]
_CUT = 1024
"""Bytes on either side of a hit that are read of a longer line."""
_BEGINNING = 16 * 1024
"""Bytes that are read of a text that has hits in its head only."""
_SEARCHED = frozenset(TEXT_ENCODINGS)
_UTF8 = frozenset({"utf-8"})


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages around every literal of the rules; nothing from a text that has none."""
    marked = ("", 0)
    for chunk in _chunks(source):
        if chunk.first:
            marked = byte_order_mark(bytes(chunk.data[:4]))
            if markup.is_xml(bytes(chunk.data[:512])) and source.size <= LIMITS["bytes of XML read as a tree of lines"]:
                yield from markup.xml_passages(source, reading)
                return
        yield from _passages(chunk, marked, source, reading)


@dataclass(slots=True)
class _Chunk:
    """A stretch of the file. What begins between ``low`` and ``high`` is its own; the rest is its neighbours'."""

    data: bytes | memoryview
    start: int
    """Offset of its first byte in the file."""
    low: int
    high: int
    last: bool

    @property
    def first(self) -> bool:
        return self.start == 0


def _chunks(source: Source) -> Iterator[_Chunk]:
    """The file in overlapping stretches, in one buffer that is used again: a chunk is gone when the next comes."""
    if source.data is not None and source.size < _CHUNK:
        yield _Chunk(source.data, 0, 0, source.size, last=True)
        return
    stream = source.stream
    stream.seek(0)
    if source.size < _CHUNK:
        data = stream.read(_CHUNK)
        if len(data) < _CHUNK:
            yield _Chunk(data, 0, 0, len(data), last=True)
            return
        stream.seek(0)
    buffer = memoryview(bytearray(_KEPT + _CHUNK))
    kept, start, low = 0, 0, 0
    while True:
        filled = kept
        stream.seek(start + kept)  # whoever took the last chunk may have read elsewhere
        while filled < kept + _CHUNK:
            data = stream.read(min(kept + _CHUNK - filled, 256 * 1024))
            if not data:
                break
            buffer[filled : filled + len(data)] = data
            filled += len(data)
        last = filled < kept + _CHUNK
        high = filled if last else filled - _MARGIN
        yield _Chunk(buffer[:filled], start, low, high, last)
        if last:
            return
        buffer[:_KEPT] = bytes(buffer[filled - _KEPT : filled])
        start += filled - _KEPT
        kept, low = _KEPT, _KEPT - _MARGIN


def _passages(chunk: _Chunk, marked: tuple[str, int], source: Source, reading: Reading) -> Iterator[Passage]:
    """The passages of one chunk in which the sieve found something. ``marked``: see `byte_order_mark`."""
    if marked[0].startswith("utf-16") and chunk.first and chunk.last:
        if not reading.worth(chunk.data, encodings=_SEARCHED):
            return
        lines, spans = _as_utf8(chunk, marked, 0, reading)
        if spans:
            yield from _zoned(lines, spans, reading.talk, first=True, last=True)
            return
    claims = reading.sieve.spans(chunk.data, encodings=_SEARCHED)
    if not chunk.first or not chunk.last:
        claims = [span for span in claims if chunk.low <= span[0] < chunk.high]
    if not claims:
        return
    data = bytes(chunk.data)
    middle = claims[0][0] & ~1
    order = rank(data[max(0, middle - 2048) : middle + 2048], marked[0], {span[2] for span in claims})
    newline = _newline(data, order[0])
    before = _count_lines(source, chunk.start, newline)
    if order[0].startswith("utf-16"):
        lines, spans = _as_utf8(chunk, (order[0], marked[1]), before, reading)
        if spans:
            yield from _zoned(lines, spans, reading.talk, first=chunk.first, last=chunk.last)
        return
    for encoding, own in _by_encoding(claims, order).items():
        if encoding.startswith("utf-16"):
            yield from _strays(data, own, encoding)
            continue
        some = _beginning(data, own, newline) if chunk.first else data
        lines = _Lines(some, newline, encoding, before, skip=marked[1] if chunk.first else 0)
        last = chunk.last and some is data
        lines.cut_first, lines.cut_last = not chunk.first, not last and some is data
        yield from _zoned(lines, own, reading.talk, first=chunk.first, last=last)


def _as_utf8(
    chunk: _Chunk, marked: tuple[str, int], before: int, reading: Reading
) -> tuple[_Lines, list[tuple[int, int]]]:
    """A chunk in UTF-16 as lines in UTF-8, and the spans there that are its own."""
    data, encoding = bytes(chunk.data), marked[0]
    text = decode(data, encoding).encode()
    newline = _newline(data, encoding).strip(b"\0")
    spans = [(start, end) for start, end, _ in reading.sieve.spans(text, encodings=_UTF8)]
    if not chunk.first or not chunk.last:
        low, high = (len(decode(data[:edge], encoding).encode()) for edge in (chunk.low, chunk.high))
        spans = [span for span in spans if low <= span[0] < high]
    lines = _Lines(text, newline, "utf-8", before, skip=3 if marked[1] and chunk.first else 0)
    lines.cut_first, lines.cut_last = not chunk.first, not chunk.last
    return lines, spans


def _beginning(data: bytes, spans: list[tuple[int, int]], newline: bytes) -> bytes:
    """The first lines, where all hits stand there and what follows has no bearing on them; else all the data."""
    if len(data) < 2 * _BEGINNING or spans[-1][1] > _BEGINNING // 4 or b"\f" in data:
        return data
    cut = data.find(newline, _BEGINNING)
    head = data[:cut]
    enough = head.count(newline) >= HEAD_LINES * 5 and head.count(newline, _BEGINNING // 4) > AROUND
    return head if cut > 0 and enough and data.count(newline, cut) > FOOT_LINES else data


def _newline(data: bytes, encoding: str) -> bytes:
    """The bytes that end a line here: those of a carriage return only where there is no line feed at all."""
    feed, carriage = ("\n".encode(encoding), "\r".encode(encoding))
    return carriage if feed not in data and carriage in data else feed


def _count_lines(source: Source, until: int, newline: bytes) -> int:
    """How many lines end before this offset. Costs one more reading, so only a hit asks for it."""
    if until == 0:
        return 0
    stream = source.stream
    back = stream.tell()
    stream.seek(0)
    count = 0
    while until > 0:
        data = stream.read(min(_CHUNK, until))
        if not data:
            break
        count += data.count(newline)
        until -= len(data)
    stream.seek(back)
    return count


def _by_encoding(spans: list[Span], order: tuple[str, ...]) -> dict[str, list[tuple[int, int]]]:
    """Spans by encoding; what several encodings claim goes to the likeliest."""
    if len(order) == 1:
        return {order[0]: [(start, end) for start, end, _ in spans]}
    claims: dict[tuple[int, int], list[str]] = defaultdict(list)
    for start, end, encoding in spans:
        claims[start, end].append(encoding)
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, encodings in claims.items():
        found[min(encodings, key=order.index)].append(place)
    return found


class _Lines(Sequence[str]):
    """The lines of a chunk in one encoding; each decoded when it is first asked for."""

    def __init__(self, data: bytes, newline: bytes, encoding: str, before: int, skip: int) -> None:
        self.data = data
        self.raw = data.split(newline)
        self.starts = [0, *accumulate(map(len(newline).__add__, map(len, self.raw)))]
        self.paged = b"\f" in data
        self.encoding = encoding
        self.before = before
        self.cut_first = self.cut_last = False
        self._skip = skip
        self._hits: dict[int, list[tuple[int, int]]] = {}
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.raw)

    def lay(self, spans: Iterable[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
        """The spans by the index of the line in which each begins; they are remembered for the texts."""
        starts, hits = self.starts, self._hits
        number, end = 0, -1
        for span in sorted(spans):
            if span[0] >= end:
                number = bisect_right(starts, span[0]) - 1
                end = starts[number + 1]
                hits[number] = [span]
            else:
                hits[number].append(span)
        return hits

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> list[str]: ...
    def __getitem__(self, number: int | slice) -> str | list[str]:
        """One line, of a very long one only what is around its hits, without line ends and Markdown's signs."""
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self.raw)))]
        text = self._texts.get(number)
        if text is None:
            text = self._texts[number] = self._text(number)
        return text

    def _text(self, number: int) -> str:
        raw = self.raw[number]
        if number == 0 and self._skip:
            raw = raw[self._skip :]
        whole = len(raw) <= _LONGEST_LINE
        text = decode(raw, self.encoding) if whole else self._cut(number)
        text = undecorated(text.strip("\r\n\f\0\ufeff"))
        if number == 0 and self.cut_first:
            text = "…" + text
        if number == len(self.raw) - 1 and self.cut_last:
            text += "…"
        return text

    def until(self, number: int) -> Iterator[str]:
        """The first lines, each decoded only when it is come to."""
        return (self[each] for each in range(min(number, len(self.raw))))

    def breaks_page(self, number: int) -> bool:
        """Whether a form feed stands in this line."""
        return b"\f" in self.raw[number]

    def _cut(self, number: int) -> str:
        """What is around the hits of a long line, or its beginning."""
        raw, start = self.raw[number], self.starts[number]
        stretches: list[tuple[int, int]] = []
        for first, last in sorted(self._hits.get(number, ())) or [(start, start)]:
            low, high = max(0, first - start - _CUT), min(len(raw), last - start + _CUT)
            if stretches and low <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], high)
                continue
            # Begin at a whole character: after a byte that is one by itself, or at the hit.
            whole = next((place for place in range(low, first - start) if raw[place] < 0x30), first - start)
            stretches.append((whole if low else 0, high))
        cut = [decode(raw[low:high], self.encoding) for low, high in stretches]
        edges = ("…" if stretches[0][0] else "", "…" if stretches[-1][1] < len(raw) else "")
        return edges[0] + "…".join(cut) + edges[1]


def _zoned(
    lines: _Lines, spans: list[tuple[int, int]], talk: frozenset[bytes], *, first: bool, last: bool
) -> Iterator[Passage]:
    """Give the lines around the hits their zones. ``talk``: see `Reading.talk`."""
    laid = lines.lay(spans)
    hits = set(laid)
    low, high = 0, len(lines)
    if first and min(hits) < HEAD_LINES * 5:
        table = Table.of(lines.until(HEAD_LINES * 5))
        if table is not None:
            yield from _table(lines, hits, table)
            return
        low = head_end(lines.until(HEAD_LINES * 5))
        if min(hits) < low:
            yield Passage(Zone.P1_TOP_LEFT, "\n".join(lines[:low]), Place(line=lines.before + 1))
    if last and max(hits) >= len(lines) - FOOT_LINES:
        foot = foot_start(lines, max(low, len(lines) - FOOT_LINES))
        if foot in hits:
            yield Passage(Zone.FOOTER, lines[foot], Place(line=lines.before + foot + 1))
            high = foot
    hits = {hit for hit in hits if low <= hit < high}
    if lines.paged:
        furniture = _furniture(lines, hits)
        yield from furniture.values()
        hits = {hit for hit in hits if lines[hit].strip() not in furniture}
    telling, talking = apart(lines.data, lines.starts, lines.encoding, {hit: laid[hit] for hit in hits}, talk)
    for hit in sorted(telling):
        if field := Table.field(lines[hit]):
            yield Passage(Zone.TABLE_FIELD, field, Place(line=lines.before + hit + 1))
    for start, end in joined([*ranges(telling, len(lines)), *((line, line + 1) for line in talking)]):
        start, end = max(start, low), min(end, high)
        yield Passage(Zone.BODY, "\n".join(lines[start:end]), Place(line=lines.before + start + 1))


def _furniture(lines: _Lines, hits: set[int]) -> dict[str, Passage]:
    """Lines that stand first or last on two and more pages, by their text."""
    breaks = [number for number in range(len(lines)) if lines.breaks_page(number)] if hits and lines.paged else []
    if not breaks:
        return {}
    edges: dict[tuple[str, Zone], list[int]] = defaultdict(list)
    for start, end in zip([0, *breaks], [*breaks, len(lines)], strict=True):
        filled = [number for number in range(start, end) if lines.raw[number].strip()]
        for number in filled[:2]:
            edges[lines[number].strip(), Zone.HEADER].append(number)
        for number in filled[2:][-2:]:
            edges[lines[number].strip(), Zone.FOOTER].append(number)
    return {
        text: Passage(zone, text, Place(line=lines.before + numbers[0] + 1), pages=len(numbers))
        for (text, zone), numbers in edges.items()
        if len(numbers) > 1 and not hits.isdisjoint(numbers)
    }


def _table(lines: _Lines, hits: set[int], table: Table) -> Iterator[Passage]:
    """Rows of a CSV or TSV: cells of the first rows, fields of label and value anywhere, else whole rows."""
    for hit in sorted(hits):
        place = Place(line=lines.before + hit + 1)
        cells = table.cells(lines[hit])
        if hit < table.head_rows:
            yield Passage(Zone.CELL, "\t".join(cells), place)
        else:
            yield Passage(Zone.BODY, "\t".join(cells), place)
        for label, value in Table.fields(cells):
            yield Passage(Zone.TABLE_FIELD, f"{label}\t{value}", place)


def _strays(data: bytes, spans: list[tuple[int, int]], encoding: str) -> Iterator[Passage]:
    """UTF-16 in the midst of other text, as logs of programs have it: a small window around each hit."""
    for start, end in spans:
        low = start - min(start, 512)
        low += (start - low) % 2
        yield Passage(Zone.BODY, "…" + decode(data[low : end + 512], encoding) + "…")
