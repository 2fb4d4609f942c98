from __future__ import annotations

import re

import pytest

from signatures.markings.units import LONGEST, openings_of, pieces_of, strip
from signatures.passages import Zone

LABELS = re.compile(r"密级\s{0,4}[:\t]\s{0,8}")


def texts(line: str, zone: Zone, kind: str) -> list[str]:
    return [line[p.start : p.end] for p in pieces_of(line, zone, LABELS) if p.kind == kind]


@pytest.mark.parametrize("line", ["【机密】", "—— 机密 ——", "( 机密 )", "*机密*", "〔【机密】〕", "机密"])
def test_brackets_and_ruling_around_a_word_are_no_part_of_it(line: str) -> None:
    start, end = strip(line, 0, len(line))
    assert line[start:end] == "机密"


@pytest.mark.parametrize("line", ["* 机密", "《机密》", "- 机密", "1.机密"])
def test_a_bullet_a_number_or_a_book_title_stays_part_of_the_line(line: str) -> None:
    start, end = strip(line, 0, len(line))
    assert line[start:end] == line


def test_a_header_is_read_in_its_left_middle_and_right() -> None:
    assert texts("远山研究所\t机密\t第 3 页 共 9 页", Zone.HEADER, "segment") == ["远山研究所", "机密"]


def test_a_field_is_what_follows_its_label_up_to_the_next_thing() -> None:
    assert texts("密级:机密  编号:12", Zone.COVER, "field") == ["机密  编号:12", "机密"]


def test_of_boxes_only_the_ticked_one_is_the_value() -> None:
    assert texts("密级:□绝密 ☑机密 □秘密", Zone.COVER, "field") == ["机密"]
    assert texts("密级:绝密□ 机密☑ 秘密□", Zone.COVER, "field") == ["机密"]
    assert texts("密级:□绝密 □机密 □秘密", Zone.COVER, "field") == []
    assert texts("密级:绝密 机密 公开 □ □ ☑", Zone.COVER, "field") == []


def test_a_row_of_a_table_is_no_line_of_its_own() -> None:
    assert texts("机密\t20年", Zone.TABLE_FIELD, "line") == []


def test_a_file_name_offers_its_brackets_and_its_ends_but_not_its_words() -> None:
    assert texts("(机密)方案-终稿.docx", Zone.FILENAME, "name") == ["机密", "(机密)方案", "终稿"]
    assert texts("机密档案馆探秘.mp4", Zone.FILENAME, "name") == []


@pytest.mark.parametrize("pair", ["()", "[]", "【】", "〔〕", "〈〉", "「」", "『』", "<>", "{}", "〖〗"])
def test_every_kind_of_bracket_around_a_unit_is_taken_off(pair: str) -> None:
    text = f" {pair[0]} 机密 {pair[1]} "
    assert text[slice(*strip(text, 0, len(text)))] == "机密"
    odd = pair[0] + "机密" + ("]" if pair != "[]" else "}")
    assert strip(odd, 0, len(odd)) == (0, len(odd))


@pytest.mark.parametrize(("length", "taken"), [(60, True), (61, False), (119, False)])
def test_a_bracket_at_the_end_marks_a_title_and_no_sentence(length: int, taken: bool) -> None:
    text = ("甲" * length)[: length - 4] + "(机密)"
    assert (("tail", "机密") in [(p.kind, text[p.start : p.end]) for p in pieces_of(text, Zone.TITLE, None)]) is taken


def test_the_first_and_last_three_edges_of_a_name_are_tried_and_what_stands_between_two() -> None:
    name = "a-b-c-d-e.txt"
    pieces = [name[p.start : p.end] for p in pieces_of(name, Zone.FILENAME, None)]
    assert pieces == ["a", "a-b", "a-b-c", "e", "d-e", "c-d-e", "b", "c", "d"]


def test_what_begins_or_ends_a_name_does_not_stand_alone() -> None:
    pieces = [p for p in pieces_of("机密-北辰方案-内部.docx", Zone.FILENAME, None) if p.kind == "name"]
    assert {"机密", "内部"} <= {"机密-北辰方案-内部.docx"[p.start : p.end] for p in pieces}
    assert not any(p.alone for p in pieces)


def test_no_segments_are_cut_from_cells_rows_and_running_text() -> None:
    for zone in (Zone.CELL, Zone.TABLE_FIELD, Zone.BODY):
        assert texts("远山研究所   机密", zone, "segment") == []
    assert texts("远山研究所   机密", Zone.COVER, "segment") == ["远山研究所", "机密"]


def test_labels_are_looked_for_in_lines_of_up_to_four_lengths() -> None:
    fitting = "密级:机密" + " " * (4 * LONGEST - len("密级:机密"))
    assert set(texts(fitting, Zone.COVER, "field")) == {"机密"}
    assert texts(fitting + " ", Zone.COVER, "field") == []


@pytest.mark.parametrize(("length", "taken"), [(LONGEST, True), (LONGEST + 1, False)])
def test_a_line_stands_alone_up_to_the_longest(length: int, taken: bool) -> None:
    assert bool(texts("密" * length, Zone.HEADER, "line")) is taken


def test_of_a_name_with_folders_the_beginning_and_end_of_each_part_are_tried() -> None:
    assert texts("归档/(机密)方案/秘密_终稿.docx", Zone.PATH, "name") == ["机密", "秘密", "终稿"]


@pytest.mark.parametrize("line", ["密级:、机密", "密级:;机密", "密级: | 机密", "密级:,", "密级:"])
def test_no_field_is_empty(line: str) -> None:
    assert "" not in texts(line, Zone.COVER, "field")


def test_a_marking_apart_in_the_name_of_a_song_or_film_is_its_title() -> None:
    assert texts("机密 飞行计划全集.docx", Zone.FILENAME, "name") == ["机密"]
    assert texts("机密 飞行计划全集.mp4", Zone.FILENAME, "name") == []
    assert texts("绝密.docx", Zone.FILENAME, "name") == ["绝密"]
    assert texts("绝密.mp3", Zone.FILENAME, "name") == []


def test_a_word_apart_in_a_name_needs_a_name_of_words_beside_it() -> None:
    assert texts("机密 12.docx", Zone.FILENAME, "name") == []
    assert texts("方案 飞行计划全集.docx", Zone.FILENAME, "name") == []


def test_of_folders_only_the_last_part_has_an_extension() -> None:
    assert texts("机密-方案.v2/终稿.docx", Zone.PATH, "name") == ["机密", "方案.v2"]
    assert texts("//机密-方案/", Zone.PATH, "name") == ["机密", "方案"]


def test_the_signs_of_a_reply_do_not_count_to_the_length_of_a_subject() -> None:
    for length, taken in ((LONGEST, True), (LONGEST + 1, False)):
        assert bool(texts("Re: " + "密" * length, Zone.SUBJECT, "line")) is taken


def test_of_a_subject_up_to_the_first_six_words_are_tried_and_the_most_first() -> None:
    subject = "Re: A B C D E F G H"
    assert [subject[p.start : p.end] for p in openings_of(subject)] == [
        "A B C D E F", "A B C D E", "A B C D", "A B C", "A B",
    ]  # fmt: skip


def test_no_part_of_a_name_is_empty() -> None:
    assert set(texts("-机密-.docx", Zone.FILENAME, "name")) == {"-机密", "机密", "机密-"}


@pytest.mark.parametrize(
    "name", ["绝密.docx", "机密 飞行计划全集.docx", "(机密)方案.docx", "机密-方案.docx", "a-机密-b.docx"]
)
def test_no_part_of_a_name_stands_alone(name: str) -> None:
    found = [
        piece for piece in pieces_of(name, Zone.FILENAME, None) if name[piece.start : piece.end] in ("机密", "绝密")
    ]
    assert found and not any(piece.alone for piece in found)


def test_only_a_field_that_begins_its_line_stands_alone_and_no_part_of_it() -> None:
    line = "密级:机密  编号:12"
    assert [(line[p.start : p.end], p.alone) for p in pieces_of(line, Zone.COVER, LABELS) if p.kind == "field"] == [
        ("机密  编号:12", True), ("机密", False),
    ]  # fmt: skip
    later = "编号:12 密级:机密"
    assert [p.alone for p in pieces_of(later, Zone.COVER, LABELS) if p.kind == "field"] == [False]


def test_a_word_that_a_subject_begins_with_does_not_stand_alone() -> None:
    subject = "Re: 绝密:演练安排"
    (lead,) = [p for p in pieces_of(subject, Zone.SUBJECT, None) if p.kind == "lead"]
    assert (subject[lead.start : lead.end], lead.alone) == ("绝密", False)


def test_an_empty_bracket_is_no_unit() -> None:
    assert texts("【】", Zone.HEADER, "line") == []


def test_what_follows_the_first_words_of_a_subject_begins_as_a_title_does() -> None:
    for subject, taken in (("A B Cd", ["A B"]), ("A B cd", []), ("A B cD", []), ("A B 12", ["A B"])):
        assert [subject[p.start : p.end] for p in openings_of(subject)] == taken
