"""What every report is made of, before it is paper: a few kinds of blocks that each writer knows how to set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int
"""A cell of a table: words, or a number that a workbook keeps as one."""


@dataclass(frozen=True)
class Heading:
    """The name of a part."""

    words: str


@dataclass(frozen=True)
class Paragraph:
    """A few sentences."""

    words: str


@dataclass(frozen=True)
class Facts:
    """Names with their values, one a line."""

    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    share: float = 1.0
    """Its part of the width, beside those of the others."""


@dataclass(frozen=True)
class Table:
    """Rows under a head that comes again on each page."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    none: str = ""
    """The sentence that stands in its place where there is no row."""


@dataclass(frozen=True)
class Lines:
    """Room to be written on by hand, under a name."""

    name: str
    count: int = 4


Block = Heading | Paragraph | Facts | Table | Lines


@dataclass(frozen=True)
class Document:
    """A whole report. Everything in it is plain text: nothing is markup, and nothing a formula."""

    title: str
    number: str
    head: Facts
    """Organisation, number, period, scope and what else stands under the title."""
    blocks: Sequence[Block]
    signatures: Sequence[str]
    """Who signs, side by side; each with room for a name and a day."""
    signed_on: str
    """The words beside which the day is written."""
    landscape: bool
    language: str
    foot: str
    """What stands at the foot of each page before its number."""


_REPLACED = dict.fromkeys((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF), "�")
_TURNING = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_UNFIT = _REPLACED | _TURNING


def plain(text: str) -> str:
    """A text as every form can hold it: no control characters, nothing that turns the direction of reading."""
    if text.isprintable():  # holds none of them
        return text
    return text.translate(_UNFIT).encode("utf-8", "replace").decode("utf-8")
