"""A line among its neighbours, and the sum of what speaks for and against a candidate."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from protocol.records import Finding
from signatures.markings import Circumstances, Explanation, Extension, Grammar, Row
from signatures.markings.candidates import Line
from signatures.markings.grammar import Reading
from signatures.markings.normalise import View, normalise
from signatures.markings.notations import Notation
from signatures.markings.periods import Expiry, IssueDate
from signatures.markings.terms import Term
from signatures.markings.units import Piece
from signatures.passages import Passage, Zone

Find = Callable[..., tuple[Finding, ...]]


def line(text: str, first: int, last: int) -> Line:
    return Line(Passage(Zone.COVER, text), 0, 0, normalise(text[first:last]), text, first, last)


@pytest.mark.parametrize(
    ("text", "word", "above", "below"),
    [
        ("甲\n机密\n乙", "机密", ["甲"], ["乙"]),
        ("\n甲\n机密\n乙\n", "机密", ["", "甲"], ["乙", ""]),
        ("机密", "机密", [], []),
        ("\n机密\n", "机密", [""], [""]),
        ("甲\n乙\n丙\n机密\n丁\n戊\n己", "机密", ["乙", "丙"], ["丁", "戊"]),
    ],
)
def test_the_lines_around_come_in_their_order_and_blank_ones_too(
    text: str, word: str, above: list[str], below: list[str]
) -> None:
    start = text.index(word)
    here = line(text, start, start + len(word))
    assert here.above(2) == above
    assert here.below(2) == below


def test_confidence_never_leaves_its_scale(find: Find, grammar: Grammar) -> None:
    framed = "000012\n机密★10年\n特急\n远山市人民政府文件\n远政〔2024〕15号"
    (reading,) = grammar.explain(framed, Zone.P1_TOP_LEFT).readings
    assert sum(points for _, points in reading.points) > 100
    assert reading.confidence == find(framed)[0].confidence == 100
    (told,) = grammar.explain("例如：第一条 “绝密★30年 机密★X年”应当标注", Zone.BODY).readings or [reading]
    assert 0 <= told.confidence <= 100


@pytest.mark.parametrize(
    "record", [Circumstances, Expiry, Explanation, Extension, IssueDate, Notation, Piece, Reading, Row, Term, View]
)
def test_what_is_told_of_a_marking_cannot_be_altered_afterwards(record: type[msgspec.Struct]) -> None:
    assert record.__struct_config__.frozen
