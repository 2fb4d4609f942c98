"""One form for all the ways to write a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.keywords.folding import count_forms, fold, letter_forms, written_forms


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＰｒｏＪ－９（一）", "proj-9(一)"),
        ("發展計劃", "发展计划"),
        ("臺灣、台灣、台湾", "台湾、台湾、台湾"),
        ("裏裡里", "里里里"),
        ("a\u3000b\tc\nd", "a b c d"),
        ("ÉÀ", "éà"),
    ],
)
def test_width_case_and_script_make_no_difference(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(("one", "other"), [("机", "几"), ("密", "蜜"), ("于", "干"), ("己", "已"), ("0", "O")])
def test_characters_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=40))
def test_folding_keeps_every_offset_and_folds_no_further_the_second_time(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(st.text("发展計劃裏臺Aéa一", min_size=1, max_size=4))
def test_every_written_form_folds_back_and_they_are_counted_right(text: str) -> None:
    forms = written_forms(text)
    assert {fold(form) for form in forms} == {fold(text)}
    assert len(forms) == len(set(forms)) == count_forms(text)


def test_the_table_has_no_character_in_two_groups() -> None:
    from signatures.keywords.folding import _TABLE

    groups = [group for line in _TABLE.read_text("utf-8").splitlines() if line[0] != "#" for group in line.split()]
    letters = [letter for group in groups for letter in group]
    assert len(groups) > 2600
    assert len(letters) == len(set(letters)), "a character stands twice"
    assert all(len(group) > 1 for group in groups)


def test_the_table_knows_the_characters_of_the_markings() -> None:
    from signatures.characters import TRADITIONAL

    assert [odd for odd, plain in TRADITIONAL.items() if fold(odd) != fold(plain)] == []


def test_forms_of_a_letter_are_told_once() -> None:
    assert letter_forms("a") == letter_forms("Ａ") == "a"
    assert set(letter_forms("发")) == {"发", "發", "髮"}
    assert set(letter_forms("É")) == {"é", "É"}
