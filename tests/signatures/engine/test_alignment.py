"""Places that lie half a character off are told from those at which a character begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.engine.alignment import Aligned, aligned

TEXT = st.text(st.sampled_from("机密文件的管理规定，。一丁丂 12a\n"), max_size=60)


@given(TEXT, st.sampled_from(["gb18030", "big5"]))
def test_every_beginning_of_a_character_is_one(text: str, encoding: str) -> None:
    data = text.encode(encoding, "ignore")
    places = Aligned(data)
    start = 0
    for letter in data.decode(encoding):
        end = start + len(letter.encode(encoding))
        assert aligned(data, start, end, encoding)
        assert places.at(start, end, encoding)
        start = end


@pytest.mark.parametrize("asked_before", [False, True])
def test_the_second_half_of_a_character_is_none(asked_before: bool) -> None:
    data = "\n文件的管理规定".encode("gb18030")
    places = Aligned(data)
    if asked_before:
        assert places.at(1, 3, "gb18030")
    assert not places.at(4, 6, "gb18030")
    assert not aligned(data, 4, 6, "gb18030")


@given(TEXT, st.binary(max_size=3), TEXT)
def test_what_is_remembered_changes_no_answer_to_no(before: str, noise: bytes, after: str) -> None:
    data = before.encode("gb18030") + noise + after.encode("gb18030")
    places = Aligned(data)
    for start in range(len(data) - 1):
        if aligned(data, start, start + 2, "gb18030"):
            assert places.at(start, start + 2, "gb18030")
