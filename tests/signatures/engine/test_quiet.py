"""Text full of talk: what is no talk is told in it, however it is written, and talk is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.engine import MANY, LiteralSieve, build
from signatures.engine.bytecode import SEPARATORS
from signatures.engine.quiet import QUIET_ENCODINGS, is_talk
from signatures.literals import Literal

LITERALS = (
    Literal("机密", gaps=True),
    Literal("绝密", gaps=True),
    Literal("敏感"),
    Literal("一般★"),
    Literal("注意保", gaps=True),
    Literal("SECRET//"),
)
TALK = frozenset({"机密", "绝密", "敏感", "一般★", "注意保"})
OWN = st.sampled_from(QUIET_ENCODINGS)
GAP = st.text(st.sampled_from(sorted(SEPARATORS)), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def sieve() -> LiteralSieve:
    return build(LITERALS, talk=TALK)


@pytest.mark.parametrize("own", QUIET_ENCODINGS)
def test_mere_talk_wakes_nobody(sieve: LiteralSieve, own: str) -> None:
    text = "机密级文件和绝密级文件都很敏感，按规定管理。" * 50
    assert sieve.besides_talk(text.encode(own), own) == []


@given(own=OWN, gap=GAP)
def test_a_level_word_with_anything_between_its_characters_wakes_somebody(
    sieve: LiteralSieve, own: str, gap: str
) -> None:
    head = "机密文件".encode(own)
    written = f"机{gap}密".encode(own)
    told = sieve.besides_talk(head + written + head, own) or []
    assert any(len(head) < end <= len(head) + len(written) for end in told)


@pytest.mark.parametrize("own", QUIET_ENCODINGS)
@pytest.mark.parametrize("mark", ["机密★", "机密 ★ 10年", "★机密", "绝密*", "注意保", "一般★", "SECRET//NOFORN"])
def test_a_star_and_every_other_literal_wake_somebody(sieve: LiteralSieve, own: str, mark: str) -> None:
    head = "机密文件".encode(own)
    (first, *_) = sieve.besides_talk(head + mark.encode(own) + head, own) or []
    assert len(head) < first <= len(head) + len(mark.encode(own))


@pytest.mark.parametrize("other", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("own", QUIET_ENCODINGS)
def test_a_level_word_in_another_encoding_is_no_talk(sieve: LiteralSieve, own: str, other: str) -> None:
    data = "秘书处\n".encode(own) + "机密".encode(other)
    assert bool(sieve.besides_talk(data, own)) == (own != other)


def test_only_words_of_ideographs_are_passed_over() -> None:
    assert [literal.text for literal in LITERALS if is_talk(literal, TALK)] == ["机密", "绝密", "敏感"]


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "re"])
def test_few_are_the_first_or_all_and_say_which(engine: str) -> None:
    sieve = build(LITERALS, prefer=engine)
    data = "机密文件".encode() * 100
    few, whole = sieve.few(data, 7)
    every = sieve.spans(data)
    assert few == every[: len(few)]
    assert few
    assert whole == (few == every)
    assert sieve.few(data, 1000) == (every, True)
    assert sieve.few(b"nothing", 7) == ([], True)


def test_where_words_are_looked_for_few_are_all_of_them_unless_they_are_thousands() -> None:
    sieve = build(LITERALS, words=[Literal("文件")], talk=TALK)
    data = "机密文件".encode() * 100
    assert sieve.few(data, 7) == (sieve.spans(data), True)
    few, whole = sieve.few(data * (MANY // 50), 7)
    assert not whole
    assert MANY <= len(few) < 3 * MANY
    assert sieve.besides_talk(data, "utf-8") is None


@pytest.mark.parametrize("own", QUIET_ENCODINGS)
def test_a_line_that_begins_as_a_word_ends_wakes_nobody_unless_the_line_before_ends_as_it_begins(own: str) -> None:
    sieve = build([*LITERALS, Literal("内部", gaps=True)], talk=TALK | {"内部"})

    def told(text: str) -> list[int] | None:
        return sieve.besides_talk(text.encode(own), own)

    assert told("会议要求\n部门密切配合。\r\n密切配合。\n\n密") == []
    for end in ("\n", "\r\n", "\r", " \n", "\n\n"):
        assert told(f"会议\n内{end}部门") == [len(f"会议\n内{end}部".encode(own))]


def test_what_stands_out_too_often_is_not_told_place_by_place(sieve: LiteralSieve) -> None:
    assert sieve.besides_talk("机密★".encode() * (MANY + 1), "utf-8") is None


def test_an_engine_that_tells_no_places_leaves_no_talk_out() -> None:
    sieve = build(LITERALS, talk=TALK, prefer="portable")
    data = "机密文件".encode()
    assert sieve.besides_talk(data, "utf-8") is None
    assert not sieve.few(data * MANY, MANY)[1]
