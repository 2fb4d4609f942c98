"""How paragraphs and characters of a Word 97–2003 file look (MS-DOC 2.9): tables, titles, large, red or struck type.

Pages of formatting (FKP) of 512 bytes say for stretches of the stream which single changes (SPRM) apply to them.
Files of Word 6 and earlier have others; of those only the text is known.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.doc_file import CHARACTERS, PARAGRAPHS, STYLES, WordFile
from agent.scanning.formats.docx_front import Style, Styles
from agent.scanning.formats.ooxml_drawing import is_red

_PAGE = 512
_MOST_PAGES = 100_000
_TITLES = {1: "heading 1", 62: "title", 34: "caption"}
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_LONG = frozenset({0xD608, 0xD606})
"""Changes whose length takes two bytes."""
_RED = 6


class Looks(msgspec.Struct):
    """What is known of one stretch of characters."""

    bold: bool = False
    size: int = 0
    red: bool = False
    struck: bool = False
    symbol: int = 0
    """Character of a symbol font that stands here instead."""


class Layout(msgspec.Struct):
    """What is known of one paragraph."""

    style: int = 0
    centred: bool = False
    breaks_before: bool = False
    in_table: bool = False
    ends_row: bool = False
    depth: int = 0
    """How many tables it is in."""


class _Runs(msgspec.Struct):
    """Stretches of the stream, in order, each with its changes."""

    begins: list[int] = msgspec.field(default_factory=list)
    ends: list[int] = msgspec.field(default_factory=list)
    changes: list[bytes] = msgspec.field(default_factory=list)

    def at(self, offset: int) -> tuple[int, int, bytes]:
        """Begin, end and changes of the stretch with this offset."""
        index = bisect_right(self.begins, offset) - 1
        if index < 0 or offset >= self.ends[index]:
            following = self.begins[index + 1] if index + 1 < len(self.begins) else offset + 1
            return offset, max(offset + 1, following), b""
        return self.begins[index], self.ends[index], self.changes[index]


class Formatting:
    """The formatting of one file."""

    def __init__(self, word: WordFile) -> None:
        self._word = word
        self._characters = _read_pages(word, CHARACTERS, paragraphs=False) if word.is_97 else _Runs()
        self._paragraphs = _read_pages(word, PARAGRAPHS, paragraphs=True) if word.is_97 else _Runs()

    def layout(self, place: int) -> Layout:
        """How the paragraph looks whose last character stands here."""
        found = self._word.offset(place)
        if found is None or not self._paragraphs.begins:
            return Layout()
        changes = self._paragraphs.at(found[0])[2]
        return _layout(changes)

    def looks(self, first: int, last: int) -> Iterator[tuple[int, int, Looks]]:
        """Stretches of characters that look the same: first, past the last, looks."""
        here = first
        while here < last:
            found = self._word.offset(here)
            if found is None or not self._characters.begins:
                yield here, last, Looks()
                return
            offset, piece = found
            _, end, changes = self._characters.at(offset)
            following = min(last, piece.last, here + max(1, -(-(end - offset) // piece.width)))
            yield here, following, _looks(changes)
            here = following


def _read_pages(word: WordFile, number: int, *, paragraphs: bool) -> _Runs:
    runs: list[tuple[int, int, bytes]] = []
    _, entries = word.places(number, 4)
    for page in dict.fromkeys(struct.unpack("<I", entry)[0] & 0x3FFFFF for entry in entries[:_MOST_PAGES]):
        data = word.stream[page * _PAGE : (page + 1) * _PAGE]
        if len(data) == _PAGE:
            runs += _page(data, paragraphs=paragraphs)
    runs.sort(key=lambda run: run[:2])
    found = _Runs()
    for begin, end, changes in runs:
        found.begins.append(begin)
        found.ends.append(end)
        found.changes.append(changes)
    return found


def _page(data: bytes, *, paragraphs: bool) -> Iterator[tuple[int, int, bytes]]:
    count = data[511]
    step = 13 if paragraphs else 1
    if not count or 4 * (count + 1) + step * count > 511:
        return
    bounds = struct.unpack_from(f"<{count + 1}I", data)
    for index in range(count):
        at = 2 * data[4 * (count + 1) + step * index]
        changes = b""
        if at and paragraphs:
            length = 2 * data[at] - 1
            if not data[at] and at + 1 < 511:
                at, length = at + 1, 2 * data[at + 1]
            changes = data[at + 1 : min(at + 1 + max(0, length), 511)]
        elif at:
            changes = data[at + 1 : min(at + 1 + data[at], 511)]
        if bounds[index] < bounds[index + 1]:
            yield bounds[index], bounds[index + 1], changes


def _sprms(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Single changes: their code and operand."""
    at = 0
    while at + 2 < len(data):
        code = data[at] | data[at + 1] << 8
        at += 2
        kind = code >> 13
        if kind != 6:
            size = _SIZES[kind]
        elif code in _LONG:
            size = 1 + int.from_bytes(data[at : at + 2], "little")
        else:
            size = 1 + data[at]
            if code == 0xC615 and data[at] == 255:
                return
        yield code, data[at : at + size]
        at += size


def _layout(changes: bytes) -> Layout:
    found = Layout(style=int.from_bytes(changes[:2], "little"))
    for code, operand in _sprms(changes[2:]):
        on = bool(operand[:1].strip(b"\0"))
        match code:
            case 0x2403 | 0x2461:
                found.centred = operand == b"\x01"
            case 0x2407:
                found.breaks_before = on
            case 0x2416:
                found.in_table = on
            case 0x2417:
                found.ends_row = on
            case 0x6649:
                found.depth = int.from_bytes(operand, "little")
    return found


def _looks(changes: bytes) -> Looks:
    found = Looks()
    for code, operand in _sprms(changes):
        on = operand[:1] in (b"\x01", b"\x81")
        match code:
            case 0x0835:
                found.bold = on
            case 0x4A43:
                found.size = int.from_bytes(operand, "little")
            case 0x2A42:
                found.red = operand == bytes([_RED])
            case 0x6870:
                found.red = operand[3:4] == b"\0" and is_red(operand[:3].hex())
            case 0x0800 | 0x0837 | 0x2A53:
                found.struck |= on
            case 0x6A09:
                found.symbol = int.from_bytes(operand[2:4], "little")
    return found


def read_styles(word: WordFile) -> Styles:
    """Paragraph styles by their number: those that make a title or a caption, by what they are or are called."""
    data = word.table(STYLES) if word.is_97 else b""
    styles: Styles = {}
    if len(data) < 6:
        return styles
    head, count, base = struct.unpack_from("<HHH", data)
    at = 2 + head
    for number in range(count):
        if at + 2 > len(data):
            break
        size = int.from_bytes(data[at : at + 2], "little")
        style = data[at + 2 : at + 2 + size]
        at += 2 + size
        if len(style) < base + 2:
            continue
        kind = int.from_bytes(style[:2], "little") & 0xFFF
        length = int.from_bytes(style[base : base + 2], "little")
        name = style[base + 2 : base + 2 + 2 * length].decode("utf-16-le", "replace").lower()
        styles[str(number)] = Style(_TITLES.get(kind, name), 0, centred=False)
    return styles
