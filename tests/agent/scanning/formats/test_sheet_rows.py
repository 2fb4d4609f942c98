"""Rows of a sheet: those that hold a literal are found without asking about each, and what the first ones mean."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.scanning.formats.ooxml_tables import Cell
from agent.scanning.formats.sheet_rows import holding, sheet
from protocol.records import Place
from signatures.passages import Zone


@pytest.mark.parametrize("hits", [set[int](), {0}, {255}, {7, 8, 200}, set(range(256))])
def test_all_that_hold_a_literal_are_found_in_their_order(hits: set[int]) -> None:
    assert holding(range(256), lambda some: not hits.isdisjoint(some)) == sorted(hits)


def test_few_among_many_are_found_with_few_questions() -> None:
    asked: list[int] = []

    def is_hit(some: Sequence[int]) -> bool:
        asked.append(len(some))
        return 77 in some

    assert (holding(range(256), is_hit), holding([], is_hit)) == ([77], [])
    assert len(asked) < 25


def cells(*texts: str) -> list[Cell]:
    return [Cell(text, column) for column, text in enumerate(texts) if text]


HEAD, DATA = ("序号", "名称", "数量", "单价", "备注"), ("1", "打印机", "3", "1200", "新购")


def marked(*rows: tuple[str, ...]) -> list[str]:
    """Cells of the first rows that count for themselves and hold a starred mark."""
    told = sheet([cells(*row) for row in rows], lambda _: True, Place(sheet=1))
    return [each.text for each in told if each.zone is Zone.CELL and "★" in each.text]


@pytest.mark.parametrize(
    "first",
    [("机密★10年", "甲", "乙", "丙", "丁"), ("编号", "", "2024-31", "部门", "机密★10年"), ("机密★10年", "甲")],
)
def test_a_mark_in_the_first_row_counts_whatever_stands_beside_it(first: tuple[str, ...]) -> None:
    assert marked(first, HEAD, DATA) == ["机密★10年"]


@pytest.mark.parametrize(
    "rows",
    [
        (("名称", "密级", "数量"), ("甲", "机密★10年", "1"), ("乙", "秘密★5年", "2")),
        (("甲", "机密★10年", "1"), ("乙", "秘密★5年", "2"), ("丙", "绝密★30年", "2")),
        (("示例", "机密★10年", "甲", "乙", "丙"), HEAD, DATA),
    ],
)
def test_levels_in_a_register_or_an_example_mark_nothing(rows: tuple[tuple[str, ...], ...]) -> None:
    assert marked(*rows) == []
