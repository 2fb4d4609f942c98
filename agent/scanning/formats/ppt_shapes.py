"""Shapes on a page of a PowerPoint 97–2003 file: their texts, what placeholders they fill, where they stand."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import msgspec

from agent.scanning.formats.officeart import OPTIONS, Record, is_turned, options, records, words
from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.ppt_file import OUTLINE_REF, TEXT_HEADER, TEXTS, Page, Presentation
from signatures.passages import Zone

_DRAWINGS = frozenset({1036, 0xF002})
_GROUP, _SHAPE, _ANCHOR, _CHILD_ANCHOR, _DATA, _TEXTBOX = 0xF003, 0xF004, 0xF010, 0xF00F, 0xF011, 0xF00D
_PLACEHOLDER, _NOTES_PLACEHOLDER = 3011, 0x0BCB
_TABLE = 0x039F
_DEEPEST = 32
_FILLED_IN = re.compile(r"[*‹›#<>\s]*")
"""What stands for numbers of slides and dates, which fill themselves in."""


class Shape(msgspec.Struct):
    """One shape with text or with words in its properties."""

    text: str = ""
    kind: int | None = None
    """Kind of text: 0 and 6 are titles, 1 and 5 bodies, 2 notes."""
    placeholder: int = 0
    top: int | None = None
    bottom: int | None = None
    left: int = 0
    slanted: bool = False
    words: list[tuple[Zone, str]] = msgspec.field(default_factory=list)


class Grid(msgspec.Struct):
    """A table: a group of shapes in rows."""

    rows: list[list[Cell]]


def shapes(file: Presentation, page: Page) -> Iterator[Shape | Grid]:
    """The shapes of a page in their order, those of groups where their group stands."""
    for record in records(file.data, page.record.begin, page.record.end):
        if record.kind in _DRAWINGS:
            yield from _inside(file, page, record, None, 0)


def _inside(file: Presentation, page: Page, whole: Record, group: Shape | None, depth: int) -> Iterator[Shape | Grid]:
    if depth > _DEEPEST:
        file.damaged = True
        return
    for record in records(file.data, whole.begin, whole.end):
        if record.kind in _DRAWINGS:
            yield from _inside(file, page, record, group, depth + 1)
        elif record.kind == _GROUP:
            yield from _group(file, page, record, group, depth)
        elif record.kind == _SHAPE:
            yield _placed(_shape(file, page, record), group)


def _placed(shape: Shape, group: Shape | None) -> Shape:
    """A shape of a group stands, as far as is known, where the outermost group does."""
    if group is not None and group.top is not None:
        shape.top, shape.bottom = group.top, group.bottom
    return shape


def _group(file: Presentation, page: Page, whole: Record, outer: Shape | None, depth: int) -> Iterator[Shape | Grid]:
    first = next(records(file.data, whole.begin, whole.end), None)
    if first is None or first.kind != _SHAPE:
        yield from _inside(file, page, whole, outer, depth + 1)
        return
    own = _placed(_shape(file, page, first), outer)
    rest = Record(whole.version, whole.instance, whole.kind, first.end, whole.end)
    if _is_table(file.data, first):
        cells = (each for each in records(file.data, rest.begin, rest.end) if each.kind == _SHAPE)
        yield Grid(_rows([_shape(file, page, each) for each in cells]))
        return
    # The drawing itself is a group too, with a first shape that has no place.
    yield from _inside(file, page, rest, own if own.top is not None else outer, depth + 1)


def _is_table(data: bytes, shape: Record) -> bool:
    return any(_TABLE in options(data, each) for each in records(data, shape.begin, shape.end) if each.kind in OPTIONS)


def _rows(children: list[Shape]) -> list[list[Cell]]:
    rows: dict[int, list[Shape]] = {}
    for child in children:
        if child.text:
            rows.setdefault(child.top or 0, []).append(child)
    lefts = sorted({child.left for child in children})
    return [
        [Cell(child.text, lefts.index(child.left)) for child in sorted(row, key=lambda each: each.left)]
        for _, row in sorted(rows.items())
    ]


def _shape(file: Presentation, page: Page, whole: Record) -> Shape:
    shape = Shape()
    data = file.data
    for record in records(data, whole.begin, whole.end):
        if record.kind in OPTIONS:
            shape.words += words(data, record)
            shape.slanted |= is_turned(data, record)
        elif record.kind == _ANCHOR:
            _anchor(data, record, shape)
        elif record.kind == _CHILD_ANCHOR and record.end - record.begin >= 16:
            shape.left, shape.top, _, shape.bottom = struct.unpack_from("<4i", data, record.begin)
        elif record.kind == _DATA:
            for each in records(data, record.begin, record.end):
                if each.kind in (_PLACEHOLDER, _NOTES_PLACEHOLDER) and each.end - each.begin >= 5:
                    shape.placeholder = data[each.begin + 4]
        elif record.kind == _TEXTBOX:
            _text(file, page, record, shape)
    return shape


def _anchor(data: bytes, record: Record, shape: Shape) -> None:
    if record.end - record.begin >= 16:
        shape.top, shape.left, _, shape.bottom = struct.unpack_from("<4i", data, record.begin)
    elif record.end - record.begin >= 8:
        shape.top, shape.left, _, shape.bottom = struct.unpack_from("<4h", data, record.begin)


def _text(file: Presentation, page: Page, whole: Record, shape: Shape) -> None:
    texts: list[str] = []
    for record in records(file.data, whole.begin, whole.end):
        if record.kind == TEXT_HEADER and record.end - record.begin >= 4:
            shape.kind = struct.unpack_from("<I", file.data, record.begin)[0]
        elif record.kind in TEXTS:
            texts.append(file.text(record))
        elif record.kind == OUTLINE_REF and record.end - record.begin >= 4:
            index = struct.unpack_from("<I", file.data, record.begin)[0]
            if index < len(page.outline):
                shape.kind, text = page.outline[index]
                texts.append(text)
                page.outline[index] = (shape.kind, "")
    lines = (line.strip(" \t\u3000\u00a0") for line in "\n".join(texts).split("\n"))
    shape.text = "\n".join(line for line in lines if line and not _FILLED_IN.fullmatch(line))
