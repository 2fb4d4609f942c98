"""Head, foot, surroundings and rows of a text of lines."""

from __future__ import annotations

import pytest

from agent.scanning.formats.lines import (
    HEAD_LINES,
    Table,
    foot_start,
    head_end,
    hit_lines,
    is_prose,
    ranges,
    undecorated,
)
from signatures.engine import build
from signatures.literals import Literal


def test_the_head_is_no_longer_than_twelve_lines_with_text() -> None:
    assert head_end(["短", ""] * 30) == 2 * HEAD_LINES - 1
    assert head_end([]) == 0


def test_long_lines_and_sentences_are_prose() -> None:
    assert is_prose("字" * 49)
    assert is_prose("请各单位认真贯彻执行本通知的要求。")
    assert not is_prose("关于做好汛期值守工作的通知")
    assert not is_prose("保密；")


@pytest.mark.parametrize(
    ("lines", "foot"), [(["正文", "机密", "", "- 12 -"], 1), (["机密", "字" * 60], 2), ([], 0), (["", ""], 2)]
)
def test_the_foot_is_the_last_short_line_that_is_no_page_number(lines: list[str], foot: int) -> None:
    assert foot_start(lines) == foot


def test_stretches_around_hits_are_joined_where_they_touch() -> None:
    assert ranges([0, 10, 40], 60, around=6) == [(0, 17), (34, 47)]
    assert ranges([], 60) == []


def test_a_literal_over_two_lines_counts_for_the_first() -> None:
    sieve = build([Literal("机密", gaps=True)], prefer="re2")
    assert hit_lines(sieve, ["甲", "机", "密", "机密"]) == {1, 3}


def test_a_table_needs_rows_of_equal_width() -> None:
    assert Table.of(["a,b", "c,d"]) == Table(",", 2)
    assert Table.of(["a\tb\tc"] * 9) == Table("\t", 5)
    assert Table.of(["一句话，两句话", "Well, yes", "no"]) is None
    assert Table.of([]) is None


def test_only_labels_of_classification_make_fields() -> None:
    assert list(Table.fields(["密级：", "机密", "姓名", "秘密"])) == [("密级", "机密")]
    assert Table.field("kind: Secret") == ""
    assert Table.field("Classification: SECRET") == "Classification\tSECRET"


@pytest.mark.parametrize(
    ("line", "bare"),
    [("## 机密", "机密"), ("**机密**", "机密"), ("* 机密", "* 机密"), ("a_b_c", "a_b_c"), ("#机密", "#机密")],
)
def test_only_markdown_around_the_whole_line_is_taken_off(line: str, bare: str) -> None:
    assert undecorated(line) == bare
