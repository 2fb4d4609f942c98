"""Values are told from what shares their line; what prose quotes is none."""

from __future__ import annotations

import pytest

from agent.scanning.formats.quoted import values


@pytest.mark.parametrize(
    "line",
    [
        '{"a":1,"title":"机密★10年","b":[1,2]}',
        "INSERT INTO d VALUES (1,'机密★10年',NULL),(2,'x',NULL);",
        '<node TEXT="机密★10年"/>',
        "<a><b>机密★10年</b></a>",
        "\\title{机密★10年}",
        'mj = "机密★10年"',
        '   "机密★10年",',
        '{"text": "<p>机密★10年</p>"}',
        '["x\\n", "机密★10年\\n"]',
    ],
)
def test_a_value_of_data_is_told_without_what_shares_its_line(line: str) -> None:
    assert "机密★10年" in values(line)


@pytest.mark.parametrize(
    "line",
    [
        '首页左上角标注"机密★10年"字样。',
        "如“机密★10年”，应当顶格",
        "marked 'SECRET//NOFORN' by hand",
        "机密★10年",
        "a{b}",
    ],
)
def test_what_prose_quotes_is_no_value(line: str) -> None:
    assert list(values(line)) == []


def test_in_program_text_every_string_is_a_value() -> None:
    assert list(values('MsgBox "机密★10年"', code=True)) == ["机密★10年"]


@pytest.mark.parametrize("line", ["│机密│★10年│", "| 000123 文件 | 机密 | ★ | 10年 |", "║机║密║★║10║年║"])
def test_a_mark_over_several_cells_of_a_drawn_table_is_one(line: str) -> None:
    assert list(values(line)) == ["机密★10年"]


@pytest.mark.parametrize("line", ["│例│如│机密│★10年│", "│级别│机密│期限│10年│", "| 机密★10年 | 绝密★30年 |", "a || b"])
def test_cells_that_are_no_parts_of_one_mark_stay_apart(line: str) -> None:
    assert list(values(line)) == []
