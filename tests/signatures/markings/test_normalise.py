from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.markings.normalise import Joiner, normalise

JOINER = Joiner(("机密", "保密期限", "内部资料"))


@pytest.mark.parametrize(
    ("original", "view"),
    [
        ("机密☆１０年", "机密★10年"),
        ("机密\uf0ab10年", "机密★10年"),
        ("（機密）", "(机密)"),
        ("机\u200b密", "机密"),
        ("机　密", "机密"),
        ("国-家-机-密", "国-家-机密"),
        ("内 部 资 料", "内部资料"),
        ("机密★1 0 年 特急", "机密★10 年 特急"),
        ("机密★1 0 年", "机密★10年"),
        ("SECRET  //  SI", "SECRET  //  SI"),
        ("TRE\u0300S SECRET", "TRES SECRET"),
        ("㈱", "(株)"),
    ],
)
def test_the_view_folds_what_only_looks_different(original: str, view: str) -> None:
    assert normalise(original, JOINER).text == view


def test_of_two_words_that_begin_alike_the_longer_is_closed_up() -> None:
    assert normalise("内 部 资 料", Joiner(("内部", "内部资料", "资料"))).text == "内部资料"


def test_lines_of_one_character_are_read_as_one_word() -> None:
    view = normalise("机\n密\n★\n5\n年", JOINER, vertical=True)
    assert view.text == "机密★5年"
    assert "VERTICAL" in view.codes(0, len(view.text), ())


def test_format_codes_are_told_only_of_what_stands_inside_the_marking() -> None:
    view = normalise("１２ 机 密★5年", JOINER)
    start = view.text.index("机")
    assert view.codes(start, len(view.text), ((start, start + 2),)) == {"SPACING"}


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("机密 \u200b☆１（機内部资料-·\n"))))
def test_every_character_of_the_view_points_back_at_what_it_was(text: str) -> None:
    view = normalise(text, JOINER)
    assert len(view.text) == len(view.origin)
    assert list(view.origin) == sorted(view.origin)
    for letter, place in zip(view.text, view.origin, strict=True):
        assert letter in normalise(text[place]).text or letter in unicodedata.normalize("NFKC", text[place])


@given(st.text(alphabet="机密★10年 \u3000\u200b（）"), st.integers(0, 20), st.integers(0, 20))
def test_a_slice_of_the_view_maps_to_a_slice_of_the_original(text: str, start: int, length: int) -> None:
    view = normalise(text, JOINER)
    start = min(start, len(view.text))
    first, last = view.span(start, min(start + length, len(view.text)))
    assert 0 <= first <= last <= len(text)


def test_a_character_that_is_two_is_folded_part_by_part() -> None:
    assert normalise("a¨b").text == "a b", "a diaeresis by itself is a blank and a mark that is dropped"
    assert normalise("№").text == "No"


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u200b", "\u00ad", "\u202e"])
def test_accents_circles_and_invisible_signs_on_a_character_vanish(mark: str) -> None:
    assert normalise(f"机{mark}密{mark}★5年").text == "机密★5年"
