"""What the sieve looks for in place of a word."""

from __future__ import annotations

import pytest

from signatures.keywords.folding import count_forms, fold
from signatures.keywords.fragments import literals, piece


def test_a_word_is_looked_for_whole_in_all_its_forms() -> None:
    assert [literal.text for literal in literals(["天河計劃"])] == ["天河计划", "天河计劃", "天河計划", "天河計劃"]


def test_of_a_word_with_blanks_the_longest_stretch_is_taken() -> None:
    assert piece("Project  Ｘ") == "project"


def test_of_a_word_with_very_many_forms_a_piece_is_taken_that_is_in_it() -> None:
    word = "发钟复面台里历系"
    assert count_forms(piece(word)) <= 32
    assert piece(word) in fold(word)
    assert len(piece(word)) > 1


def test_a_word_that_holds_another_needs_no_literal_of_its_own() -> None:
    assert {literal.text for literal in literals(["天河一号", "天河"])} == {"天河"}


def test_a_word_without_two_characters_in_a_row_has_no_piece() -> None:
    with pytest.raises(ValueError, match="two characters"):
        piece("甲 乙")
