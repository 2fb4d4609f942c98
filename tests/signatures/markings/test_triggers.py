from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signatures.literals import Literal
from signatures.markings.triggers import STAR, column_around, lines_with, narrowed, trigger_of, with_any

TRIGGER = trigger_of([Literal("机密", gaps=True), Literal("Internal use", any_case=True), Literal("CUI")])


@given(gap=st.text(alphabet=" \t\u3000\u200b-·\n", max_size=3), around=st.text(max_size=6))
def test_a_word_with_gaps_is_seen_anywhere(gap: str, around: str) -> None:
    assert TRIGGER.search(f"{around}机{gap}密{around}")


def test_case_and_width_matter_only_where_the_literal_says_so() -> None:
    assert TRIGGER.search("for INTERNAL USE only")
    assert TRIGGER.search(narrowed("ＣＵI"))
    assert TRIGGER.search(narrowed("Ｉnternal\u3000use"))
    assert not TRIGGER.search("cui")
    signs = trigger_of([Literal("TLP:A//B", any_width=True)])
    for written in ("TLP:A//B", "TLP：A//B", "TLP：A／／B"):
        assert signs.search(narrowed(written))
    assert not trigger_of([Literal("TLP:A//B", any_width=False)]).search(narrowed("TLP：A//B"))


def test_lines_with_full_width_letters_are_found_in_their_place() -> None:
    text = "平常\nＣＵI 与\u3000平常\n平常"
    assert [(number, text[first:last]) for number, first, last in lines_with(text, [TRIGGER])] == [
        (1, "ＣＵI 与\u3000平常")
    ]


def test_in_running_text_only_a_star_beside_a_level_is_worth_a_look() -> None:
    assert STAR.search("机密☆10年")
    assert STAR.search("★ 绝密")
    assert not STAR.search("新保密法释义 — 机密级文件 ★ 重点")


def test_each_line_with_a_hit_is_read_once() -> None:
    text = "机密 机密\n无\n机密"
    assert [(number, text[first:last]) for number, first, last in lines_with(text, [TRIGGER])] == [
        (0, "机密 机密"),
        (2, "机密"),
    ]


def test_a_line_after_a_hit_over_its_end_is_read_by_itself_too() -> None:
    text = "前言★\n机密★10年\n无"
    assert [(number, text[first:last]) for number, first, last in lines_with(text, [STAR])] == [
        (0, "前言★\n机密★10年"),
        (1, "机密★10年"),
    ]


def test_lines_found_by_several_patterns_come_once_and_in_order() -> None:
    text = "CUI\n机密★\n无\nCUI 机密★\n机密 CUI"
    assert [text[first:last] for _, first, last in lines_with(text, [STAR, TRIGGER])] == [
        "CUI",
        "机密★",
        "CUI 机密★",
        "机密 CUI",
    ]


def test_a_column_of_single_characters_is_taken_whole() -> None:
    text = "标题\n机\n密\n★\n10\n年\n正文一行"
    column = column_around(text, text.index("机"), text.index("密") + 1)
    assert column is not None
    assert text[slice(*column)] == "机\n密\n★\n10\n年"
    assert column_around("机\n密级文件", 0, 6) is None


def test_a_column_is_followed_for_so_many_lines_and_no_further() -> None:
    text = "\n".join("甲" * 60)
    first, last = column_around(text, 60, 61) or (0, 0)
    assert ((60 - first) // 2, (last - 61) // 2) == (24, 24)


def test_a_number_of_up_to_four_digits_is_one_of_a_column() -> None:
    for number, whole in (("1234", True), ("12345", False)):
        text = f"机\n密\n{number}\n年"
        assert column_around(text, 0, 3) == (0, len(text) if whole else 3)


def test_a_blank_line_ends_a_column_above_and_below() -> None:
    text = "甲\n\n机\n密\n\n乙"
    assert column_around(text, 3, 6) == (3, 6)


def test_a_column_at_the_beginning_of_a_text_has_nothing_above_it() -> None:
    for text in ("机\n密\n甲乙", "机\n密\n甲乙丙", "机\n密\n\n甲"):
        assert column_around(text, 0, 3) == (0, 3)
    assert column_around("机\n密\n长\n期\n甲乙", 0, 3) == (0, 7)


_PIECES = st.sampled_from(["机", "密", "机密", " 密", "★", "Ｃ", "UI", "平常的文字", "\n", " ", ""])


@given(st.lists(st.lists(_PIECES, max_size=4).map("".join), max_size=30))
def test_of_many_texts_asked_together_none_with_a_trigger_is_left_out(texts: list[str]) -> None:
    asked = [STAR, TRIGGER]
    holding = {place for place, text in enumerate(texts) if any(one.search(narrowed(text)) for one in asked)}
    assert holding <= set(with_any(texts, asked))


def test_of_many_texts_asked_together_those_without_a_trigger_are_left_out() -> None:
    texts = ["平常"] * 20 + ["机密★", "平常", "CUI"] + ["平常"] * 20
    assert list(with_any(texts, [STAR, TRIGGER])) == [20, 22]
