"""How characters become bytes and bytes become expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.characters import GAPS, ZERO_WIDTH
from signatures.engine.bytecode import SEPARATORS, any_of, escape, forms, reference, separators, spellings, unescape


@given(st.sets(st.binary(max_size=5), min_size=1, max_size=30), st.binary(max_size=5))
def test_a_choice_of_byte_strings_matches_just_these(strings: set[bytes], other: bytes) -> None:
    pattern = re.compile(any_of(strings).encode("ascii"), re.DOTALL)
    for string in strings:
        assert pattern.fullmatch(string)
    assert (pattern.fullmatch(other) is not None) == (other in strings)


def test_no_choice_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no byte strings"):
        any_of([])


@given(st.binary(min_size=1, max_size=20))
def test_an_escaped_string_can_be_read_back(data: bytes) -> None:
    assert unescape(escape(data)) == data
    assert re.fullmatch(escape(data).encode("ascii"), data, re.DOTALL)


def test_an_expression_with_a_choice_is_no_plain_string() -> None:
    assert unescape("[ab]c") is None


def test_big5_is_spelt_as_taiwan_and_microsoft_spell_it() -> None:
    assert spellings("密", "big5") == {"密".encode("big5")}
    assert spellings("·", "big5") == {b"\xa1\x50"}


def test_a_character_that_an_encoding_lacks_has_no_spelling() -> None:
    assert spellings("绝", "big5") == frozenset()


def test_a_letter_counts_in_both_cases_and_both_widths() -> None:
    assert forms("s", any_case=True, any_width=True) == {"s", "S", "ｓ", "Ｓ"}
    assert forms("S", any_case=False, any_width=False) == {"S"}
    assert forms("密", any_case=True, any_width=True) == {"密"}


@pytest.mark.parametrize("written", [b"&#26426", b"&#026426", b"&#x673a", b"&#X673A", b"&#x0673a"])
def test_a_numeric_reference_is_known_in_every_notation(written: bytes) -> None:
    assert re.fullmatch(reference("机").encode(), written)


def test_whatever_the_grammar_lets_stand_between_characters_is_a_separator() -> None:
    assert set(GAPS) | ZERO_WIDTH | set("\r\n") <= SEPARATORS


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_every_separator_is_found_in_every_encoding(encoding: str) -> None:
    pattern = re.compile(separators(encoding).encode("ascii"), re.DOTALL)
    assert all(pattern.fullmatch(separator.encode(encoding)) for separator in SEPARATORS)
