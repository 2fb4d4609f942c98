"""What the rest of the document says for and against a marking."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding, Place, Severity
from signatures.markings import Grammar
from signatures.passages import Passage, Zone

Find = Callable[..., tuple[Finding, ...]]


def test_what_surrounds_a_mark_on_official_paper_strengthens_it(find: Find) -> None:
    alone = find("机密", "p1_top_left")[0].confidence
    framed = find("000012\n机密\n特急\n远山市人民政府文件\n远政〔2024〕15号", "p1_top_left")[0].confidence
    assert framed == min(100, alone + 24)


def test_a_header_repeated_over_pages_counts_more_than_one_seen_once(find: Find) -> None:
    assert find("机密", "header", pages=9)[0].confidence > find("机密", "header")[0].confidence


def test_a_file_name_that_agrees_with_the_page_strengthens_both(grammar: Grammar) -> None:
    name, page = Passage(Zone.FILENAME, "（机密）方案.docx"), Passage(Zone.P1_TOP_LEFT, "机密")
    both = {f.zone: f.confidence for f in grammar.find([name, page])}
    assert both["filename"] == grammar.find([name])[0].confidence + 15
    assert both["p1_top_left"] == grammar.find([page])[0].confidence + 15


def test_a_regulation_about_secrecy_weakens_a_bare_word_but_not_a_starred_mark(grammar: Grammar) -> None:
    talk = Passage(Zone.TITLE, "保密工作管理办法")
    bare, starred = Passage(Zone.P1_TOP_LEFT, "机密"), Passage(Zone.P1_TOP_LEFT, "机密★10年")
    assert grammar.find([talk, bare])[0].confidence == grammar.find([bare])[0].confidence - 15
    assert grammar.find([talk, starred])[0].confidence == grammar.find([starred])[0].confidence


def test_a_table_that_explains_the_levels_is_no_marking(grammar: Grammar) -> None:
    rows = [("密级", "最长保密期限", "标志示例"), ("绝密", "30年", "绝密★30年"), ("机密", "20年", "机密★20年")]
    rows.append(("秘密", "10年", "秘密★10年"))
    cells = [Passage(Zone.CELL, cell) for row in rows for cell in row]
    assert grammar.find(cells) == ()


def test_a_register_of_other_documents_is_no_marking_of_its_own(grammar: Grammar) -> None:
    cells = [
        Passage(Zone.CELL, "密级", Place(sheet=1, cell="D2")),
        Passage(Zone.CELL, "秘密", Place(sheet=1, cell="D4")),
    ]
    assert grammar.find(cells) == ()


def test_secret_alone_counts_only_where_it_is_repeated_or_backed(grammar: Grammar) -> None:
    header, footer = Passage(Zone.HEADER, "SECRET"), Passage(Zone.FOOTER, "SECRET")
    assert grammar.find([header]) == ()
    assert [f.level for f in grammar.find([header, footer])] == ["SECRET", "SECRET"]
    assert grammar.find([Passage(Zone.HEADER, "SECRET", pages=4)])[0].family == "us"


def test_a_declassified_mark_is_told_and_one_step_less_severe(grammar: Grammar) -> None:
    mark = Passage(Zone.P1_TOP_LEFT, "机密★10年")
    stamped = grammar.find([mark, Passage(Zone.STAMP, "解密")])[0]
    assert (stamped.severity, stamped.codes) == (Severity.HIGH, ("DECLASSIFIED_STAMP",))
    struck = grammar.find([Passage(Zone.P1_TOP_LEFT, "机密★10年", struck=True)])[0]
    assert (struck.severity, struck.codes) == (Severity.HIGH, ("DECLASSIFIED_STAMP",))


def test_a_mark_beside_a_public_notation_is_a_conflict_for_a_person_to_settle(grammar: Grammar) -> None:
    mark, public = Passage(Zone.P1_TOP_LEFT, "机密★10年"), Passage(Zone.NOTE_END, "（此件公开发布）")
    (found,) = grammar.find([mark, public])
    assert found.codes == ("CONFLICTING_MARKS",)
    (opposed,) = grammar.find([mark, Passage(Zone.P1_BLOCK, "非密")])
    assert opposed.codes == ("CONFLICTING_MARKS",)
    assert opposed.confidence == found.confidence - 30


def test_two_different_live_marks_are_a_conflict(grammar: Grammar) -> None:
    found = grammar.find([Passage(Zone.P1_TOP_LEFT, "机密★10年"), Passage(Zone.FOOTER, "秘密★5年")])
    assert [f.codes for f in found] == [("CONFLICTING_MARKS",), ("CONFLICTING_MARKS",)]


def test_paragraphs_that_come_one_by_one_are_neighbours_all_the_same(grammar: Grammar) -> None:
    lines = ["000012", "机密", "特急"]
    split = grammar.find([Passage(Zone.P1_TOP_LEFT, line) for line in lines])
    whole = grammar.find([Passage(Zone.P1_TOP_LEFT, "\n".join(lines))])
    assert split[0].confidence == whole[0].confidence


def test_a_mark_after_a_line_that_announces_an_example_is_only_weak(grammar: Grammar) -> None:
    assert grammar.find([Passage(Zone.BODY, "国家秘密标志的格式如下：\n机密★10年")]) == ()
    assert grammar.find([Passage(Zone.BODY, "请按期反馈意见。\n机密★10年")])[0].level == "机密"


def test_three_starred_levels_one_after_the_other_are_a_lesson(grammar: Grammar) -> None:
    assert grammar.find([Passage(Zone.P1_TOP_LEFT, "绝密★30年\n机密★20年\n秘密★10年")]) == ()


def test_an_old_mark_that_was_struck_is_no_conflict_with_the_new_one(grammar: Grammar) -> None:
    old, new = Passage(Zone.P1_TOP_LEFT, "机密★10年", struck=True), Passage(Zone.P1_TOP_LEFT, "秘密★5年")
    assert not any("CONFLICTING_MARKS" in finding.codes for finding in grammar.find([old, new]))


def test_a_portion_below_the_level_of_the_cover_is_no_conflict(grammar: Grammar) -> None:
    cover, portion = Passage(Zone.COVER, "机密★10年"), Passage(Zone.PARA_LEAD, "（秘密）本部分为行动部署。")
    assert [f.codes for f in grammar.find([cover, portion]) if f.family == "state"] == [()]


def test_neighbours_in_another_part_of_the_front_speak_for_a_mark_and_those_in_the_text_do_not(
    grammar: Grammar,
) -> None:
    def confidence(zone: Zone) -> int:
        found = grammar.find([Passage(Zone.P1_TOP_LEFT, "机密"), Passage(zone, "特急\n远水〔2023〕18号")], least=1)
        return found[0].confidence

    assert confidence(Zone.P1_BLOCK) == confidence(Zone.BODY) + 16


def confidence(grammar: Grammar, *passages: Passage) -> int:
    """Of the mark in the first passage."""
    return next(f.confidence for f in grammar.find(passages, least=1) if f.zone == passages[0].zone)


@pytest.mark.parametrize(("far", "counts"), [(6, True), (7, False)])
def test_cues_count_within_six_paragraphs(grammar: Grammar, far: int, counts: bool) -> None:
    paragraphs = ["特急", *["一"] * (far - 1), "机密"]
    for order in (paragraphs, paragraphs[::-1]):
        found = grammar.find([Passage(Zone.P1_TOP_LEFT, text) for text in order], least=1)
        assert found[0].confidence == (73 if counts else 65)


def test_a_page_of_text_is_no_paragraph_beside_a_mark(grammar: Grammar) -> None:
    mark = Passage(Zone.P1_TOP_LEFT, "机密")
    assert confidence(grammar, mark, Passage(Zone.P1_TOP_LEFT, "特急\n" + "一" * 1997)) == 73
    assert confidence(grammar, mark, Passage(Zone.P1_TOP_LEFT, "特急\n" + "一" * 1998)) == 65


def test_a_line_that_announces_an_example_may_be_the_end_of_the_paragraph_before(grammar: Grammar) -> None:
    mark = Passage(Zone.BODY, "机密★10年")
    assert grammar.find([Passage(Zone.BODY, "第三条\n标志的格式如下："), mark]) == ()
    assert grammar.find([Passage(Zone.BODY, "标志的格式如下：\n第三条 附则"), mark])
    assert grammar.find([Passage(Zone.COVER, "标志的格式如下：\n机密★10年")])[0].confidence == 50
    assert grammar.find([Passage(Zone.COVER, "标志的格式如下：\n第三条\n机密★10年")])[0].confidence == 95
    assert grammar.find([Passage(Zone.TITLE, "标志的格式如下："), Passage(Zone.COVER, "机密★10年")])[0].confidence == 95


def test_different_marks_on_different_pages_repeat_nothing(grammar: Grammar) -> None:
    pages = [Passage(Zone.HEADER, "机密", Place(page=1)), Passage(Zone.HEADER, "内部资料", Place(page=2))]
    assert [f.confidence for f in grammar.find(pages)] == [60, 60]


def test_a_mark_on_the_page_and_its_bare_level_in_the_name_agree(grammar: Grammar) -> None:
    page, name = Passage(Zone.HEADER, "机密★5年"), Passage(Zone.FILENAME, "（机密）方案.docx")
    assert confidence(grammar, name, page) == confidence(grammar, name) + 15
    assert confidence(grammar, name, Passage(Zone.HEADER, "公司机密")) == confidence(grammar, name)


def test_level_and_term_without_a_star_in_a_paper_about_secrecy_weigh_less(grammar: Grammar) -> None:
    plain = Passage(Zone.P1_TOP_LEFT, "机密（10年）")
    assert confidence(grammar, plain, Passage(Zone.FILENAME, "保密制度.docx")) == confidence(grammar, plain) - 15


def test_fields_below_a_column_head_are_fields_all_the_same(grammar: Grammar) -> None:
    for field in ("密级：秘密", "商密等级：核心商密"):
        assert grammar.find([Passage(Zone.P1_TOP_LEFT, f"密级\n姓名\n{field}\n文号\n{field}")])


def test_a_header_is_no_item_of_a_list_over_the_document(grammar: Grammar) -> None:
    titles = [Passage(Zone.TITLE, "绝密"), Passage(Zone.TITLE, "内部资料")]
    found = grammar.find([Passage(Zone.HEADER, "机密", pages=2), *titles], least=1)
    assert {f.zone: f.confidence for f in found} == {"header": 80, "title": 55}


@pytest.mark.parametrize(("length", "example"), [(60, True), (61, False)])
def test_a_cell_that_tells_of_examples_is_short(grammar: Grammar, length: int, example: bool) -> None:
    told = Passage(Zone.CELL, "标志示例".ljust(length, "甲"), Place(cell="C1"))
    assert confidence(grammar, Passage(Zone.CELL, "机密", Place(cell="B2")), told) == (10 if example else 55)


def reasons(grammar: Grammar, *passages: Passage, zone: Zone = Zone.P1_TOP_LEFT) -> list[tuple[str, int]]:
    """All points given and taken in the one text of these passages."""
    text = "\n".join(passage.text for passage in passages)
    return [each for reading in grammar.explain(text, zone).readings for each in reading.points]


def test_what_lies_more_than_six_paragraphs_away_is_no_neighbour_though_other_zones_lie_between(
    grammar: Grammar,
) -> None:
    mark, cue = Passage(Zone.P1_TOP_LEFT, "机密"), Passage(Zone.P1_TOP_LEFT, "特急")
    for between, points in ((5, 73), (6, 65)):
        text = [Passage(Zone.BODY, "正文")] * between
        assert confidence(grammar, mark, *text, cue) == points
        assert confidence(grammar, cue, *text, mark) == points


def test_one_starred_mark_beside_two_bare_words_is_no_list_of_marks(grammar: Grammar) -> None:
    readings = grammar.explain("机密★20年\n绝密\n秘密", Zone.P1_TOP_LEFT).readings
    taken = {reading.level: reading.confidence for reading in readings}
    assert taken["机密"] >= 70
    assert taken["绝密"] < 45 and taken["秘密"] < 45


def test_a_table_of_examples_and_a_register_say_why_they_hold_a_mark_down(grammar: Grammar) -> None:
    register = Passage(Zone.P1_TOP_LEFT, "文号\n密级\n第1号\n机密★10年\n第2号\n秘密★5年")
    assert reasons(grammar, register).count(("a column of a register", -80)) == 2
    paper = reasons(grammar, Passage(Zone.P1_TOP_LEFT, "保密知识培训\n机密文件"))
    assert ("the document is about secrecy", -15) in paper


def test_a_changed_mark_between_two_others_makes_no_list_of_them(grammar: Grammar) -> None:
    text = "绝密★30年\n绝密★30年 变更为 机密★20年\n秘密★5年"
    taken = reasons(grammar, Passage(Zone.P1_TOP_LEFT, text))
    assert not any(reason == "all levels are listed" for reason, _ in taken)
    three = reasons(grammar, Passage(Zone.P1_TOP_LEFT, "绝密★30年\n机密★20年\n秘密★5年"))
    assert three.count(("all levels are listed", -60)) == 3


def test_secret_on_two_pages_is_backed_by_being_repeated(grammar: Grammar) -> None:
    pages = [Passage(Zone.HEADER, "SECRET", Place(page=page)) for page in (1, 2)]
    assert confidence(grammar, *pages) == 80
    assert confidence(grammar, *pages[:1]) == 40
