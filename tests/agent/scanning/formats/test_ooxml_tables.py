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


def table(*rows: str) -> list[list[Cell]]:
    return [[Cell(text, at) for at, text in enumerate(row.split("|"))] for row in rows]


@pytest.mark.parametrize(
    "heads", ["文件名称|密级|份数", "密级|文件名称|份数", "文件名称|份数|密级", "密级|期限|份数", "编号|等级|份数"]
)
def test_labels_above_their_values_are_fields_wherever_the_level_stands(heads: str) -> None:
    labels = heads.split("|")
    values = ["机密★10年" if label in ("密级", "等级") else "2" for label in labels]
    told = [each.text for each in passages(table(heads, "|".join(values))) if each.zone is Zone.TABLE_FIELD]
    assert any("机密★10年" in text for text in told)


def test_a_mark_on_a_line_of_its_own_in_the_one_cell_that_has_one() -> None:
    data = table("序号|内容|备注", "1|某某单位\n机密★10年\n2024|无", "2|会议|无")
    assert [each.text for each in passages(data) if each.zone is Zone.CELL] == ["某某单位\n机密★10年\n2024"]
    several = table("序号|内容|备注", "1|甲\n机密★10年|无", "2|乙\n秘密★5年|无")
    register = table("序号|密级|备注", "1|机密\n机密★10年|无", "2|秘密|无")
    sentence = table("序号|内容|备注", "1|凡标有\n机密★10年的文件|无", "2|会议|无")
    for data in (several, register, sentence):
        assert not [each for each in passages(data) if each.zone is Zone.CELL]
