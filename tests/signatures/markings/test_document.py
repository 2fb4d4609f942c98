"""What the rest of the document says for and against a marking."""

from __future__ import annotations

from collections.abc import Callable

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
