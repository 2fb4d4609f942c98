"""Drawings of bars: what is drawn is what the table says."""

from __future__ import annotations

from django.utils import translation

from server.web.charts import WIDTH, Series, columns, stacked

NAMES = ["甲处", "一个名字特别长的综合业务处", "丙处"]
SERIES = (Series("新", "state-new", [8, 0, 2]), Series("旧", "state-assigned", [4, 0, 1]))


def test_each_number_that_is_not_nothing_has_a_bar_of_its_length() -> None:
    chart = stacked("x", "标题", "部门", NAMES, SERIES)
    widths = {bar.title: bar.width for bar in chart.bars}
    assert set(widths) == {"甲处 · 新: 8", "甲处 · 旧: 4", "丙处 · 新: 2", "丙处 · 旧: 1"}
    assert abs(widths["甲处 · 新: 8"] - 2 * widths["甲处 · 旧: 4"]) < 2
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in chart.bars)


def test_columns_stay_on_the_paper_and_say_their_number() -> None:
    chart = columns("x", "标题", "周", [str(week) for week in range(12)], (Series("新", "opened", list(range(12))),))
    assert all(bar.y >= 0 and bar.y + bar.height <= chart.height for bar in chart.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in chart.bars)
    assert {label.words for label in chart.labels if label.look == "chart__number"} == {str(n) for n in range(1, 12)}


def test_large_numbers_above_columns_find_room_beside_each_other() -> None:
    weeks = (Series("新", "opened", [12_345] * 12),)
    with translation.override("zh-hans"):
        chart = columns("x", "标题", "周", [str(week) for week in range(12)], weeks)
    places = [(label.x, label.words) for label in chart.labels if label.look == "chart__number"]
    assert {words for _place, words in places} == {"1.2万"}
    assert places[0][0] >= 2 * 7.5
    with translation.override("en"):
        english = columns("x", "t", "w", ["1"], (Series("n", "opened", [12_345]),))
    assert "12k" in {label.words for label in english.labels}


def test_all_others_together_are_told_and_do_not_dwarf_the_rest() -> None:
    rows = (Series("新", "state-new", [8, 4, 10_000]),)
    chart = stacked("x", "标题", "部门", ["甲", "乙", "其他"], rows, rest=True)
    assert [bar.title for bar in chart.bars] == ["甲 · 新: 8", "乙 · 新: 4"]
    assert chart.bars[0].width > WIDTH / 3
    assert "10,000" in {label.words for label in chart.labels}
    assert chart.rows[2] == ("其他", [10_000])


def test_large_numbers_beside_and_in_rows_are_whole_and_have_their_thousands_apart() -> None:
    chart = stacked("x", "标题", "部门", ["甲", "乙"], (Series("新", "state-new", [146_620, 12]),))
    told = {label.words: label for label in chart.labels if label.anchor == "start"}
    assert told["146,620"].x + 7.5 * len("146,620") <= WIDTH
    assert [label.words for label in chart.labels if label.anchor == "middle"] == ["146,620"]


def test_a_long_name_is_cut_in_the_drawing_and_whole_in_the_table() -> None:
    chart = stacked("x", "标题", "部门", NAMES, SERIES)
    assert "一个名字特别…" in {label.words for label in chart.labels}
    assert chart.rows[1] == ("一个名字特别长的综合业务处", [0, 0])


def test_nothing_at_all_is_drawn_without_a_mishap() -> None:
    chart = stacked("x", "标题", "部门", [], ())
    assert (chart.bars, chart.total, chart.rows) == ([], 0, [])
