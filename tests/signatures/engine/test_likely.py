"""What bytes look to be in: a guess that nothing but the speed depends on."""

from __future__ import annotations

import pytest

from signatures.engine.likely import has_many_nuls, in_utf16, likely_of, possible

CHINESE = "各单位要认真学习会议精神，结合实际抓好落实，于月底前报送总结。\n" * 100
ENGLISH = "All units shall study the minutes and report by the end of the month.\n" * 100
RAW = frozenset({"utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5"})


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_text_is_taken_for_what_it_is_in(encoding: str) -> None:
    data = CHINESE.encode(encoding)
    assert likely_of(data) == encoding
    assert likely_of(ENGLISH.encode() + data) == encoding
    assert not in_utf16(data)
    assert not has_many_nuls(data)
    assert possible(RAW, data) == {"utf-8", "gb18030", "big5"}


def test_chinese_text_in_utf16_is_told_from_any_other() -> None:
    assert in_utf16(CHINESE.encode("utf-16-le"))
    assert in_utf16((ENGLISH[:200] + CHINESE).encode("utf-16-le"))
    assert not in_utf16(CHINESE.encode("utf-16-be"))
    assert not in_utf16(ENGLISH.encode())
    assert not in_utf16(ENGLISH.encode("utf-16-le"))
    assert not in_utf16(b"")
    assert possible(RAW, CHINESE.encode("utf-16-le")) == RAW


def test_ascii_text_in_utf16_has_many_nuls() -> None:
    assert has_many_nuls(ENGLISH.encode("utf-16-le"))
    assert has_many_nuls(CHINESE.encode() + b"\0" * 10_000)
    assert not has_many_nuls(CHINESE.encode("utf-16-le"))


def test_ascii_text_is_possible_in_one_encoding_only_as_it_is_the_same_in_all() -> None:
    assert possible(RAW, ENGLISH.encode()) == {"utf-8"}
    assert possible(RAW, ENGLISH.encode()[:100]) == RAW
    assert possible(RAW - {"utf-8"}, ENGLISH.encode()) == {"gb18030", "big5"}
