from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.records import Finding, Place, Severity
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

Find = Callable[..., tuple[Finding, ...]]
GRAMMAR = Grammar(load_rules())
MARKS = ["机密★10年", "绝密★30年", "秘密★6个月", "秘密★2027年6月1日", "绝密★启用前", "机密★长期"]
CANONICAL = st.sampled_from(MARKS)


@pytest.mark.parametrize(
    ("zone", "text", "level"),
    [
        ("header", "机密★10年\t第1页", "机密"),
        ("header", "远山研究所\t\t内部资料", "内部"),
        ("footer", "机密 - 1 -", "机密"),
        ("footer", "SECRET//NOFORN   Page 1 of 3", "SECRET"),
        ("footer", "—— 机密 ——", "机密"),
        ("p1_top_left", "机密★10年                                000012", "机密"),
        ("p1_top_left", "密 级：机 密", "机密"),
        ("p1_top_left", "密级：机密  编号：0012", "机密"),
        ("p1_top_left", "启用前★绝密", "绝密"),
        ("p1_top_left", "机密▲10年", "机密"),
        ("header", "绝密◆长期", "绝密"),
        ("p1_top_left", "机密★10", "机密"),
        ("header", "秘密★5", "秘密"),
        ("p1_top_left", "ＳＥＣＲＥＴ//NOFORN", "SECRET"),
        ("p1_top_left", "文件密级-机密", "机密"),
        ("p1_top_left", "库房密级：秘密", "秘密"),
        ("p1_top_left", "【密级】绝密 【保密期限】20年", "绝密"),
        ("p1_top_left", "秘密等级：机密  保密期限：8年", "机密"),
        ("table_field", "密级：( )绝密 (√)机密 ( )秘密", "机密"),
        ("table_field", "密级（勾选）\t☑机密 □秘密", "机密"),
        ("header", "机密　专人传递", "机密"),
        ("stamp", "㊙", "秘密"),
        ("p1_top_left", "| TLP | AMBER |", "AMBER"),
        ("subject", "绝密：演练安排", "绝密"),
        ("p1_top_left", "秘密\n★\n5年", "秘密"),
        ("table_field", "密级\t机密\t保密期限\t5年", "机密"),
        ("table_field", "密级：绝密□ 机密☑ 秘密□", "机密"),
        ("title", "关于经费安排的请示（秘密）", "秘密"),
        ("subject", "Re: [机密] 方案", "机密"),
        ("cell", "重点项目情况报告（核心商密★5年）", "核心商密"),
        ("filename", "2024年方案_机密.docx", "机密"),
        ("path", "资料/【机密】项目/一", "机密"),
        ("p1_block", "绝密", "绝密"),
        ("body", "  秘密★5年  ", "秘密"),
        ("body", "SECRET//NOFORN", "SECRET"),
    ],
)
def test_markings_are_found_as_real_documents_carry_them(find: Find, zone: str, text: str, level: str) -> None:
    found = find(text, zone)
    assert [finding.level for finding in found] == [level]


@pytest.mark.parametrize(
    "text",
    [
        "机密文件管理办法",
        "晒一晒绝密★启用前试卷",
        "为什么封面要写绝密★启用前",
        "秘密（2009年）",
        "机密★　年",
        "三级保密资质（秘密级）",
        "【机密】（英国电影）",
        "阅卷前，试卷封面印有“绝密★启用前”字样的，不得提前拆封，这是考务常识。",
        "A.机密★10年",
        "A. 绝密",
        "一、商业秘密",
        "密级（绝密、机密、秘密）",
        "秘密 机密 绝密",
        "密级：□绝密　□机密　□秘密　☑公开",
        "密级： 绝密\n□\n□机密\n□秘密\n☑公开",
        "小说的第三章写道，她在旧宅后面发现了一座秘密花园，花园的门已经锁了十年。",
        "电影《绝密飞行》将于下周在各大影院上映",
        '"""机密 = enum value, 秘密 = 1"""',
        'TOP_SECRET_KEY = os.environ["TOP_SECRET_KEY"]',
        "kind: Secret",
        'msgid "Secret"\nmsgstr "秘密"',
        "词汇表\n合同\n机密\n预算\n秘密\n会议\n内部\n绝密\n日程",
        "DECLASSIFIED  (formerly SECRET)",
        "CONFIDENTIAL INFORMATION",
        "国家秘密",
    ],
)
@pytest.mark.parametrize("zone", ["body", "p1_top_left", "p1_block", "cell", "header", "title"])
def test_talk_about_secrecy_is_no_marking_wherever_it_stands(find: Find, zone: str, text: str) -> None:
    assert find(text, zone) == ()


def test_level_and_term_in_two_fields_of_a_form_are_one_state_mark(grammar: Grammar) -> None:
    fields = [Passage(Zone.TABLE_FIELD, "密级\t机密"), Passage(Zone.TABLE_FIELD, "保密期限\t10年")]
    found = grammar.find(fields)
    assert [(f.family, f.level, f.period) for f in found] == [("state", "机密", "P10Y")]


def test_gaps_in_the_labels_of_a_form_hide_nothing(find: Find) -> None:
    for text in ("密 级：机密    保 密 期 限：10年", "密级：机密\n保 密 期 限：10 年"):
        assert [(f.level, f.period) for f in find(text, "cover")] == [("机密", "P10Y")]


def test_a_property_called_level_needs_no_label_in_its_value(grammar: Grammar) -> None:
    plain = grammar.find([Passage(Zone.DOC_PROPERTY, "机密", name="keywords")])[0]
    named = grammar.find([Passage(Zone.DOC_PROPERTY, "机密", name="密级")])[0]
    assert (plain.rule, named.rule) == ("cn-state.bare", "cn-state.level-field")
    label = Passage(Zone.DOC_PROPERTY, "Confidential", name="MSIP_Label_ab-12_Name")
    assert grammar.find([label])[0].level == "CONFIDENTIAL"


def test_of_a_struck_mark_and_its_successor_the_later_comes_first(grammar: Grammar) -> None:
    old, new = Passage(Zone.P1_TOP_LEFT, "机密★10年", struck=True), Passage(Zone.P1_TOP_LEFT, "秘密★5年")
    found = grammar.find([old, new])
    assert [(f.marking, "CHANGED_MARK" in f.codes) for f in found] == [("秘密★5年", False), ("机密★10年", True)]


def test_a_changed_mark_on_one_line_keeps_the_one_that_holds_now(find: Find) -> None:
    (found,) = find("机密★10年（2024年3月变更为秘密★5年）")
    assert (found.marking, found.severity, found.codes) == ("秘密★5年", Severity.HIGH, ("CHANGED_MARK",))


def test_the_same_mark_of_one_zone_is_told_once_with_its_best_place(grammar: Grammar) -> None:
    pages = [Passage(Zone.HEADER, "机密★10年", Place(page=page), emphasis=page == 3) for page in (1, 2, 3)]
    (found,) = grammar.find(pages)
    assert found.place == Place(page=3)


def test_the_line_of_a_marking_counts_from_the_first_line_of_its_passage(grammar: Grammar) -> None:
    (found,) = grammar.find([Passage(Zone.BODY, "前言\n\n机密★10年\n结语", Place(line=40))])
    assert found.place == Place(line=42)
    (first,) = grammar.find([Passage(Zone.P1_TOP_LEFT, "000012\n机\n密\n★\n5\n年")])
    assert first.place == Place(line=2)


def test_no_more_than_fifty_findings_leave_one_file(grammar: Grammar) -> None:
    many = [Passage(Zone.BODY, f"机密★{years}年") for years in range(1, 80)]
    assert len(grammar.find(many)) == 50


def test_the_marking_shown_holds_nothing_of_the_text_around_it(find: Find) -> None:
    assert find("远山集团 核心商密 5年")[0].marking == "核心商密 5年"
    assert find("密级：机密  编号：0012  承办：某处")[0].marking == "机密"
    assert find("TOP SECRET//SI//NOFORN", "header")[0].marking == "TOP SECRET//SI//NOFORN"
    assert find("SECRET//AURORA PROJECT//NOFORN", "header")[0].marking == "SECRET//… …//NOFORN"
    assert find("关于远山试验的请示(机密★5年).docx", "filename")[0].marking == "机密★5年"


def test_the_explanation_accounts_for_every_point(grammar: Grammar) -> None:
    told = grammar.explain("例如，标注为“机密★10年”", Zone.P1_TOP_LEFT)
    (reading,) = told.readings
    assert reading.rule == "cn-state.starred"
    assert reading.confidence == max(0, min(100, sum(points for _, points in reading.points)))
    assert ("in quotation marks", -40) in reading.points
    assert told.views == ("例如,标注为“机密★10年”",)
    header = grammar.explain("远山研究所\t机 密", Zone.HEADER)
    assert header.views == ("远山研究所\t机密",)
    assert header.tried == (("line", "远山研究所\t机密"), ("segment", "远山研究所"), ("segment", "机密"))
    assert grammar.explain("方案-机密.docx", Zone.FILENAME).tried == (("name", "方案"), ("name", "机密"))


@given(
    text=st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("机绝秘密★*☆级年月10：:（）【】\n\t -/SECRTO内部"))
    ),
    zone=st.sampled_from(Zone),
)
def test_no_text_in_any_zone_makes_it_fail(text: str, zone: Zone) -> None:
    for finding in GRAMMAR.find([Passage(zone, text)], least=0):
        assert 0 <= finding.confidence <= 100
        assert finding.zone == zone


@given(mark=CANONICAL, data=st.data())
def test_gaps_and_invisible_characters_do_not_hide_a_state_mark(mark: str, data: st.DataObject) -> None:
    gap = st.text(alphabet=" \u200b\u200d\u2060\ufeff\u00ad", max_size=2)
    text = "".join(letter + data.draw(gap) for letter in mark)
    (found,) = GRAMMAR.find([Passage(Zone.HEADER, text)])
    assert found.marking == mark


@given(mark=CANONICAL)
def test_full_width_digits_do_not_hide_a_state_mark(mark: str) -> None:
    wide = mark.translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)})
    (found,) = GRAMMAR.find([Passage(Zone.HEADER, wide)])
    assert found.marking == mark
    assert ("DIGIT_WIDTH" in found.codes) == (wide != mark)


def test_a_form_whose_term_has_the_short_label_is_one_state_mark(grammar: Grammar) -> None:
    (found, *_) = grammar.find([Passage(Zone.TABLE_FIELD, "密级\t绝密\t期限\t长期")])
    assert (found.level, found.period) == ("绝密", "LONG")
    (found, *_) = grammar.find([Passage(Zone.TABLE_FIELD, "密级\t绝密\t合同期限\t10年")])
    assert (found.level, found.period) == ("绝密", None)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("OFFICIAL-SENSITIVE - staffing.docx", "OFFICIAL-SENSITIVE"),
        ("staffing - 2024 - OFFICIAL-SENSITIVE.docx", "OFFICIAL-SENSITIVE"),
        ("2024-方案-终稿-机密.docx", "机密"),
    ],
)
def test_a_mark_with_a_hyphen_in_itself_is_found_at_either_end_of_a_name(find: Find, name: str, level: str) -> None:
    assert [f.level for f in find(name, "filename")] == [level]


def test_a_bracket_at_the_start_of_a_title_property_is_a_mark(grammar: Grammar) -> None:
    (found,) = grammar.find([Passage(Zone.DOC_PROPERTY, "【机密】水库调度方案", name="title")])
    assert (found.level, found.rule) == ("机密", "cn-state.lead")


def test_companions_are_looked_for_near_the_mark_however_long_the_lines_are(grammar: Grammar) -> None:
    block = "CUI Category: CRIT\nControlled by: Office\nDistribution: FEDCON"
    assert grammar.find([Passage(Zone.BODY, block)])
    far = "CUI Category: CRIT\n" + "x" * 10_000 + "\nControlled by: Office\nDistribution: FEDCON"
    assert grammar.find([Passage(Zone.BODY, far)])
    hidden = "CUI Category: CRIT\n" + "x " * 5_000 + "Controlled by: Office Distribution: FEDCON"
    assert grammar.find([Passage(Zone.BODY, hidden)]) == ()


@pytest.mark.parametrize(
    ("text", "zone", "level", "period"),
    [
        ("密级 秘密 保密期限 5年 份号 001", "p1_top_left", "秘密", "P5Y"),
        ("机 密 级 ★ 长 期", "cover", "机密", "LONG"),
        ("机密★１年６个月", "header", "机密", "P18M"),
        ("【绝密】设备参数", "header", "绝密", None),
    ],
)
def test_usual_ways_to_write_a_mark_lose_neither_level_nor_period(
    find: Find, text: str, zone: str, level: str, period: str | None
) -> None:
    assert [(f.level, f.period) for f in find(text, zone)] == [(level, period)]


def test_a_form_whose_cells_come_one_a_line_still_gives_its_term(grammar: Grammar) -> None:
    field = Passage(Zone.TABLE_FIELD, "涉密等级\t秘密")
    front = Passage(Zone.P1_TOP_LEFT, "发文处理笺\n涉密等级\n秘密\n解密时间\n2028年1月1日")
    assert grammar.find([field, front])[0].period == "DATE:2028-01-01"


@pytest.mark.parametrize("text", ["答：B（机密★20年）", "解析：机密★20年", "请在首页标注“秘密★5年”后再送审。"])
def test_an_answer_or_an_instruction_is_no_mark(find: Find, text: str) -> None:
    assert find(text, "p1_top_left") == ()


@pytest.mark.parametrize("term", ["7年", "（7年）", "保密期限：7年", "期限 7年"])
def test_the_term_on_the_line_below_a_level_belongs_to_it(find: Find, term: str) -> None:
    (found,) = find(f"秘密\n{term}")
    assert (found.family, found.level, found.period) == ("state", "秘密", "P7Y")


def test_a_date_below_a_level_is_that_of_the_paper(find: Find) -> None:
    (found,) = find("秘密\n2024年5月3日")
    assert (found.family, found.period) == ("level_only", None)


@pytest.mark.parametrize(
    ("before", "after", "period"), [(2, 9, "P5Y"), (3, 9, None), (9, 3, "P5Y"), (9, 4, None), (1, 1, "P5Y")]
)
def test_the_term_of_a_form_stands_up_to_two_fields_before_and_three_after(
    grammar: Grammar, before: int, after: int, period: str | None
) -> None:
    fields = ["密级\t机密", *["编号\t12"] * 9]
    if before < 9:
        fields[:0] = ["保密期限\t5年", *["编号\t12"] * (before - 1)]
    if after < 9:
        at = fields.index("密级\t机密") + after
        fields[at:at] = ["保密期限\t5年"]
    found = grammar.find([Passage(Zone.TABLE_FIELD, field) for field in fields])
    assert [(f.level, f.period) for f in found if f.level == "机密"] == [("机密", period)]


@pytest.mark.parametrize(("lines", "period"), [(1, "P5Y"), (2, "P5Y"), (3, None)])
def test_the_term_of_a_form_stands_up_to_two_lines_below(find: Find, lines: int, period: str | None) -> None:
    text = "密级：机密\n" + "编号：12\n" * (lines - 1) + "保密期限：5年"
    assert find(text, "cover")[0].period == period


def test_a_notation_in_a_part_of_a_header_is_heard(grammar: Grammar) -> None:
    (told,) = grammar.notations([Passage(Zone.HEADER, "远山研究所\t非密")])
    assert (told.level, told.strong) == ("not_classified", True)
    assert [n.level for n in grammar.notations([Passage(Zone.FILENAME, "（非密）方案.docx")])] == ["not_classified"]
    assert grammar.notations([Passage(Zone.PARA_LEAD, "（非密）本段可以公开。")]) == ()


def test_a_bracket_at_the_end_of_a_cell_marks_it_only_with_a_term(find: Find) -> None:
    assert find("关于经费安排的报告（机密）", "cell") == ()
    assert [f.period for f in find("关于经费安排的报告（机密 5年）", "cell")] == ["P5Y"]


@pytest.mark.parametrize(
    ("text", "marking", "period", "codes"),
    [
        ("机密\n★10年", "机密★10年", "P10Y", ()),
        ("机密★\n10年", "机密★10年", "P10Y", ()),
        ("机密★\n2031年6月30日", "机密★", None, ("PERIOD_MISSING",)),
        ("机密\n★2031年6月30日", "机密★2031年6月30日", "DATE:2031-06-30", ()),
        ("机密\n10年", "机密 10年", "P10Y", ("STAR_MISSING",)),
        ("机密★\n关于防汛的通知", "机密★", None, ("PERIOD_MISSING",)),
    ],
)
def test_a_mark_broken_before_or_behind_its_star_is_one_mark(
    find: Find, text: str, marking: str, period: str | None, codes: tuple[str, ...]
) -> None:
    (found,) = find(text)
    assert (found.marking, found.period, found.codes) == (marking, period, codes)


def test_marks_that_say_the_same_are_read_sixty_times_and_those_of_one_rule_three_hundred(grammar: Grammar) -> None:
    assert len(grammar.explain("机密★10年\n" * 90, Zone.P1_TOP_LEFT).readings) == 60
    stems = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申"
    several = "\n".join(f"机密★{one}{other}前" for one in stems for other in stems)
    assert len(grammar.explain(several, Zone.P1_TOP_LEFT).readings) == 300


@pytest.mark.parametrize(("between", "found"), [(5, True), (6, False)])
def test_companions_stand_within_six_lines_above_or_below(grammar: Grammar, between: int, found: bool) -> None:
    far = "无\n" * between
    below = f"Controlled by: Office\nCUI Category: CRIT\n{far}Distribution: FEDCON"
    above = f"Controlled by: Office\n{far}CUI Category: CRIT\nDistribution: FEDCON"
    assert [bool(grammar.find([Passage(Zone.BODY, text)])) for text in (below, above)] == [found, found]


def test_a_term_on_the_line_below_belongs_to_a_lone_state_level_only(find: Find) -> None:
    assert [(f.family, f.period) for f in find("商业秘密\n3年")] == [("commercial", None)]
    assert [f.period for f in find("机密★10年\n5年")] == ["P10Y"]
    assert [(f.family, f.period) for f in find("附件 机密★\n5年", least=1)] == [("state", None)]


def test_only_the_next_line_holds_the_term_of_a_lone_level(find: Find) -> None:
    assert [(f.level, f.period) for f in find("秘密\n关于防汛的通知\n7年")] == [("秘密", None)]


def test_a_commercial_word_that_a_subject_begins_with_is_a_mark(find: Find) -> None:
    assert [f.level for f in find("普通商密：演练安排", "subject")] == ["普通商密"]


def test_a_mark_with_nothing_but_red_head_and_number_lacks_its_copy_number(find: Find) -> None:
    (found,) = find("机密★10年\n远山市人民政府文件\n远政〔2024〕15号")
    assert found.codes == ("NO_COPY_NUMBER",)


@pytest.mark.parametrize("text", ["秘密★5星", "机密★100", "机密★10分", "绝密★0", "按机密▲10年管理的文件"])
def test_a_number_behind_a_star_that_is_no_term_makes_no_mark(find: Find, text: str) -> None:
    assert not find(text, "p1_top_left")
