"""Marks that are spelled down a column of a table, a piece to each cell."""

from __future__ import annotations

import pytest

from agent.scanning.formats.ooxml_tables import Cell, passages
from signatures.passages import Zone


def column(*pieces: str) -> list[list[Cell]]:
    return [[Cell(piece, 3)] for piece in pieces]


def marks(rows: list[list[Cell]]) -> list[str]:
    return [each.text for each in passages(rows) if each.zone is Zone.CELL and "★" in each.text and len(each.text) > 3]


@pytest.mark.parametrize(
    ("pieces", "mark"),
    [
        ("机密★10年", "机密★10年"),
        (("机密", "★", "10年"), "机密★10年"),
        (("000123", *"绝密★30年", "特急文件"), "绝密★30年"),
        ("秘密★长期", "秘密★长期"),
    ],
)
def test_a_mark_down_a_column_is_one(pieces: tuple[str, ...], mark: str) -> None:
    assert marks(column(*pieces)) == [mark]


@pytest.mark.parametrize("sentence", ["凡标有机密★10年的文件", "例如机密★10年", "机密★10年是样式"])
def test_a_sentence_that_is_spelled_so_marks_nothing(sentence: str) -> None:
    assert marks(column(*sentence)) == []


def test_a_table_of_several_marks_spelled_so_is_a_list() -> None:
    rows = [[Cell(left, 0), Cell(right, 1)] for left, right in zip("机密★10年", "绝密★30年", strict=True)]
    assert marks(rows) == []
