"""Plain text of every kind: notes, tables in CSV and TSV, Markdown, JSON, XML, source code, logs.

The bytes are searched as they are, in all encodings at once, in stream; a file without a literal is done with at the
speed of the sieve and is never decoded. Only around a hit are lines cut out, decoded and given their zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from agent.scanning.formats import escapes, markup, seven_bit
from agent.scanning.formats.base import MiB, Piece, Reading, Source
from agent.scanning.formats.charset import TEXT_ENCODINGS, byte_order_mark, decode, rank
from agent.scanning.formats.lines import AROUND, Table, foot_start, head_end, joined
from agent.scanning.formats.quoted import values
from agent.scanning.formats.text_lines import LONGEST_LINE, Hits, Lines, line_ends
from agent.scanning.formats.text_talk import MUCH, Said, apart, besides
from protocol.records import Place
from signatures.engine import Span
from signatures.passages import Passage, Zone

NAME = "text"
MEDIA_TYPES = ("text/plain", "text/csv", "text/tab-separated-values", "application/xml")
LIMITS = {
    "bytes searched at once": MiB,
    "bytes of a line": LONGEST_LINE,
    "bytes of XML read as a tree of lines": 32 * MiB,
    "bytes of text in seven bits": 32 * MiB,
}
LIMITATIONS = (
    "EUC-TW is not searched; HZ, UTF-7 and ISO-2022 are in texts of up to 32 MiB",
    "a marking within a line counts where it is a value of data (JSON, SQL, markup, TeX), not where prose quotes it",
    "of characters written as numbers (\\u673a) only values that are a marking by themselves are seen",
    "of a line longer than 4096 bytes only the surroundings of each hit are read",
    "page headers and footers between form feeds are told as such only where they repeat within one mebibyte",
    "where level words are in their thousands, of lines that differ in numbers only two hundred are read, "
    "and of marked lines with the same beside the mark two thousand",
)

_CHUNK = LIMITS["bytes searched at once"]
_KEPT = 16 * 1024
"""Bytes of one chunk that are searched again in front of the next: twice the longest line."""
_MARGIN = _KEPT // 2
_SEARCHED = frozenset(TEXT_ENCODINGS)
_UTF8 = frozenset({"utf-8"})


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages around every literal of the rules; nothing from a text that has none."""
    file = _File(reading, _LineCount(source))
    for chunk in _chunks(source):
        if chunk.first:
            file.marked = byte_order_mark(bytes(chunk.data[:4]))
            small = source.size <= LIMITS["bytes of XML read as a tree of lines"]
            if small and markup.is_xml(bytes(chunk.data[:512]), reading.name):
                yield from markup.xml_passages(source, reading)
                return
            if small and (recoded := _out_of_seven_bits(chunk, source)):
                yield from pieces(Source.of(recoded), reading)
                return
        yield from _passages(chunk, file)
        if not file.marked[0].startswith("utf-16"):
            yield from _written_out(chunk, reading)


def _out_of_seven_bits(chunk: _Chunk, source: Source) -> bytes | None:
    """The whole text in UTF-8 where its beginning is in an encoding of seven bits."""
    recoded = seven_bit.plain(bytes(chunk.data))
    return recoded if recoded is None or chunk.last else seven_bit.plain(source.read(source.size))


class _File(msgspec.Struct):
    """What is known of a file from one chunk to the next."""

    reading: Reading
    count: _LineCount
    said: Said = msgspec.field(default_factory=Said)
    marked: tuple[str, int] = ("", 0)
    """See `byte_order_mark`."""


class _Chunk(msgspec.Struct):
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

    @property
    def cut(self) -> tuple[bool, bool]:
        """Whether its first and its last line go on in its neighbours."""
        return not self.first, not self.last


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


def _passages(chunk: _Chunk, file: _File) -> Iterator[Passage]:
    """The passages of one chunk in which the sieve found something."""
    reading, marked = file.reading, file.marked
    if marked[0].startswith("utf-16") and chunk.first and chunk.last:
        if not reading.worth(chunk.data, encodings=_SEARCHED):
            return
        lines, spans = _as_utf8(chunk, marked, 0, file)
        if spans:
            yield from _zoned(lines, spans, file, first=True, last=True)
            return
    claims, whole = _searched(chunk.data, reading, _SEARCHED)
    if not claims:
        return
    data = bytes(chunk.data)
    order = _order(data, claims, marked)
    newline = _newline(data, order[0])
    before = file.count.until(chunk.start, newline)
    if order[0].startswith("utf-16"):
        lines, spans = _as_utf8(chunk, (order[0], marked[1]), before, file)
        if spans:
            yield from _zoned(lines, spans, file, first=chunk.first, last=chunk.last)
        return
    skip = marked[1] if chunk.first else 0
    likely = Lines(data, newline, order[0], before, skip, chunk.cut)
    if not whole and reading.quiet is not None:
        claims += besides(likely, reading.quiet, _SEARCHED, file.said, first=chunk.first, last=chunk.last)
        if not {span[2] for span in claims} <= set(order):
            order = _order(data, claims, marked)
    if not chunk.first or not chunk.last:
        claims = [span for span in claims if chunk.low <= span[0] < chunk.high]
    for encoding, own in _by_encoding(claims, order).items():
        if encoding.startswith("utf-16"):
            yield from _strays(data, own, encoding)
            continue
        lines = likely if encoding == likely.encoding else Lines(data, newline, encoding, before, skip, chunk.cut)
        yield from _zoned(lines, own, file, first=chunk.first, last=chunk.last)


def _written_out(chunk: _Chunk, reading: Reading) -> Iterator[Passage]:
    """Values in lines of code and logs whose characters are written as numbers."""
    whole = chunk.data if isinstance(chunk.data, bytes) else cast("bytearray", chunk.data.obj)
    if b"\\" not in whole or not escapes.numbered(raw := bytes(chunk.data)):
        return
    for at, line in escapes.lines(raw):
        if chunk.low <= at < chunk.high and reading.worth(line, encodings=_UTF8):
            told = decode(line, "utf-8")
            for value in dict.fromkeys((*values(told, code=True), told.strip())):
                yield Passage(Zone.BODY, value, Place())


def _searched(data: bytes | memoryview, reading: Reading, encodings: frozenset[str]) -> tuple[list[Span], bool]:
    """What the sieve finds, and whether that is all: of much that may be mere talk, only the first is told."""
    if reading.quiet is None:
        return reading.sieve.spans(data, encodings=encodings), True
    return reading.quiet.few(data, MUCH, encodings=encodings)


def _order(data: bytes, claims: list[Span], marked: tuple[str, int]) -> tuple[str, ...]:
    """The encodings that claim something here, the likeliest first."""
    middle = claims[0][0] & ~1
    return rank(data[max(0, middle - 2048) : middle + 2048], marked[0], {span[2] for span in claims})


def _as_utf8(chunk: _Chunk, marked: tuple[str, int], before: int, file: _File) -> tuple[Lines, list[tuple[int, int]]]:
    """A chunk in UTF-16 as lines in UTF-8, and the spans there that are its own. ``before``: lines before it."""
    data, encoding, reading = bytes(chunk.data), marked[0], file.reading
    text = decode(data, encoding).encode()
    skip = 3 if marked[1] and chunk.first else 0
    lines = Lines(text, _newline(text, "utf-8"), "utf-8", before, skip, chunk.cut)
    found, whole = _searched(text, reading, _UTF8)
    if not whole and reading.quiet is not None:
        found += besides(lines, reading.quiet, _UTF8, file.said, first=chunk.first, last=chunk.last)
    spans = list(dict.fromkeys((start, end) for start, end, _ in found))
    if not chunk.first or not chunk.last:
        low = len(decode(data[: chunk.low], encoding).encode())
        high = len(text) - len(decode(data[chunk.high :], encoding).encode())
        spans = [span for span in spans if low <= span[0] < high]
    return lines, spans


def _newline(data: bytes, encoding: str) -> bytes:
    """The bytes that end a line here: those of a carriage return only where there is no line feed at all."""
    feed, carriage = ("\n".encode(encoding), "\r".encode(encoding))
    return carriage if feed not in data and carriage in data else feed


class _LineCount:
    """How many lines end before an offset. Costs one more reading up to there, so only a hit asks for it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._newline = b""
        self._at = self._count = 0

    def until(self, offset: int, newline: bytes) -> int:
        """The lines before this offset, which is greater each time."""
        if newline != self._newline:
            self._newline, self._at, self._count = newline, 0, 0
        if offset == self._at:
            return self._count
        stream = self._source.stream
        back = stream.tell()
        stream.seek(self._at)
        while self._at < offset:
            data = stream.read(min(_CHUNK, offset - self._at))
            if not data:
                break
            self._count += line_ends(data, newline) if len(newline) == 1 else data.count(newline)
            self._at += len(data)
        stream.seek(back)
        return self._count


def _by_encoding(spans: list[Span], order: tuple[str, ...]) -> dict[str, list[tuple[int, int]]]:
    """Spans by encoding; what several encodings claim goes to the likeliest."""
    claims: dict[tuple[int, int], list[str]] = {}
    for start, end, encoding in spans:
        claims.setdefault((start, end), []).append(encoding)
    if len(order) == 1:
        return {order[0]: list(claims)} if claims else {}
    found: dict[str, list[tuple[int, int]]] = {}
    for place, encodings in claims.items():
        found.setdefault(min(encodings, key=order.index), []).append(place)
    return found


def _zoned(lines: Lines, spans: list[tuple[int, int]], file: _File, *, first: bool, last: bool) -> Iterator[Passage]:
    """Give the lines around the hits their zones."""
    hits = lines.lay(spans)
    low, high = 0, len(lines.data) + 1
    if first and lines.in_head(next(iter(hits))):
        if lines.table is not None:
            yield from _table(lines, hits, lines.table)
            return
        count = head_end(lines.texts(lines.head))
        low = lines.end(lines.head[count - 1]) + 1 if count else 0
        if next(iter(hits)) < low:
            text = "\n".join(lines.texts(lines.head[:count]))
            yield Passage(Zone.P1_TOP_LEFT, text, Place(line=lines.before + 1))
            here = [hit for hit in hits if hit < low]
            # A head is read line by line, and there quotation marks belong to prose: not so in JSON.
            yield from _fields(lines, [hit for hit in here if '"' in lines.text(hit)])
            yield from _values(lines, here)
    if last and lines.in_tail(next(reversed(hits))):
        tail = [start for start in lines.tail if start >= low]
        foot = foot_start(lines.texts(tail))
        if foot < len(tail) and tail[foot] in hits:
            high = tail[foot]
            yield Passage(Zone.FOOTER, lines.text(high), Place(line=lines.number(high)))
    hits = {hit: laid for hit, laid in hits.items() if low <= hit < high}
    if hits and b"\f" in lines.data:
        furniture = _furniture(lines, hits)
        yield from furniture.values()
        hits = {hit: laid for hit, laid in hits.items() if lines.text(hit).strip() not in furniture}
    telling, talking = apart(lines, hits, file.reading.talk)
    telling = file.said.seldom(lines, hits, telling)
    yield from _fields(lines, telling)
    yield from _values(lines, telling)
    stretches = [lines.around(hit, low, high) for hit in telling]
    stretches += [(hit, lines.end(hit) + 1) for hit in talking]
    if talking:  # the true end, so that nothing else seems to stand there
        closing = [start for start in lines.tail if low <= start < high][-AROUND:]
        stretches.append((closing[0] if closing else low, high))
    for start, past in joined(stretches):
        yield Passage(Zone.BODY, lines.joined(start, past), Place(line=lines.number(start)))


def _fields(lines: Lines, hits: list[int]) -> Iterator[Passage]:
    """The lines that are a label of classification and its value."""
    for hit in hits:
        if field := Table.field(lines.text(hit)):
            yield Passage(Zone.TABLE_FIELD, field, Place(line=lines.number(hit)))


def _values(lines: Lines, hits: list[int]) -> Iterator[Passage]:
    """The values in lines of data or program text, each for itself."""
    for hit in hits:
        for value in values(lines.text(hit)):
            yield Passage(Zone.BODY, value, Place(line=lines.number(hit)))


def _furniture(lines: Lines, hits: Hits) -> dict[str, Passage]:
    """Lines that stand first or last on two and more pages, by their text."""
    return {
        text: Passage(
            Zone.HEADER if above else Zone.FOOTER, text, Place(line=lines.number(starts[0])), pages=len(starts)
        )
        for (text, above), starts in lines.edges_of_pages().items()
        if len(starts) > 1 and not hits.keys().isdisjoint(starts)
    }


def _table(lines: Lines, hits: Hits, table: Table) -> Iterator[Passage]:
    """Rows of a CSV or TSV: cells of the first rows, fields of label and value anywhere, else whole rows."""
    heads = set(lines.head[: table.head_rows])
    for hit in hits:
        place = Place(line=lines.number(hit))
        cells = table.cells(lines.text(hit))
        yield Passage(Zone.CELL if hit in heads else Zone.BODY, "\t".join(cells), place)
        for label, value in Table.fields(cells):
            yield Passage(Zone.TABLE_FIELD, f"{label}\t{value}", place)


def _strays(data: bytes, spans: list[tuple[int, int]], encoding: str) -> Iterator[Passage]:
    """UTF-16 in the midst of other text, as logs of programs have it: a small window around each hit."""
    for start, end in spans:
        low = start - min(start, 512)
        low += (start - low) % 2
        yield Passage(Zone.BODY, "…" + decode(data[low : end + 512], encoding) + "…")
