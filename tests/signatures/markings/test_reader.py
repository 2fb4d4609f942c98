"""Which lines are read, and that their number stays bounded whatever the text is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from signatures.markings import Grammar
from signatures.markings.patterns import PatternRule
from signatures.markings.reader import Reader
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

RULES = load_rules()
BODY_RULES = [
    PatternRule(rule, frozenset())
    for rule in RULES.rules
    if rule.pattern is not None and rule.family != "notation" and Zone.BODY in rule.where()
]
READER = Reader(RULES, BODY_RULES, ("机蜜",))
TOP, BODY = Zone.P1_TOP_LEFT, Zone.BODY


def read(*passages: Passage) -> list[str]:
    return [line.text for line in READER.lines(passages)]


def body(text: str) -> list[str]:
    return read(Passage(BODY, text))


def top(text: str) -> list[str]:
    return read(Passage(TOP, text))


def test_of_running_text_only_lines_that_can_be_nothing_but_a_mark_are_read() -> None:
    text = "机密★10年\n重要★机密事项\n关于机密★10年的说明\n  【密级：秘密☆5年】\n机密文件\n已解密 机密★5年\n★ 机密★5年"
    assert body(text) == ["机密★10年", "  【密级:秘密★5年】", "已解密 机密★5年", "★ 机密★5年"]


@pytest.mark.parametrize(
    "line",
    [
        "机　密 ☆10年",
        "機\u200b密★10年",
        "（机密级★）",
        "机·密*5年",
        "机蜜★5年",
        "機密＊5年",
        "机\u200b\u200b\u200b\u200b\u200b密★5年",
    ],
)
def test_the_beginning_of_a_mark_is_known_in_all_its_writings(line: str) -> None:
    assert len(body(f"前言\n{line}\n后记")) == 1


def test_of_english_running_text_only_lines_that_hold_a_whole_marking_are_read() -> None:
    text = "The SECRET of success\nSECRET//NOFORN\nDeclassify On: 20331231\nCONFIDENTIAL matters"
    assert body(text) == ["SECRET//NOFORN", "Declassify On: 20331231"]


def test_a_mark_below_a_line_that_ends_in_a_star_is_read_by_itself() -> None:
    assert "机密★10年" in body("前言★\n机密★10年")


def test_in_a_marking_zone_every_line_with_a_level_word_is_read() -> None:
    assert top("通知\n机密文件\n关于机密\n附件") == ["机密文件", "关于机密"]


def test_a_column_of_characters_is_read_as_one_line_once() -> None:
    (line,) = READER.lines([Passage(TOP, "通知\n机\n密\n★\n5\n年\n附件")])
    assert (line.text, line.number, line.view.vertical) == ("机密★5年", 1, True)


def test_a_column_counts_from_its_first_character() -> None:
    (line,) = READER.lines([Passage(TOP, "通知\n密\n级\n机\n密\n附件")])
    assert (line.text, line.number) == ("密级机密", 1)


def test_a_word_broken_at_the_end_of_a_line_is_read_joined() -> None:
    assert top("关于机\n密事项") == ["关于机密事项"]


def test_a_property_that_holds_a_marking_is_read_with_its_label() -> None:
    assert read(Passage(Zone.DOC_PROPERTY, "机密", name="密级")) == ["密级:机密"]
    assert read(Passage(Zone.DOC_PROPERTY, "Confidential", name="MSIP_Label_12-ab_Name")) == ["密级:Confidential"]
    assert read(Passage(Zone.DOC_PROPERTY, "机密", name="title")) == ["机密"]


def test_a_very_long_line_is_read_at_its_beginning_and_around_its_stars() -> None:
    text = "（机密）" + "甲" * 3000 + "机密★10年" + "乙" * 3000
    first, second = top(text)
    assert first.startswith("(机密)")
    assert "机密★10年" in second
    assert len(first) == 300
    assert 600 <= len(second) <= 610
    assert body(text) == []


def test_the_windows_of_a_very_long_line_know_where_they_stand() -> None:
    source = "通知\n" + "甲" * 2000 + "机密★10年" + "乙" * 2000 + "\n附件 机密★5年"
    windows = list(READER.lines([Passage(Zone.HEADER, source)]))
    assert [line.number for line in windows] == [1, 1, 2]
    assert [(line.first, line.last) for line in windows[:2]] == [(3, 303), (1704, 2306)]
    assert windows[1].text.endswith("乙" * 297)
    assert "附件" not in windows[1].text
    assert [line.text for line in READER.lines([Passage(TOP, source, pages=2)])] == [line.text for line in windows]


def test_windows_that_touch_are_one() -> None:
    assert len(top("甲" * 1000 + "机密★10年" + "乙" * 590 + "机密★5年" + "丙" * 1000)) == 2
    assert len(top("甲" * 1000 + "机密★10年" + "乙" * 610 + "机密★5年" + "丙" * 1000)) == 3


def test_a_mark_on_the_edge_of_a_window_is_read_whole() -> None:
    for lead in (*range(285, 305), *range(590, 610)):
        windows = top("甲" * lead + "机密★10年" + "乙" * 2000)
        assert ["机密★10年" in window for window in windows if "机密" in window] == [True]


def test_of_a_very_long_line_two_hundred_stars_are_read() -> None:
    line = "甲" * 1000 + "".join("机密★10年" + chr(0x4E00 + n) * 700 for n in range(250))
    assert len(top(line)) == 201


def test_many_lines_that_differ_in_their_digits_alone_are_read_two_hundred_times() -> None:
    assert len(top("".join(f"机密★{n}年\n" for n in range(5000)))) == 200
    other = [Passage(TOP, f"机密★{n}年") for n in range(5000)]
    assert len(read(*other)) == 200
    assert read(*other, Passage(TOP, "绝密★30年"))[-1] == "绝密★30年"
    assert read(*other, Passage(Zone.HEADER, "机密★7年"))[-1] == "机密★7年"
    assert read(*other, Passage(TOP, "机密★7年", struck=True))[-1] == "机密★7年"


def test_lines_that_differ_in_more_are_all_read() -> None:
    letters = "甲乙丙丁戊己庚辛壬癸"
    text = "\n".join(f"机密{a}{b}{c}" for a in letters for b in letters for c in letters)
    assert len(top(text)) == 1000


@pytest.mark.parametrize("zone", [TOP, BODY, Zone.HEADER, Zone.CELL])
@pytest.mark.parametrize("unit", ["★", "秘密", "秘密★", "★秘密", "*机", "机-密·", "SECRET", "☆\u200b"])
def test_one_line_of_nothing_but_hits_is_read_a_bounded_number_of_times(zone: Zone, unit: str) -> None:
    lines = READER.lines([Passage(zone, unit * 200_000)])
    assert sum(1 for _ in lines) <= 202


@pytest.mark.parametrize(
    "unit", ["★\n", "秘密\n", "秘密★5年\n", "重要★机密事项\n", "密级：机密\n", "SECRET//NOFORN\n", "密\n★\n"]
)
def test_many_lines_of_nothing_but_hits_are_read_a_bounded_number_of_times(unit: str) -> None:
    for zone in (TOP, BODY):
        assert sum(1 for _ in READER.lines([Passage(zone, unit * 20_000)])) <= 202


def test_a_text_of_nothing_but_hits_takes_no_memory_of_its_own() -> None:
    text = "秘密" * 1_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in READER.lines([Passage(Zone.HEADER, text)])) == 1
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_the_lines_of_a_trigger_are_short_and_told_with_their_numbers() -> None:
    import re

    def found(text: str, **more: object) -> Iterator[tuple[int, int, str]]:
        passages = [Passage(BODY, "无"), Passage(Zone.DOC_PROPERTY, text, **more)]  # type: ignore[arg-type]
        return ((x.index, x.number, x.text) for x in READER.short_lines(passages, re.compile("公开|非密")))

    (line,) = READER.short_lines([Passage(BODY, "无\n非密")], re.compile("非密"))
    assert (line.source, line.first, line.last) == ("无\n非密", 2, 4)
    assert list(found("主动公开\n无\n公　开\n非密")) == [(1, 0, "主动公开"), (1, 3, "非密")]
    assert list(found("公开" + "甲" * 299)) == []
    assert list(found("公开" + "甲" * 298)) == [(1, 0, "公开" + "甲" * 298)]
    assert list(found("公开", name="密级")) == [(1, 0, "密级:公开")]
    assert sum(1 for _ in found("公开\n" * 1000)) == 100


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Marking: CUI", True), ("Marking\tCUI", True), ("Marking   CUI", True), ("Marking CUI", False),
        ("密级 机密", True), ("密级:机密", True), ("密级机密", False),
    ],
)  # fmt: skip
def test_after_an_english_label_one_blank_is_not_enough(grammar: Grammar, text: str, found: bool) -> None:
    assert (grammar._reader.labels.match(text) is not None) is found


def test_a_form_field_on_the_last_lines_of_a_text_is_a_note_at_its_end(grammar: Grammar) -> None:
    body = "\n".join(["各单位应当按时报送水情。"] * 20)

    def found(*texts: str) -> list[tuple[str, str | None, str]]:
        return [(f.rule, f.level, f.zone) for f in grammar.find([Passage(Zone.BODY, text) for text in texts])]

    assert found(body + "\n密级：机密\n2024年5月6日\n") == [("cn-state.level-field", "机密", "note_end")]
    assert found(body, "密 级：机密", "保密期限：5年", "2024年5月6日")[0] == ("cn-state.field", "机密", "note_end")
    assert found("密级：机密\n" + body) == []
    assert found("密级：机密", *body.split("\n")) == []
    assert found(body + "\n密级：绝密、机密、秘密") == []
    assert found(body + "\n密级：机密，由定密责任人确定，并报保密办备案" + "，不得擅自变更，变更须书面通知" * 3) == []


@pytest.mark.parametrize(("following", "found"), [(0, True), (5, True), (6, False), (45, False)])
def test_only_the_last_six_lines_of_a_text_may_be_its_notes(grammar: Grammar, following: int, found: bool) -> None:
    lines = ["密级：机密", *["各单位应当按时报送水情。"] * following]
    one_each = [Passage(Zone.BODY, "各单位应当按时报送水情。"), *(Passage(Zone.BODY, line) for line in lines)]
    assert bool(grammar.find(one_each)) is found
    assert bool(grammar.find([Passage(Zone.BODY, "\n".join(["各单位应当按时报送水情。", *lines]))])) is found


def test_a_field_at_the_end_of_a_text_is_told_with_its_line(grammar: Grammar) -> None:
    lines = ["各单位应当按时报送水情。"] * 9
    for after in range(3):
        (found,) = grammar.find([Passage(Zone.BODY, "\n".join([*lines, "密级：机密", *lines[:after]]))])
        assert found.place.line == 10


@pytest.mark.parametrize(("length", "found"), [(60, True), (61, False)])
def test_a_field_at_the_end_of_a_text_is_a_short_line(grammar: Grammar, length: int, found: bool) -> None:
    field = "密级：机密" + " " * (length - len("密级：机密"))
    assert bool(grammar.find([Passage(Zone.BODY, f"各单位应当按时报送水情。\n{field}")])) is found


def test_a_field_that_begins_with_this_paper_needs_no_colon(grammar: Grammar) -> None:
    for text in ("本件密级为机密", "此件密级为机密级"):
        assert [f.level for f in grammar.find([Passage(Zone.P1_TOP_LEFT, text)])] == ["机密"]
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "文件密级为机密")]) == ()


@pytest.mark.parametrize(("length", "found"), [(300, True), (301, False)])
def test_a_line_of_running_text_is_read_up_to_three_hundred_characters(
    grammar: Grammar, length: int, found: bool
) -> None:
    text = "机密★10年" + " " * (length - len("机密★10年"))
    assert bool(grammar.find([Passage(Zone.BODY, text)])) is found


def test_a_mark_broken_over_two_lines_is_found_far_down_as_well(grammar: Grammar) -> None:
    text = "各单位应当按时报送水情。\n" * 60 + "机\n密★10年"
    (found,) = grammar.find([Passage(Zone.COVER, text)])
    assert (found.level, found.period, found.place.line) == ("机密", "P10Y", 61)


@pytest.mark.parametrize(("properties", "found"), [(39, True), (40, False)])
def test_the_end_of_a_text_is_looked_for_before_its_properties(grammar: Grammar, properties: int, found: bool) -> None:
    text = Passage(Zone.BODY, "各单位应当按时报送水情。\n密级：机密")
    after = [Passage(Zone.DOC_PROPERTY, "值班表", name=f"own{number}") for number in range(properties)]
    assert bool(grammar.find([text, *after])) is found


def test_a_form_field_is_found_though_a_blank_line_begins_its_text(grammar: Grammar) -> None:
    assert [f.level for f in grammar.find([Passage(Zone.BODY, "\n密级：机密")])] == ["机密"]


@pytest.mark.parametrize(("length", "read_"), [(300, True), (301, False)])
def test_a_word_broken_at_the_end_of_a_long_line_is_read_within_bounds(length: int, read_: bool) -> None:
    line = "甲" * 100 + "机\n密" + "乙" * (length - 103)
    assert any("机密" in text for text in top(line)) is read_
