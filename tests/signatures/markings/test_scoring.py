"""Each point given and taken, as a person sees it who asks why (marking-grammar 3.3)."""

from __future__ import annotations

import pytest

from protocol.records import Place
from signatures.markings import Grammar
from signatures.passages import Passage, Zone

STAR, ALONE = ("form STARRED", 60), ("alone on its line", 10)
TOP = ("zone p1_top_left", 25)


def points(grammar: Grammar, zone: str, text: str) -> list[tuple[tuple[str, int], ...]]:
    return [reading.points for reading in grammar.explain(text, Zone(zone)).readings]


@pytest.mark.parametrize(
    ("zone", "text", "given"),
    [
        ("p1_top_left", "机密★10年", (STAR, TOP, ALONE)),
        ("p1_top_left", "秘密★", (("form STARRED", 45), TOP, ALONE)),
        ("p1_top_left", "5年★机密", (("form REVERSED", 60), TOP, ALONE)),
        ("cover", "密级：机密", (("form FIELD", 40), ("zone cover", 25), ALONE)),
        ("header", "机密 5年", (("form PLAIN", 35), ("zone header", 20), ALONE)),
        ("footer", "机密", (("form BARE", 30), ("zone footer", 20), ALONE)),
        ("filename", "（机密）方案.docx", (("form FILENAME", 30), ("zone filename", 20))),
        ("para_lead", "（机密）本部分为部署。", (("form LEAD", 30), ("zone para_lead", 15))),
        ("header", "核心商密", (("form line", 30), ("zone header", 20), ALONE)),
        ("header", "SECRET//NOFORN", (("form line", 50), ("zone header", 20), ALONE)),
        ("subject", "TLP:RED plan", (("form name", 30), ("zone subject", 20))),
        ("watermark", "机\n密", (("form BARE", 30), ("zone watermark", 30), ALONE)),
    ],
)
def test_form_zone_and_a_line_of_its_own_give_points(
    grammar: Grammar, zone: str, text: str, given: tuple[tuple[str, int], ...]
) -> None:
    assert points(grammar, zone, text) == [given]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("机蜜★5年", (ALONE, ("a character was read for another", -10))),
        ("机密太5年", (ALONE, ("a character was read for another", -10))),
        ("机密★1O年", (ALONE, ("a character was read for another", -10))),
        ("· 机密★5年", (ALONE,)),
        ("见“·机密★5年”", ()),
        ("机密★5年文件", (("a noun follows", -40),)),
        ("属于机密★5年", (("a word before it makes it a noun", -30),)),
        ("国家机密★5年", (("a word before it makes it a noun", -30),)),
        ("附有“机密★5年”", (("in quotation marks", -40),)),
        ("附有“ 机密★5年 ”", (("in quotation marks", -40),)),
        ("附有“机密★5年”。", (("in quotation marks", -40),)),
        ("见“甲 机密★5年”", (("inside quotation marks with other words", -45),)),
        ("格式 机密★5年", (("words of example or instruction", -45),)),
        ("例如：机密★5年", (("words of example or instruction", -60),)),
        ("譬如：机密★5年", (("words of example or instruction", -60),)),
        ("示例：机密★5年", (("words of example or instruction", -60),)),
        ("例如本页 机密★5年", (("words of example or instruction", -45),)),
        ("机密★5年 字样", (("words of example or instruction", -45),)),
        ("机密★5年 " + "甲" * 30, (("part of a long line", -25),)),
        ("应当 机密★5年", (("part of a clause", -25),)),
        ("机密★5年 不得", (("part of a clause", -25),)),
        ("1.机密★5年", (("a list number begins the line", -20),)),
        ("（一）机密★5年", (("a list number begins the line", -20),)),
        ("A.机密★5年", (("an option of a question", -50),)),
        ("“机密★5年", ()),
        ("机密★5年 甲", ()),
    ],
)
def test_what_stands_on_the_same_line_takes_points(
    grammar: Grammar, text: str, taken: tuple[tuple[str, int], ...]
) -> None:
    assert points(grammar, "p1_top_left", text) == [(STAR, TOP, *taken)]


def test_a_placeholder_for_the_term_takes_points_first(grammar: Grammar) -> None:
    placeholder = ("a placeholder stands for the term", -60)
    for text in ("机密★X年", "机密★____年", "机密★保密期限"):
        assert points(grammar, "p1_top_left", text)[0][:3] == (placeholder, ("form STARRED", 45), TOP)


def test_a_header_may_be_longer_than_a_line_at_the_top_of_a_page(grammar: Grammar) -> None:
    (header,) = points(grammar, "header", "机密★5年 " + "甲" * 30)
    assert header == (STAR, ("zone header", 20))
    (sixty,) = points(grammar, "header", "机密★5年 " + "甲" * 54)
    assert sixty == (STAR, ("zone header", 20))
    (long,) = points(grammar, "header", "机密★5年 " + "甲" * 55)
    assert long == (STAR, ("zone header", 20), ("part of a long line", -25))


def test_a_line_is_long_from_thirty_one_characters(grammar: Grammar) -> None:
    (short,) = points(grammar, "p1_top_left", "机密★5年 " + "甲" * 24)
    assert short == (STAR, TOP)
    (long,) = points(grammar, "p1_top_left", "机密★5年 " + "甲" * 25)
    assert long == (STAR, TOP, ("part of a long line", -25))


@pytest.mark.parametrize(
    "after",
    [
        "是指泄露后的",
        "级事项为下列",
        "信息的范围",
        "包括下列",
        "一词的由来和",
        "手机游戏攻略",
        "知识讲座报名",
        "案例分析",
        "条款和",
    ],
)
def test_a_bracket_before_a_definition_is_talk(grammar: Grammar, after: str) -> None:
    (given,) = points(
        grammar, "para_lead", f"（机密）{after}" + ("" if after.endswith(("略", "名", "分析")) else "内容。")
    )
    assert given[-1] == ("a definition follows", -25)


def test_a_bracket_before_a_sentence_with_a_duty_is_a_mark_all_the_same(grammar: Grammar) -> None:
    assert points(grammar, "para_lead", "（机密）参会人员应当按时到场，例如值班人员。") == [
        (("form LEAD", 30), ("zone para_lead", 15))
    ]
    assert points(grammar, "para_lead", "（内部资料）参会人员应当按时到场，例如值班人员。") == [
        (("form lead", 30), ("zone para_lead", 15))
    ]
    assert points(grammar, "title", "关于经费应当安排的请示（机密）") == [(("form LEAD", 30), ("zone title", 15))]
    assert points(grammar, "title", "填报格式说明（内部资料）") == [(("form tail", 30), ("zone title", 15))]
    assert points(grammar, "title", "关于经费应当安排的请示（内部资料）") == [(("form tail", 30), ("zone title", 15))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("绝密★30年 秘密★10年", ("several levels on the line", -50)),
        ("绝密★30年\n机密★20年\n秘密★10年", ("all levels are listed", -60)),
        ("机密\n秘密", ("levels are listed", -50)),
        ("机密 5年\n秘密 3年", ("levels are listed", -50)),
        ("机密\n内部\n核心商密", ("levels are listed", -50)),
    ],
)
def test_levels_one_after_the_other_take_points_from_each(grammar: Grammar, text: str, reason: tuple[str, int]) -> None:
    found = points(grammar, "p1_top_left", text)
    assert len(found) >= 2
    assert all(reason in each for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "绝密★30年\n机密★20年",
        "机密\n机密",
        "机密\n内部",
        "机密\n密级：秘密",
        "机密★20年（变更为秘密★10年）",
        "国家秘密 机密★20年",
    ],
)
def test_fewer_levels_than_a_list_has_take_none(grammar: Grammar, text: str) -> None:
    found = points(grammar, "p1_top_left", text)
    assert found
    assert not any("listed" in reason or "several" in reason for each in found for reason, _ in each)


def test_levels_over_the_paragraphs_of_a_document_are_a_list_too(grammar: Grammar) -> None:
    def confidences(*texts: str) -> list[int]:
        found = grammar.find([Passage(Zone.TITLE, text) for text in texts], least=1)
        return [finding.confidence for finding in found]

    assert confidences("绝密", "内部资料") == [55, 55]
    assert confidences("绝密", "内部资料", "核心商密") == [5, 5]  # and the first, over a list of words, less


def test_levels_in_cells_are_one_list_whatever_their_cells(grammar: Grammar) -> None:
    cells = [Passage(Zone.CELL, "绝密"), Passage(Zone.CELL, "机密")]
    assert [f.confidence for f in grammar.find(cells, least=1)] == [5, 5]


@pytest.mark.parametrize(
    ("zone", "text", "reason"),
    [
        ("p1_top_left", "标注的格式如下：\n机密★5年", ("the line above announces an example", -45)),
        ("p1_top_left", "国家秘密的标志为\n机密★5年", ("the line above announces an example", -45)),
        ("p1_top_left", "国家秘密的标志是\n机密★5年", ("the line above announces an example", -45)),
        ("p1_top_left", "保密知识培训\n工作秘密", ("the document is about secrecy", -15)),
        ("p1_top_left", "绝密★30年\n机密★20年\n秘密★10年\n内部资料", ("levels are listed", -50)),
        ("p1_top_left", "标志示例\n机密★5年", ("the line above announces an example", -45)),
        ("cell", "绝密级 30年", ("a noun follows", -40)),
        ("p1_top_left", "第一条 总则\n机密", ("a clause stands above it", -25)),
        ("cover", "密级：机密\n□\n□", ("boxes of a form stand beside it", -60)),
        ("p1_top_left", "非密\n机密★5年", ("a notation in the same zone says the opposite", -30)),
        ("header", "SECRET", ("needs to be repeated or backed by a classification block", -20)),
        ("p1_top_left", "绝秘", ("means nothing without star and term", -25)),
        ("title", "保密制度\n机密", ("the document is about secrecy", -15)),
        ("p1_top_left", "000012\n机密", ("neighbour: copy number", 8)),
        ("p1_top_left", "机密\n特急", ("neighbour: urgency", 8)),
        ("p1_block", "机密\n特急", ("block around the mark: urgency", 10)),
    ],
)
def test_what_stands_around_gives_and_takes_points(
    grammar: Grammar, zone: str, text: str, reason: tuple[str, int]
) -> None:
    assert any(reason in each for each in points(grammar, zone, text))


@pytest.mark.parametrize("above", ["请按期反馈：", "保密要求", "会议时间如下", "第一条 总则"])
def test_a_line_above_that_announces_something_else_takes_none(grammar: Grammar, above: str) -> None:
    assert points(grammar, "p1_top_left", f"{above}\n机密★5年") == [(STAR, TOP, ALONE)]


def test_only_three_cues_count(grammar: Grammar) -> None:
    (given,) = points(grammar, "p1_top_left", "000012\n机密★5年\n特急\n远山市人民政府文件\n远政〔2024〕15号")
    assert [gain for reason, gain in given if reason.startswith("neighbour")] == [8, 8, 8]


def confidence(grammar: Grammar, *passages: Passage) -> int:
    """Of the mark in the first passage."""
    found = [f for f in grammar.find(passages, least=1) if f.zone == passages[0].zone]
    return found[0].confidence


def test_repetition_type_and_agreement_give_their_points(grammar: Grammar) -> None:
    bare = Passage(Zone.HEADER, "机密")
    assert confidence(grammar, bare) == 60
    assert confidence(grammar, Passage(Zone.HEADER, "机密", pages=2)) == 80
    assert confidence(grammar, Passage(Zone.HEADER, "机密", emphasis=True)) == 65
    assert confidence(grammar, bare, Passage(Zone.FILENAME, "（机密）1.docx")) == 75
    assert confidence(grammar, bare, Passage(Zone.FILENAME, "（秘密）1.docx")) == 60
    assert confidence(grammar, bare, Passage(Zone.DOC_PROPERTY, "机密", name="keywords")) == 75
    assert confidence(grammar, bare, Passage(Zone.FOOTER, "机密")) == 60
    assert confidence(grammar, Passage(Zone.P1_TOP_LEFT, "机密", pages=2)) == 75


def test_a_header_seen_on_two_pages_is_repeated_however_it_is_told(grammar: Grammar) -> None:
    pages = [Passage(Zone.HEADER, "机密", Place(page=page)) for page in (1, 2)]
    assert confidence(grammar, *pages) == 80
    assert confidence(grammar, pages[0], pages[0]) == 60
    tops = [Passage(Zone.TITLE, "机密", Place(page=page)) for page in (1, 2)]
    assert confidence(grammar, *tops) == 55


def test_cells_below_a_column_head_or_among_examples_are_held_down(grammar: Grammar) -> None:
    def cell(text: str, name: str) -> Passage:
        return Passage(Zone.CELL, text, Place(cell=name))

    assert confidence(grammar, cell("机密", "B2")) == 55
    assert confidence(grammar, cell("机密", "B2"), cell("密级", "B1")) == 5
    assert confidence(grammar, cell("机密", "B2"), cell("密级", "B3")) == 55
    assert confidence(grammar, cell("机密", "B2"), cell("名称", "B1")) == 55
    assert confidence(grammar, cell("机密", "B2"), cell("密级", "C1")) == 55
    assert confidence(grammar, cell("机密", "B3"), cell("密级", "B5"), cell("密级", "B1"), cell("密级", "B4")) == 5
    assert confidence(grammar, cell("机密", "B9"), cell("密级", "B9")) == 55
    assert confidence(grammar, cell("机密", "B10"), cell("密级", "B9")) == 5
    assert confidence(grammar, cell("机密", "B2"), cell("标志示例", "C1")) == 10
    assert confidence(grammar, cell("机密", "B2"), Passage(Zone.BODY, "标志示例")) == 55
    assert confidence(grammar, Passage(Zone.HEADER, "机密"), cell("标志示例", "C1")) == 60
    assert confidence(grammar, cell("机密", "B2"), cell("标志示例" + "甲" * 60, "C1")) == 55


def test_a_lone_secret_is_backed_by_repetition_both_edges_or_a_block(grammar: Grammar) -> None:
    header = Passage(Zone.HEADER, "SECRET")
    block = Passage(Zone.BODY, "Classified By: A. Name\nDerived From: Multiple\nDeclassify On: 20481231")
    assert confidence(grammar, header) == 40
    assert confidence(grammar, header, block) == 60
    assert confidence(grammar, header, Passage(Zone.FOOTER, "SECRET")) == 60
    assert confidence(grammar, header, Passage(Zone.FOOTER, "CONFIDENTIAL")) == 40
    assert confidence(grammar, Passage(Zone.WATERMARK, "SECRET")) == 70


def test_talk_about_secrecy_is_told_by_title_or_by_many_level_words(grammar: Grammar) -> None:
    mark = Passage(Zone.HEADER, "机密")
    assert confidence(grammar, mark, Passage(Zone.TITLE, "保密工作管理办法")) == 45
    assert confidence(grammar, mark, Passage(Zone.FILENAME, "保密知识测试.docx")) == 45
    assert confidence(grammar, mark, Passage(Zone.BODY, "保密工作管理办法")) == 60
    assert confidence(grammar, mark, Passage(Zone.TITLE, "工作管理办法")) == 60
    assert confidence(grammar, mark, Passage(Zone.TITLE, "保密工作会议")) == 60
    assert confidence(grammar, mark, Passage(Zone.BODY, "涉及机密的、" * 7)) == 60
    assert confidence(grammar, mark, Passage(Zone.BODY, "涉及机密的、" * 8)) == 45
    starred = Passage(Zone.P1_TOP_LEFT, "机密★5年")
    assert confidence(grammar, mark, starred, Passage(Zone.BODY, "涉及机密的、" * 20)) == 60


def test_marks_in_the_lines_of_a_register_at_the_top_of_a_page_speak_of_other_papers(grammar: Grammar) -> None:
    register = "文件台帐\n文号\n标题\n密级\n份数\n第1号\n方案\n机密★10年\n3\n第2号\n预案\n秘密★5年\n2"
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, register)]) == ()
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, register.replace("密级", "备注"))])
    assert [f.level for f in grammar.find([Passage(Zone.P1_TOP_LEFT, "标题\n密级\n份数\n方案\n机密★10年\n3")])] == [
        "机密"
    ]


@pytest.mark.parametrize(
    "text", ["问：什么是绝密★30年？", "封面印着“机密★20年”。", "上面写有“机密★20年”", "封面注明“秘密★5年”"]
)
def test_a_sentence_that_tells_of_a_mark_is_no_mark(grammar: Grammar, text: str) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, text)]) == ()


@pytest.mark.parametrize("quotes", ["“”", "「」", "『』", '""'])
def test_a_mark_among_other_words_in_quotation_marks_is_talk(grammar: Grammar, quotes: str) -> None:
    text = f"甲说{quotes[0]}本件 机密★10年 在此{quotes[1]}乙"
    (reading,) = grammar.explain(text, Zone.P1_TOP_LEFT).readings
    assert ("inside quotation marks with other words", -45) in reading.points
    (plain,) = grammar.explain(text.translate({ord(quote): " " for quote in quotes}), Zone.P1_TOP_LEFT).readings
    assert not any(reason.startswith("inside") for reason, _ in plain.points)


def test_levels_in_the_segments_of_three_lines_are_a_list(grammar: Grammar) -> None:
    three = [Passage(Zone.P1_BLOCK, f"附件\t{level}") for level in ("绝密", "机密", "秘密")]
    assert grammar.find(three) == ()
    assert grammar.explain("附件\t机密", Zone.P1_BLOCK).readings[0].form == "BARE"
    found = grammar.find(three, least=1)
    assert all(finding.confidence < 25 for finding in found)


def test_marks_of_three_families_in_segments_of_lines_are_a_list_too(grammar: Grammar) -> None:
    def reasons(*words: str) -> list[bool]:
        found = grammar.find([Passage(Zone.P1_BLOCK, f"附件\t{word}") for word in words], least=1)
        return [finding.confidence < 25 for finding in found]

    assert reasons("工作秘密", "核心商密") == [False, False]
    assert not any(found is False for found in reasons("工作秘密", "核心商密", "内部资料"))


def test_one_of_several_values_of_a_field_is_no_mark(grammar: Grammar) -> None:
    readings = grammar.explain("Classification: Internal, Confidential or Restricted", Zone.P1_TOP_LEFT).readings
    assert ("one of several values", -45) in readings[0].points


def test_a_quotation_that_begins_the_line_is_one_too(grammar: Grammar) -> None:
    (reading,) = grammar.explain("“本件 机密★10年 在此”乙", Zone.P1_TOP_LEFT).readings
    assert ("inside quotation marks with other words", -45) in reading.points


@pytest.mark.parametrize(
    ("text", "zone", "kind", "points"),
    [
        ("内部资料", Zone.HEADER, "line", 30),
        ("方案\t内部资料", Zone.HEADER, "segment", 30),
        ("（内部资料）关于方案的说明", Zone.PARA_LEAD, "lead", 30),
        ("关于方案的说明（内部资料）", Zone.TITLE, "tail", 30),
        ("【内部资料】方案.docx", Zone.FILENAME, "name", 30),
        ("Classification: Internal", Zone.COVER, "field", 40),
        ("机密", Zone.HEADER, "BARE", 30),
        ("机密 10年", Zone.HEADER, "PLAIN", 35),
        ("密级：机密", Zone.HEADER, "FIELD", 40),
        ("（机密）关于方案的说明", Zone.PARA_LEAD, "LEAD", 30),
        ("【机密】方案.docx", Zone.FILENAME, "FILENAME", 30),
    ],
)
def test_each_form_is_worth_its_points(grammar: Grammar, text: str, zone: Zone, kind: str, points: int) -> None:
    assert (f"form {kind}", points) in grammar.explain(text, zone).readings[0].points


@pytest.mark.parametrize("head", ["密级", "涉密等级", "秘密等级", "密别", "保密级别", "保密等级"])
def test_every_name_of_the_column_makes_a_register(grammar: Grammar, head: str) -> None:
    register = f"文号\n{head}\n份数\n第1号\n机密★10年\n3\n第2号\n秘密★5年\n2"
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, register)]) == ()
    assert grammar.find([Passage(Zone.HEADER, register)]), "a header is no table"


@pytest.mark.parametrize(
    ("zone", "text", "cue"),
    [
        ("body", "机密★5年\n特急", True),
        ("header", "机密\n特急", False),
        ("p1_top_left", "机密\n一\n二\n三\n四\n五\n特急", True),
        ("p1_top_left", "机密\n一\n二\n三\n四\n五\n六\n特急", False),
        ("p1_top_left", "特急\n一\n二\n三\n四\n五\n机密", True),
        ("p1_top_left", "特急\n一\n二\n三\n四\n五\n六\n机密", False),
    ],
)
def test_cues_count_within_six_lines_in_the_text_and_on_the_front(
    grammar: Grammar, zone: str, text: str, cue: bool
) -> None:
    (given,) = points(grammar, zone, text)
    assert (("neighbour: urgency", 8) in given) is cue


@pytest.mark.parametrize(("lines", "taken"), [(3, True), (4, False)])
def test_the_boxes_of_a_form_stand_within_three_lines_below_its_field(
    grammar: Grammar, lines: int, taken: bool
) -> None:
    (given,) = points(grammar, "cover", "密级：机密" + "\n" * lines + "□")
    assert (("boxes of a form stand beside it", -60) in given) is taken


@pytest.mark.parametrize(
    ("zone", "name"), [("title", "涉密信息系统（机密级）"), ("filename", "涉密信息系统（机密级）.docx")]
)
def test_the_level_of_a_system_is_none_of_the_paper(grammar: Grammar, zone: str, name: str) -> None:
    (given,) = points(grammar, zone, name)
    assert ("the level of what is named before it", -25) in given
    (paper,) = points(grammar, zone, name.replace("系统", "报告"))
    assert ("the level of what is named before it", -25) not in paper


def test_a_ticked_box_fills_its_field_as_if_it_stood_alone(grammar: Grammar) -> None:
    (given,) = points(grammar, "cover", "密级：□绝密 ☑机密 □秘密")
    assert given == (("form FIELD", 40), ("zone cover", 25), ALONE)


@pytest.mark.parametrize("text", ["机密★5年 已解密", "已解密 机密★5年"])
def test_a_mark_beside_the_word_declassified_still_has_its_line_to_itself(grammar: Grammar, text: str) -> None:
    assert points(grammar, "p1_top_left", text) == [(STAR, TOP, ALONE)]


def test_a_name_that_goes_on_with_a_topic_or_a_definition_is_talk(grammar: Grammar) -> None:
    (topic,) = points(grammar, "filename", "商业秘密-保护办法.docx")
    assert topic == (("form name", 30), ("zone filename", 20), ("a noun follows", -40))
    (defined,) = points(grammar, "filename", "（机密）信息目录.docx")
    assert defined[-1] == ("a definition follows", -25)
    (other,) = points(grammar, "filename", "（内部资料）信息目录.docx")
    assert other == (("form name", 30), ("zone filename", 20))


@pytest.mark.parametrize("after", ["的标志", "是什么意思", "怎么标", "呢"])
def test_a_sentence_that_begins_with_a_mark_speaks_of_it(grammar: Grammar, after: str) -> None:
    (given,) = points(grammar, "title", f"机密★10年{after}")
    assert ("a sentence speaks of it", -45) in given
    (apart,) = points(grammar, "title", "机密★10年 附件")
    assert ("a sentence speaks of it", -45) not in apart


@pytest.mark.parametrize(
    "text",
    [
        "国家秘密标志由密级、★和保密期限组成，比如机密★20年",
        "标志写作秘密★10年，不得写作秘密十年",
        "秘密★5年表示该文件属于秘密级",
        "机密★20年即保密期限为二十年",
        "绝密★长期这种写法须有依据",
        "× 秘密★11年",
        "【误】机密★40年",
        "错误示范：秘密★11年",
        "应改为机密★20年",
        "绝密★启用前，你真的懂吗",
        "绝密★启用前 这几个字意味着什么",
        "绝密★启用前：揭秘高考命题人",
        "绝密★（最长30年）",
        "纪录片《绝密★启用前》",
        "网剧《绝密★三十年》定档",
    ],
)
def test_a_sentence_or_a_title_with_a_mark_in_it_is_not_for_review(grammar: Grammar, text: str) -> None:
    for zone in (Zone.P1_TOP_LEFT, Zone.BODY):
        assert grammar.find([Passage(zone, text)]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "机密★10年 示范区建设方案",
        "机密★10年 代表团名单",
        "机密★10年 应标文件",
        "机密★10年 即日起传阅",
        "兵力部署示意图\n机密★10年",
        "检测样本\n机密★10年",
        "《桥梁图集》机密★10年",
    ],
)
def test_words_of_ordinary_papers_beside_a_mark_take_nothing_from_it(grammar: Grammar, text: str) -> None:
    (found,) = grammar.find([Passage(Zone.P1_TOP_LEFT, text)])
    assert (found.marking, found.confidence >= 70) == ("机密★10年", True)


def test_a_letter_may_ask_of_the_paper_that_its_subject_marks(grammar: Grammar) -> None:
    assert [f.level for f in grammar.find([Passage(Zone.SUBJECT, "机密★10年 方案看了吗？")])] == ["机密"]


@pytest.mark.parametrize(
    ("head", "points"),
    [("样式一", 50), ("（样式）", 50), ("范本", 50), ("图1 国家秘密标志示意", 50), ("布防示意图", 95)],
)
def test_a_head_over_an_example_may_be_numbered_or_in_brackets(grammar: Grammar, head: str, points: int) -> None:
    assert confidence(grammar, Passage(Zone.P1_TOP_LEFT, f"{head}\n机密★10年")) == points


def test_a_sentence_that_runs_on_around_a_mark_takes_points(grammar: Grammar) -> None:
    (given,) = points(grammar, "title", "某某机密★10年档案")
    assert ("a sentence runs on around it", -45) in given


@pytest.mark.parametrize("name", ["怎么标 机密★5年.docx", "机密★5年 写法.docx", "例：机密★5年.docx"])
def test_a_name_that_explains_how_to_mark_is_talk(grammar: Grammar, name: str) -> None:
    (given,) = points(grammar, "filename", name)
    assert ("words of example or instruction", -45) in given
    assert grammar.find([Passage(Zone.FILENAME, "机密★5年 格式合同.docx")])
