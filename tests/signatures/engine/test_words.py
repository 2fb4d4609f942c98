"""Long lists of words in raw bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.engine import ENCODINGS, LiteralSieve, build, words
from signatures.engine.words import dereferenced
from signatures.literals import Literal

WORDS = (
    Literal("天河计划"),
    Literal("天河計劃"),
    Literal("project", any_case=True),
    Literal("甲A方案", any_case=True),
    Literal("r&d", any_case=True),
    Literal("(一)号"),
)
SHAPES = (Literal("00000000000", shape=True), Literal("000-0000-0000", shape=True))
RAW = [encoding for encoding in ENCODINGS if encoding != "ent"]


@pytest.fixture(scope="module")
def sieves() -> dict[str, LiteralSieve]:
    return {name: build((), words=(*WORDS, *SHAPES), prefer=name) for name in ("hyperscan", "portable", "re")}


@pytest.fixture(params=["hyperscan", "portable", "re"])
def sieve(request: pytest.FixtureRequest, sieves: dict[str, LiteralSieve]) -> LiteralSieve:
    return sieves[request.param]


WRITTEN = (
    *(
        "天河計劃",
        "PROJECT",
        "Project",
        "ＰＲＯＪＥＣＴ",
        "ｐroject",
        "甲a方案",
        "甲Ａ方案",
        "甲ａ方案",
        "R＆D",
        "（一）号",
    ),
    *("１３８００１３８２２１", "139-0013-9332"),
)


def writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(text, encoding) for text in WRITTEN for encoding in RAW if writable(f"前{text}", encoding)],
)
def test_a_word_is_found_in_every_width_case_and_encoding(sieve: LiteralSieve, text: str, encoding: str) -> None:
    data = f"前 {text} 前".encode(encoding)
    start = len("前 ".encode(encoding))
    spans = sieve.spans(data, encodings=frozenset({encoding}))
    assert sieve.worth(data, encodings=frozenset({encoding}))
    assert spans
    assert all(start <= low < high <= start + len(text.encode(encoding)) for low, high, _ in spans)


def test_a_plain_word_is_told_by_its_exact_place(sieve: LiteralSieve) -> None:
    data = "关于天河计划的通知".encode("gb18030")
    assert sieve.spans(data, encodings=frozenset({"gb18030"})) == [(4, 12, "gb18030")]


def test_numeric_references_are_undone_and_the_place_is_that_in_the_original(sieve: LiteralSieve) -> None:
    data = b"<a>&#22825;&#x6CB3;" + "计".encode() + b"&#21010;</a> &#1; &#xD800;"
    found = sieve.spans(data, encodings=frozenset({"utf-8", "ent"}))
    assert [(data[start:end], encoding) for start, end, encoding in found] == [(data[3 : data.index(b"</")], "ent")]
    assert sieve.worth(data, encodings=frozenset({"ent"}))


def test_plain_text_is_not_told_as_references(sieve: LiteralSieve) -> None:
    data = "天河计划 &#60;".encode()
    assert sieve.spans(data, encodings=frozenset({"ent"})) == []
    assert [span[2] for span in sieve.spans(data, encodings=frozenset({"utf-8", "ent"}))] == ["utf-8"]


def test_a_place_half_a_character_off_is_none(sieve: LiteralSieve) -> None:
    data = b"\x00" + "天河计划".encode("utf-16-le") + b"\x00"
    assert sieve.spans(data, encodings=frozenset({"utf-16-le"})) == []
    shifted = "中".encode("gb18030")[:1] + "天河计划".encode("gb18030") + b"\xa1 "
    assert sieve.spans(shifted, encodings=frozenset({"gb18030"})) == []


def test_trail_bytes_that_look_like_letters_are_no_letters() -> None:
    word = Literal("丂b计", any_case=True)
    twin = word.text.encode("gb18030").lower()
    for prefer in ("hyperscan", "portable", "re"):
        sieve = build((), words=[word], prefer=prefer)
        assert sieve.spans("丂B计".encode("gb18030"), encodings=frozenset({"gb18030"}))
        if twin.decode("gb18030", "replace") != word.text:
            assert sieve.spans(twin, encodings=frozenset({"gb18030"})) == []


def test_digits_stand_for_any_digits_and_a_long_run_is_told_without_overlaps(sieve: LiteralSieve) -> None:
    assert sieve.spans(b"1" * 35, encodings=frozenset({"utf-8"})) == [
        (0, 11, "utf-8"),
        (11, 22, "utf-8"),
        (22, 33, "utf-8"),
    ]
    assert sieve.worth(b"138-0013-8221", encodings=frozenset({"utf-8"}))
    assert not sieve.worth(b"1380013822", encodings=frozenset({"utf-8"}))


def test_words_stand_beside_the_literals_of_the_rules() -> None:
    sieve = build([Literal("机密", gaps=True)], words=[Literal("天河")])
    assert sieve.spans("机 密 天河".encode(), encodings=frozenset({"utf-8"})) == [(0, 7, "utf-8"), (8, 14, "utf-8")]
    assert sieve.worth("天河".encode(), encodings=frozenset({"utf-8"}))
    assert sieve.worth("机 密".encode(), encodings=frozenset({"utf-8"}))


def test_many_words_are_found_as_few_are() -> None:
    many = [Literal(f"词{number:05}号") for number in range(5_500)]
    sieve = build((), words=many, prefer="portable")
    for encoding in ("utf-8", "gb18030", "utf-16-be"):
        data = "..词00007号..词05499号".encode(encoding)
        spans = sieve.spans(data, encodings=frozenset({"utf-8", "gb18030", "utf-16-be"}))
        assert {data[start:end].decode(encoding) for start, end, name in spans if name == encoding} == {
            "词00007号",
            "词05499号",
        }


@pytest.mark.parametrize("word", [Literal("机密", gaps=True), Literal("two words"), Literal("")])
def test_a_word_with_gaps_or_blanks_is_refused(word: Literal) -> None:
    with pytest.raises(ValueError, match="neither gaps nor blanks"):
        build((), words=[word])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*(word.text for word in WORDS), "ＰRO", "ject", "天", "1380013", "8221", "a", "、"]),
        max_size=8,
    ),
    st.sampled_from(RAW),
)
def test_all_engines_give_the_same_places(sieves: dict[str, LiteralSieve], parts: list[str], encoding: str) -> None:
    data = "".join(parts).encode(encoding, "ignore")
    everything = frozenset(RAW)
    answers = [engine.spans(data, encodings=everything) for engine in sieves.values()]
    assert answers[0] == answers[1] == answers[2]
    assert all(engine.worth(data, encodings=everything) for engine in sieves.values() if answers[0])


@given(st.lists(st.one_of(st.text(max_size=5), st.integers(1, 0xD7FF).map(lambda n: f"&#{n};")), max_size=8))
def test_every_place_in_undone_text_leads_back_into_the_original(parts: list[str]) -> None:
    data = "".join(parts).encode("utf-8", "ignore")
    plain, moved = dereferenced(data)
    places = [(moved.before(place), moved.after(place + 1)) for place in range(len(plain))]
    assert all(0 <= start < end <= len(data) for start, end in places)
    assert [start for start, _ in places] == sorted(start for start, _ in places)


FILLINGS = ("关于做好年度工作会议准备的通知", "關於做好會議準備的通知", "a plain line of text\n")


@pytest.fixture(scope="module")
def long_list() -> LiteralSieve:
    others = (Literal(f"{chr(0x4E00 + number % 5000)}{chr(0x5000 + number // 5000)}龘") for number in range(6000))
    return build((), words=(*WORDS, *others), prefer="portable")


@pytest.mark.parametrize("encoding", RAW)
@pytest.mark.parametrize(
    "filling", ["关于做好年度工作会议准备的通知", "關於做好會議準備的通知", "a plain line of text\n"]
)
def test_no_encoding_is_spared_in_which_a_long_list_has_a_word(
    long_list: LiteralSieve, filling: str, encoding: str
) -> None:
    for word in ("天河計劃", "PROJECT"):
        text = filling * 200 + word + filling * 200
        if writable(text, encoding):
            data = text.encode(encoding)
            start = len((filling * 200).encode(encoding))
            found = {(span[0], span[1]) for span in long_list.spans(data, encodings=frozenset(RAW))}
            assert (start, start + len(word.encode(encoding))) in found
            assert long_list.worth(data, encodings=frozenset(RAW))


@pytest.fixture(scope="module", params=["hyperscan", "portable"])
def many(request: pytest.FixtureRequest) -> Iterator[LiteralSieve]:
    """The same words, looked for as a list of very many is: by kind, and by the likely encoding of the data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_FEW", 0)
        sieve = build((), words=(*WORDS, *SHAPES), prefer=request.param)
        sieve.prepare(frozenset(ENCODINGS))
        yield sieve


PAST = tuple(
    text.encode(encoding)
    for text, encodings in (
        ("前言与说明" * 900, ("utf-8", "gb18030", "utf-16-le")),
        ("plain text, " * 400, ("utf-8", "utf-16-le", "utf-16-be")),
    )
    for encoding in encodings
)
"""What may stand before a word and lead a guess at the encoding astray; each of an even number of bytes."""


@pytest.mark.parametrize("past", PAST)
@pytest.mark.parametrize("encoding", RAW)
def test_of_very_many_words_none_is_missed_whatever_the_text_around_is_in(
    many: LiteralSieve, sieves: dict[str, LiteralSieve], past: bytes, encoding: str
) -> None:
    said = [text for text in WRITTEN if writable(text, encoding)]
    data = past + "、\n".join(said).encode(encoding, "ignore") + past
    assert len(past) % 2 == 0
    found = many.spans(data, encodings=frozenset(RAW))
    assert set(found) >= set(sieves["portable"].spans(data, encodings=frozenset({encoding})))
    assert len({span[:2] for span in found}) >= len(said) - 1


@pytest.mark.parametrize("encoding", RAW)
def test_very_many_words_say_of_short_data_what_few_say(
    many: LiteralSieve, sieves: dict[str, LiteralSieve], encoding: str
) -> None:
    for text in WRITTEN:
        if writable(text, encoding):
            data = text.encode(encoding)
            for asked in (frozenset(RAW), frozenset({encoding}), frozenset({encoding, "ent"})):
                assert many.spans(data, encodings=asked) == sieves["portable"].spans(data, encodings=asked)
                assert many.worth(data, encodings=asked)


def test_letters_between_nuls_are_told_only_where_each_has_its_nul(many: LiteralSieve) -> None:
    asked = frozenset({"utf-16-le", "utf-16-be"})
    spread = "a project here".encode("utf-16-le") * 40
    assert {span[2] for span in many.spans(spread, encodings=asked)} == {"utf-16-le"}
    broken = spread.replace(b"j\0e\0", b"j\0e\x4e")
    assert many.spans(broken, encodings=asked) == []
    assert not many.worth(broken, encodings=asked)
