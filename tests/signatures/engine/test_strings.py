"""Engines for very many plain byte strings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.engine.cache import Cache
from signatures.engine.strings import Slices, Strings, Wanted, make_strings

STRINGS = ["机密".encode(), "机密件".encode(), b"secret", b"sec", "天河".encode("gb18030")]


def wanted(strings: list[bytes], caseless: frozenset[int] = frozenset(), digest: str = "d") -> Wanted:
    return Wanted(lambda: (strings, caseless), digest)


@pytest.fixture(params=["hyperscan", "portable", "re"])
def strings(request: pytest.FixtureRequest) -> Strings:
    return make_strings(wanted(STRINGS, frozenset({2, 3})), prefer=request.param)


def test_every_string_is_told_by_its_number_and_end_overlaps_included(strings: Strings) -> None:
    data = "机密件 ".encode() + b"SECret"
    assert sorted(strings.hits(data)) == [(0, 6), (1, 9), (2, 16), (3, 13)]
    assert strings.any(data)


def test_what_is_not_there_is_not_found(strings: Strings) -> None:
    assert not strings.any("秘密".encode())
    assert list(strings.hits("秘密".encode())) == []


def test_a_memoryview_is_searched_like_bytes(strings: Strings) -> None:
    assert strings.any(memoryview(b"..sec.."))


@pytest.mark.parametrize("count", [99, 100, 3000])
def test_many_strings_are_found_each_whatever_is_added_to_make_the_engine_fast(count: int) -> None:
    many = [f"k{number:05}".encode() for number in range(count)]
    engine = make_strings(wanted(many), prefer="hyperscan")
    data = b" ".join(many)
    assert sorted(number for number, _ in engine.hits(data)) == list(range(count))
    assert list(engine.hits(b"\xff" * 50)) == []


def test_a_cached_engine_is_used_without_working_out_its_strings(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_strings(wanted(STRINGS), prefer="hyperscan", cache=Cache(tmp_path))

    def never() -> tuple[list[bytes], frozenset[int]]:
        raise AssertionError("the strings were asked for")

    assert make_strings(Wanted(never, "d"), prefer="hyperscan", cache=Cache(tmp_path)).any(b"a sec")


def test_no_strings_at_all_are_never_found() -> None:
    for prefer in ("hyperscan", "portable", "re"):
        engine = make_strings(wanted([]), prefer=prefer)
        assert not engine.any(b"anything")
        assert list(engine.hits(b"anything")) == []


def test_an_unknown_engine_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="known are auto"):
        make_strings(wanted(STRINGS), prefer="grep")


@given(st.lists(st.text("ab机", min_size=1, max_size=4), min_size=1, max_size=6), st.text("ab机", max_size=40))
def test_slices_find_what_a_plain_search_finds(words: list[str], text: str) -> None:
    expected = {
        (number, start + len(word))
        for number, word in enumerate(words)
        for start in range(len(text))
        if text.startswith(word, start)
    }
    assert set(Slices(words).hits(text)) == expected


def test_slices_refuse_an_empty_string() -> None:
    with pytest.raises(ValueError, match="empty"):
        Slices(["a", ""])
