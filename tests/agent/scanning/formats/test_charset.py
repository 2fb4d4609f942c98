"""Guessing an encoding by what the characters would be."""

from __future__ import annotations

import pytest

from agent.scanning.formats.charset import TEXT_ENCODINGS, byte_order_mark, decode, plausibility, rank

SIMPLIFIED = "各责任单位要于本月二十日前报送进展情况，逾期未报的将予以通报。"
TRADITIONAL = "請各有關部門密切配合，確保各項任務按期完成。"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_simplified_chinese_is_recognised(encoding: str) -> None:
    assert rank(SIMPLIFIED.encode(encoding))[0] == encoding


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gb18030", "utf-16-le", "utf-16-be"])
def test_traditional_chinese_is_recognised(encoding: str) -> None:
    assert rank(TRADITIONAL.encode(encoding))[0] == encoding


def test_plain_english_is_taken_for_utf8_and_a_mark_decides() -> None:
    assert rank(b"Quarterly review, second draft.")[0] == "utf-8"
    assert rank("é".encode("utf-16-le") * 40, "utf-16-le")[0] == "utf-16-le"


def test_only_the_encodings_asked_about_are_ranked() -> None:
    assert rank(SIMPLIFIED.encode(), among={"big5", "gb18030"}) != ()
    assert set(rank(SIMPLIFIED.encode(), among={"big5", "gb18030"})) == {"big5", "gb18030"}
    assert set(rank(b"")) == set(TEXT_ENCODINGS)


def test_byte_order_marks_are_known_with_their_length() -> None:
    assert byte_order_mark("\ufeffa".encode("utf-16-be")) == ("utf-16-be", 2)
    assert byte_order_mark("\ufeffa".encode()) == ("utf-8", 3)
    assert byte_order_mark(b"abc") == ("", 0)


def test_garbage_is_less_plausible_than_text() -> None:
    assert plausibility(SIMPLIFIED) > 0.8
    assert plausibility(SIMPLIFIED.encode().decode("gb18030", "replace")) < 0.5
    assert plausibility("") == 0


def test_lone_surrogates_become_something_that_can_be_written() -> None:
    assert decode(b"\x00\xd8a\x00", "utf-16-le").encode("utf-8")
