from __future__ import annotations

import pytest

from signatures.markings import Grammar
from signatures.passages import Passage, Zone


@pytest.mark.parametrize(
    "text",
    [
        "机密\n机密是国家秘密的密级之一。",
        "秘密\n我有一个秘密\n藏在山谷里",
        "内部\n内部链接是指同一网站下的页面之间互相链接。",
        "绝密\n——一艘潜艇的故事",
        "TOP SECRET\nTop secret, baby, top secret, oh",
        "TLP:RED\nFor named recipients.\nTLP:AMBER\nLimited disclosure.\nTLP:GREEN\nFor the community.",
        "CUI\nControlled unclassified information.\nFOUO\nFor official use only.",
        "诗\n秘密\n风把信吹走了\n月亮知道",
        "秘密\n那年夏天，我们住在山里。",
        "说明\n内部\n外部\n合计",
        "CUI training: what it is\nCUI\nInformation the law wants protected.",
        "秘密\n一、秘密的由来\n从前有座山。",
        "机密\n谍战小说\n第一章",
        "绝密\n（长篇小说）",
        "机密\n一部讲述间谍的电影",
        "绝密\n赵山河 著",
        "商业机密\n作者：赵山河",
        "商业机密\n第3集",
        "秘密\n（外二首）",
        "秘密\n三年级二班 王小明",
        "TOP SECRET\nA musical by nobody",
        "机密\n拼音：jī mì",
        "内部\n反义词：外部",
        "核心商密\n名词解释",
        "机密\n百科名片",
        "NATO SECRET\nis one of four levels",
        "TLP:RED\nmeans not for disclosure",
    ],
)
def test_a_word_that_only_heads_what_is_told_of_it_is_not_for_review(grammar: Grammar, text: str) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, text)]) == ()


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("机密\n关于桥梁值勤安排的通知\n各区：\n现将安排通知如下。", "机密"),
        ("机密\n关于公司的机密载体清点的报告", "机密"),
        ("【机密】\n那年夏天，我们住在山里。", "机密"),
        ("机密\n通知\n定于下周三开会。", "机密"),
        ("机密\n特急\n通知", "机密"),
        ("机密\n电影审查情况报告", "机密"),
        ("内部资料 妥善保管\n培训教材", "内部"),
        ("机密\n桥梁勘测研究\n作者：第二测绘队", "机密"),
        ("机密\n一、机密载体清点情况\n现将有关情况报告如下。", "机密"),
        ("秘密\n为做好汛期工作，现将安排通知如下。", "秘密"),
        ("机密\n各县水务局：\n请报送水情。", "机密"),
        ("CUI\nCost of the new pumping station\nMinutes", "CUI"),
        ("000012\n机密\n特急\n机密载体清点情况", "机密"),
        ("内部\n关于人员调整的说明\n内部审计结果另行通报。", "内部"),
        ("TOP SECRET\nMaritime patrol coverage", "TOP SECRET"),
        ("TOP SECRET\nA film production budget", "TOP SECRET"),
        ("机密\n第三季度经济运行情况", "机密"),
        ("内部资料\n第3期", "内部"),
        ("机密\n高三年级成绩分析", "机密"),
        ("内部资料\n拼音教学研讨材料", "内部"),
        ("【机密】\n释义", "机密"),
        ("TLP:AMBER\nPhishing against logistics firms\nTLP:AMBER limits disclosure.", "AMBER"),
    ],
)
def test_a_mark_over_an_ordinary_paper_stays_a_mark(grammar: Grammar, text: str, level: str) -> None:
    assert level in [f.level for f in grammar.find([Passage(Zone.P1_TOP_LEFT, text)])]


def test_a_label_repeated_around_the_pages_stays_one_beside_definitions(grammar: Grammar) -> None:
    passages = [
        Passage(Zone.HEADER, "TLP:AMBER", pages=3),
        Passage(Zone.BODY, "TLP:RED is for named recipients.\nTLP:GREEN is for the community.\nTLP:CLEAR is for all."),
    ]
    assert [f.level for f in grammar.find(passages)] == ["AMBER"]


def test_a_mark_quoted_in_a_sentence_is_talk(grammar: Grammar) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, '"""机密★10年 is a mark."""')]) == ()
    assert [f.level for f in grammar.find([Passage(Zone.P1_TOP_LEFT, "“机密★10年”")])] == ["机密"]


@pytest.mark.parametrize(
    "text", ["商业秘密\n保护指引\n第一条 总则", "机密\n计算白皮书", "Confidential\nComputing guide"]
)
def test_a_word_that_the_next_line_goes_on_with_is_half_a_title(grammar: Grammar, text: str) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, text)]) == ()


def test_a_paper_of_its_own_below_a_mark_is_no_half_title(grammar: Grammar) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "商业秘密\n管理费用情况报告")])


@pytest.mark.parametrize(
    ("text", "reason", "points"),
    [
        ("机密\n机密是国家秘密的密级之一。", "the line below takes the word up again", -30),
        ("绝密\n——一艘潜艇的故事", "a subtitle follows", -30),
        ("绝密\n（长篇小说）", "it is the title of a work", -30),
        ("秘密\n关于一事\n这个秘密藏在山里", "the word is a word of the prose", -30),
        ("CUI\nControlled unclassified information.", "the line below spells it out", -30),
        ("商业秘密\n保护指引", "the line below goes on with it", -25),
        ("秘密\n那年夏天，我们住在山里。", "a list or prose follows at once", -25),
        ("机密\n今年以来，我局查了三次。", "a list or prose follows at once", -20),
        ("绝密\n今年以来，我局查了三次。", "a list or prose follows at once", -20),
        ("说明\n内部\n外部\n合计", "a list or prose follows at once", -25),
        ("CUI training: what it is\nCUI", "the document is about markings", -30),
        ("TLP:RED\nx\nTLP:AMBER\ny\nTLP:GREEN\nz", "labels are explained one after the other", -40),
    ],
)
def test_what_makes_a_heading_of_a_word_takes_so_many_points(
    grammar: Grammar, text: str, reason: str, points: int
) -> None:
    given = [each for reading in grammar.explain(text, Zone.P1_TOP_LEFT).readings for each in reading.points]
    assert (reason, points) in given


def test_what_is_told_in_a_paragraph_of_its_own_makes_a_heading_too(grammar: Grammar) -> None:
    word, told = Passage(Zone.P1_TOP_LEFT, "机密"), Passage(Zone.BODY, "机密是国家秘密的密级之一。")
    assert grammar.find([word, told]) == ()
    assert grammar.find([word, Passage(Zone.BODY, "关于桥梁值勤安排的通知"), told])


@pytest.mark.parametrize(
    "banner", ["TOP SECRET", "UK SECRET", "EU SECRET", "NATO SECRET", "TLP:RED", "Company Confidential"]
)
@pytest.mark.parametrize(
    "title",
    [
        Passage(Zone.TITLE, "Classification markings: a training course"),
        Passage(Zone.FILENAME, "Classification markings guide.docx"),
        Passage(Zone.DOC_PROPERTY, "Classification markings guide", name="title"),
        Passage(Zone.P1_BLOCK, "Classification markings guide"),
    ],
)
def test_an_english_paper_about_markings_shows_examples(grammar: Grammar, banner: str, title: Passage) -> None:
    mark = Passage(Zone.COVER, banner)
    before = grammar.find([mark], least=1)[0].confidence
    found = [f for f in grammar.find([mark, title], least=1) if f.zone == "cover"]
    assert [f.confidence for f in found] == [before - 30]
    body = Passage(Zone.BODY, title.text)
    assert grammar.find([mark, body], least=1)[0].confidence == before


def test_labels_explained_in_the_text_leave_one_around_the_pages_alone(grammar: Grammar) -> None:
    told = Passage(
        Zone.BODY, "TLP:RED is for named recipients.\nTLP:GREEN is for the community.\nTLP:CLEAR is for all."
    )
    assert [f.level for f in grammar.find([Passage(Zone.HEADER, "TLP:AMBER"), told])] == ["AMBER"]
    assert grammar.find([Passage(Zone.COVER, "TLP:AMBER"), told]) == ()


@pytest.mark.parametrize(
    ("items", "found"),
    [("花园\n小径\n池塘\n亭子", False), ("四字词语\n四字成语", False), ("五个字词语\n五个字成语", True)],
)
def test_items_of_up_to_four_characters_below_a_word_are_a_menu(grammar: Grammar, items: str, found: bool) -> None:
    assert bool(grammar.find([Passage(Zone.P1_TOP_LEFT, f"秘密\n{items}")])) is found


@pytest.mark.parametrize("asked", ["的由来", "是什么", "指什么", "之由来", "与公开", "和公开"])
def test_a_numbered_heading_that_asks_of_the_word_makes_a_heading_of_it(grammar: Grammar, asked: str) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, f"秘密\n一、秘密{asked}")]) == ()


@pytest.mark.parametrize(("between", "heading"), [(3, True), (4, False)])
def test_of_a_title_the_four_lines_below_are_asked(grammar: Grammar, between: int, heading: bool) -> None:
    text = "\n".join(["机密", *["桥梁值勤安排"] * between, "机密是国家秘密的密级之一。"])
    assert (grammar.find([Passage(Zone.TITLE, text)]) == ()) is heading


@pytest.mark.parametrize("mark", ["商业秘密 3年", "普通商密★3年", "商业秘密★", "密级：机密", "【商业秘密】"])
def test_a_mark_with_star_term_label_or_brackets_is_no_half_title(grammar: Grammar, mark: str) -> None:
    (alone, *_), (above, *_) = (
        grammar.explain(text, Zone.P1_TOP_LEFT).readings for text in (mark, f"{mark}\n保护指引")
    )
    assert above.points == alone.points


def test_a_mark_repeated_over_pages_is_no_heading(grammar: Grammar) -> None:
    told = Passage(Zone.BODY, "机密是国家秘密的密级之一。")
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "机密"), told]) == ()
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "机密", pages=2), told])


@pytest.mark.parametrize(("item", "heading"), [("机密之歌", False), ("机密之歌词", True)])
def test_items_of_a_menu_are_passed_over_to_reach_the_prose(grammar: Grammar, item: str, heading: bool) -> None:
    given = [
        each for r in grammar.explain(f"机密\n{item}\n关于值勤安排", Zone.P1_TOP_LEFT).readings for each in r.points
    ]
    assert (("the line below takes the word up again", -30) in given) is heading


@pytest.mark.parametrize(("blanks", "seen"), [(20_000, True), (20_001, False)])
def test_labels_and_prose_are_looked_for_in_the_first_twenty_thousand_characters(
    grammar: Grammar, blanks: int, seen: bool
) -> None:
    def held(word: str, text: str) -> bool:
        body = Passage(Zone.BODY, "\n" * (blanks - len(text)) + text)
        return grammar.find([Passage(Zone.P1_TOP_LEFT, f"{word}\n关于值勤安排的通知"), body]) == ()

    assert held("TLP:RED", "TLP:GREEN\nTLP:CLEAR") is seen
    assert held("秘密", "我的秘密") is seen


@pytest.mark.parametrize(("between", "heading"), [(3, True), (4, False)])
def test_of_a_title_the_four_paragraphs_below_are_asked(grammar: Grammar, between: int, heading: bool) -> None:
    below = [Passage(Zone.BODY, "桥梁值勤安排")] * between
    told = Passage(Zone.BODY, "机密是国家秘密的密级之一。")
    assert (grammar.find([Passage(Zone.TITLE, "机密"), *below, told]) == ()) is heading


def test_labels_explained_in_the_text_hold_down_one_in_a_part_of_a_line(grammar: Grammar) -> None:
    told = Passage(Zone.BODY, "TLP:AMBER is limited.\nTLP:GREEN is for the community.\nTLP:CLEAR is for all.")
    mark = Passage(Zone.COVER, "附件\tTLP:RED")
    assert [f.level for f in grammar.find([mark])] == ["RED"]
    assert grammar.find([mark, told]) == ()
