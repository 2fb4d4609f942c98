"""The promise of the sieve: too often perhaps, too seldom never, and the same from every engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.engine import ENCODINGS, LiteralSieve, build
from signatures.engine.bytecode import SEPARATORS
from signatures.literals import Literal

PLAIN = ENCODINGS[:5]
SEPARATOR = st.sampled_from(sorted(SEPARATORS))
GAP = st.text(SEPARATOR, max_size=3)
PROSE = st.text(st.sampled_from("关于报告的通知年度计划，。\n 12abc"), max_size=40)


def wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A literal's name, and one of the many ways to write it."""
    word = draw(
        st.sampled_from(["机密", "绝密", "注意保", "敏感", "SECRET", "AB - C:D", "Confidential", "internal use"])
    )
    letters = []
    for letter in word:
        if letter == " ":
            letters.append(draw(st.text(st.sampled_from(" \u3000\xa0\n\t"), min_size=1, max_size=3)))
            continue
        if letter.isascii():
            if word in ("Confidential", "internal use"):
                letter = draw(st.sampled_from([letter.lower(), letter.upper()]))
            letter = draw(st.sampled_from([letter, wide(letter)]))
        elif letters and word != "敏感":
            letters.append(draw(GAP))
        letters.append(letter)
    return word, "".join(letters)


@settings(max_examples=120, deadline=None)
@given(st.data(), written(), PROSE, PROSE, st.sampled_from(PLAIN))
def test_no_way_to_write_a_literal_escapes_any_engine(
    sieves: dict[str, LiteralSieve], data: st.DataObject, word: tuple[str, str], before: str, after: str, encoding: str
) -> None:
    try:
        lead, body = before.encode(encoding), word[1].encode(encoding)
        whole = lead + body + after.encode(encoding)
    except UnicodeEncodeError:
        return
    only = frozenset({encoding})
    asked = data.draw(st.sampled_from([only, frozenset(PLAIN), None]))
    answers = {name: sieve.spans(whole, encodings=asked) for name, sieve in sieves.items()}
    for sieve in sieves.values():
        assert sieve.worth(whole, encodings=asked)
    assert (len(lead), len(lead) + len(body), encoding) in answers["hyperscan"]
    assert answers["hyperscan"] == answers["re2"] == answers["re"]


@st.composite
def referred(draw: st.DrawFn) -> str:
    """A literal of which some characters are numeric references, in either width where there are two."""
    word = draw(st.sampled_from(["机密", "注意保", "SECRET", "AB - C:D", "internal use"]))
    written = []
    for letter in word:
        if "!" <= letter <= "~" and draw(st.booleans()):
            letter = wide(letter)
        number = draw(st.sampled_from(["", f"&#{ord(letter)};", f"&#0{ord(letter)};", f"&#x{ord(letter):X};"]))
        written.append(number or letter)
        if word in ("机密", "注意保"):
            written.append(draw(st.sampled_from(["", "&nbsp;", "&#12288;", " ", "&#x200b;&#x2011;"])))
    return "".join(written)


@settings(max_examples=120, deadline=None)
@given(referred(), PROSE, PROSE)
def test_no_way_to_write_a_literal_with_references_escapes_any_engine(
    sieves: dict[str, LiteralSieve], word: str, before: str, after: str
) -> None:
    data = f"{before}{word}{after}".encode()
    asked = frozenset({"utf-8", "ent"})
    answers = {name: sieve.spans(data, encodings=asked) for name, sieve in sieves.items()}
    assert all(sieve.worth(data, encodings=asked) for sieve in sieves.values())
    assert len(before.encode()) in {start for start, _, _ in answers["re"]}
    assert answers["hyperscan"] == answers["re2"] == answers["re"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["机", "密", " ", "\u3000", "绝", "S", "SECRET", "Ｓ", "&#26426;", "&#x5bc6;", "&nbsp;", "\n"]),
        max_size=30,
    )
)
def test_all_engines_give_the_same_answers(sieves: dict[str, LiteralSieve], parts: list[str]) -> None:
    data = "".join(parts).encode()
    spans = {name: sieve.spans(data) for name, sieve in sieves.items()}
    worth = {name: sieve.worth(data) for name, sieve in sieves.items()}
    assert spans["hyperscan"] == spans["re2"] == spans["re"]
    assert worth["hyperscan"] == worth["re2"] == worth["re"]
    assert worth["re"] or not spans["re"]


@pytest.mark.parametrize(
    "markup",
    [
        "&#26426;&#23494;",
        "&#x673A;&#x5bc6;",
        "机&#23494;",
        "&#026426;&nbsp;&#12288;密",
        "&#83;&#69;&#67;&#82;&#69;&#84;",
        "SECRE&#84;",
        "&#65331;&#65317;&#65315;&#65330;&#65317;&#65332;",
        "S&#xFF25;CRET",
        "internal&nbsp;use",
    ],
)
def test_numeric_references_hide_nothing(sieve: LiteralSieve, markup: str) -> None:
    data = f"<t>{markup}</t>".encode()
    assert sieve.worth(data, encodings=frozenset({"utf-8", "ent"}))
    assert [encoding for _, _, encoding in sieve.spans(data, encodings=frozenset({"utf-8", "ent"}))] == ["ent"]


def test_ordinary_references_are_not_worth_a_look(sieve: LiteralSieve) -> None:
    data = b"&#24037;&#20316;&#65292;&#65313;&amp;&#8220;x&#39;"
    assert not sieve.worth(data, encodings=frozenset({"utf-8", "ent"}))


@pytest.mark.parametrize("text", ["本年度工作计划", "a secret", "tlp:red", "公关密码", "confidentia", "机----密", ""])
def test_text_without_a_literal_passes(sieve: LiteralSieve, text: str) -> None:
    for encoding in PLAIN:
        data = text.encode(encoding, "ignore")
        assert not sieve.worth(data, encodings=frozenset({encoding}))
        assert sieve.spans(data, encodings=frozenset({encoding})) == []


def test_spans_come_in_order_of_their_ends_with_overlaps() -> None:
    sieve = build([Literal("国家秘密"), Literal("秘密"), Literal("家秘")], prefer="re2")
    data = "国家秘密".encode()
    assert sieve.spans(data, encodings=frozenset({"utf-8"})) == [(3, 9, "utf-8"), (0, 12, "utf-8"), (6, 12, "utf-8")]


def test_halves_of_other_characters_are_no_literal(sieve: LiteralSieve) -> None:
    inside = "\n".encode("gb18030") + b"\xb0" + "机密".encode("gb18030") + b"\xb5\n"
    assert "机密" not in inside.decode("gb18030")
    assert sieve.spans(inside, encodings=frozenset({"gb18030"})) == []


def test_a_stray_byte_before_a_literal_does_not_hide_it(sieve: LiteralSieve) -> None:
    damaged = "报告\n".encode("gb18030") + b"\xb0" + "机密\n".encode("gb18030")
    assert [span[:2] for span in sieve.spans(damaged, encodings=frozenset({"gb18030"}))] == [(6, 10)]


def test_utf16_is_read_at_even_offsets_only(sieve: LiteralSieve) -> None:
    data = b"x" + "SECRET".encode("utf-16-le")
    assert sieve.spans(data, encodings=frozenset({"utf-16-le"})) == []
    assert sieve.spans(b"x" + data, encodings=frozenset({"utf-16-le"})) == [(2, 14, "utf-16-le")]


def test_memoryviews_are_as_good_as_bytes(sieve: LiteralSieve) -> None:
    data = memoryview(bytearray("……机密".encode()))
    assert sieve.worth(data)
    assert sieve.spans(data, encodings=frozenset({"utf-8"})) == sieve.spans(bytes(data), encodings=frozenset({"utf-8"}))


def test_a_dense_text_gives_every_place(sieve: LiteralSieve) -> None:
    data = ("绝密、机密。" * 500).encode("gb18030")
    assert len(sieve.spans(data, encodings=frozenset({"gb18030"}))) == 1000


def test_threads_share_one_sieve(sieve: LiteralSieve) -> None:
    documents = [(f"第{number}页" + ("机密" if number % 3 == 0 else "公告")).encode() * 50 for number in range(60)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(sieve.worth, documents))
    assert answers == [number % 3 == 0 for number in range(60)]


def test_no_literals_find_nothing() -> None:
    sieve = build([])
    assert not sieve.worth("机密".encode())
    assert sieve.spans("机密".encode()) == []


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no such engine: grep"):
        build([Literal("机密")], prefer="grep")


def test_the_portable_engine_does_without_hyperscan() -> None:
    sieve = build([Literal("机密")], prefer="portable")
    assert sieve.engine in ("re2", "re")
    assert sieve.worth("机密".encode())
