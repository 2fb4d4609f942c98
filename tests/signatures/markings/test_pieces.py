"""Pieces: packs name the grammar's terms instead of writing them."""

from __future__ import annotations

import re

import pytest

from signatures.markings.pieces import PIECES, compile_pattern, with_pieces


def test_a_pattern_with_a_named_piece_takes_every_form_of_it() -> None:
    pattern = compile_pattern(r"工作秘密\s?(?P<term>{{plain_term}})")
    assert pattern.fullmatch("工作秘密 5年")
    assert pattern.fullmatch("工作秘密 启用前")
    assert not pattern.fullmatch("工作秘密 讨论前")


def test_no_piece_brings_groups_of_its_own_into_a_pattern() -> None:
    for name, piece in PIECES.items():
        assert not re.compile(piece).groupindex, name
        assert with_pieces(f"a{name}") == "a" + piece


def test_a_pattern_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(re.error):
        compile_pattern("({{term}}")
