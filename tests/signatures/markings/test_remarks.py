"""Comments, notes and outlines: what stands there by itself is a marking, what is only mentioned there is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocol.records import Finding, Place
from signatures.markings import Grammar
from signatures.passages import Passage, Zone

Find = Callable[..., tuple[Finding, ...]]
PARTS = ("comment", "comments", "note", "notes", "outline")


def told(find: Find, text: str, part: str) -> list[tuple[str, str | None]]:
    return [(each.family, each.level) for each in find(text, zone="body", place=Place(part=part))]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("text", "family", "level"),
    [
        ("TLP:RED", "tlp", "RED"),
        ("OFFICIAL-SENSITIVE", "uk", "OFFICIAL-SENSITIVE"),
        ("商业秘密", "commercial", "商业秘密"),
        ("普通商密★5年", "commercial", "普通商密"),
        ("工作秘密", "work", "工作秘密"),
        ("（机密）", "level_only", "机密"),
        ("机密★10年", "state", "机密"),
    ],
)
def test_a_marking_that_is_all_of_a_remark_is_found(find: Find, text: str, family: str, level: str, part: str) -> None:
    assert told(find, text, part) == [(family, level)]


def test_the_line_that_names_who_wrote_a_comment_is_passed_over(find: Find) -> None:
    assert told(find, "李明：\n商业秘密\n", "comments") == [("commercial", "商业秘密")]


def test_a_banner_on_the_first_or_last_line_of_notes_is_found(find: Find) -> None:
    assert told(find, "TLP:RED\nWelcome everybody.\nThen the figures.", "notes") == [("tlp", "RED")]
    assert told(find, "\nWelcome everybody.\nThen the figures.\nOFFICIAL-SENSITIVE\n ", "notes")[0][0] == "uk"
    assert told(find, "Welcome everybody.\nTLP:RED\nThen the figures.", "notes") == []


def test_an_outline_tells_its_titles_in_any_order(find: Find) -> None:
    assert told(find, "Introduction\nTLP:RED\nFindings", "outline") == [("tlp", "RED")]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "text",
    [
        "商业秘密\n第二章 管理职责",
        "什么是\n商业秘密",
        "机密\n\n绝密\n\n秘密",
        "请核对是否属于商业秘密",
        "此处商业秘密指合同价格",
        "the TLP:RED label was removed here",
        "TLP:RED\nTLP:AMBER\nTLP:GREEN",
        "1 概述\n2 商业秘密\n3 内部资料 …… 12\n4 小结",
    ],
)
def test_a_word_that_is_not_all_of_a_remark_is_none(find: Find, text: str, part: str) -> None:
    assert told(find, text, part) == []


@pytest.mark.parametrize("part", [None, "footnotes", "drawing"])
def test_elsewhere_in_the_text_a_word_by_itself_is_none(find: Find, part: str | None) -> None:
    assert told(find, "前文\n商业秘密\n后文", str(part)) == []
    assert find("商业秘密", zone="body", place=Place(part=part)) == ()


def test_in_papers_about_secrecy_a_word_in_a_comment_is_not_for_review(grammar: Grammar) -> None:
    title = Passage(Zone.TITLE, "商业秘密保护培训讲义")
    comment = Passage(Zone.BODY, "商业秘密", Place(part="comments"))
    assert grammar.find([comment]) != ()
    assert grammar.find([title, comment]) == ()


def test_of_a_remark_with_very_many_marks_no_more_than_some_lines_are_read(find: Find) -> None:
    text = "x\n" + "TLP:RED\nOFFICIAL-SENSITIVE\n" * 20_000
    assert len(find(text, zone="body", place=Place(part="outline"), least=25)) <= 4


@pytest.mark.parametrize(("others", "found"), [(100, True), (101, False)])
def test_of_an_outline_the_first_hundred_marks_are_read(find: Find, others: int, found: bool) -> None:
    text = "Top\n" + "TLP:RED\n" * others + "OFFICIAL-SENSITIVE\nEnd"
    assert (("uk", "OFFICIAL-SENSITIVE") in told(find, text, "outline")) is found


def test_blank_lines_around_notes_do_not_hide_the_first_and_the_last(find: Find) -> None:
    assert told(find, "\nTLP:RED\nWelcome everybody.", "notes") == [("tlp", "RED")]
    assert told(find, "\n \nTLP:RED\nWelcome everybody.\n\n", "notes") == [("tlp", "RED")]
    assert told(find, "\nWelcome everybody.\nTLP:RED\n \n", "notes") == [("tlp", "RED")]


def test_every_title_of_an_outline_is_asked(find: Find) -> None:
    assert told(find, "TLP:RED\nFindings\nOFFICIAL-SENSITIVE\nEnd", "outline") == [
        ("tlp", "RED"),
        ("uk", "OFFICIAL-SENSITIVE"),
    ]


@pytest.mark.parametrize(("length", "found"), [(60, True), (61, False)])
def test_a_marking_in_a_note_is_a_short_line(find: Find, length: int, found: bool) -> None:
    note = "OFFICIAL-SENSITIVE".ljust(length)
    assert bool(told(find, f"{note}\nWelcome everybody.", "notes")) is found
