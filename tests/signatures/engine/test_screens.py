"""What is looked for, and what it wakes."""

from __future__ import annotations

import re

import pytest

from signatures.engine import build
from signatures.engine.bytecode import unescape
from signatures.engine.screens import screens
from signatures.literals import Literal


def test_the_order_and_the_number_of_times_a_literal_is_named_do_not_matter() -> None:
    one, other = Literal("机密", gaps=True), Literal("SECRET")
    assert screens([one, other, one]).expressions == screens([other, one]).expressions


def test_every_expression_is_understood_by_re() -> None:
    for expression in screens([Literal("机密", gaps=True), Literal("Top Secret", any_case=True)]).expressions:
        assert re.compile(expression.encode("ascii"))


def test_a_literal_wakes_in_no_encoding_that_lacks_its_characters() -> None:
    assert screens([Literal("绝密")], ["big5"]).expressions == []


def test_a_literal_of_blanks_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        screens([Literal("  ")])


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(ValueError, match="no such encoding: latin-1"):
        screens([Literal("机密")], ["latin-1"])


def test_reach_covers_the_longest_way_to_write_a_literal() -> None:
    plan = screens([Literal("机密", gaps=True)])
    longest = {
        "utf-8": "机\U000e0100\U000e0100\U000e0100密".encode(),
        "ent": b"&#x0000673a;&#65279;&#65279;&#65279;&#x00005bc6",
    }
    for exacts in plan.wakes.values():
        for exact in exacts:
            if exact.encoding in longest:
                assert exact.pattern.fullmatch(longest[exact.encoding])
                assert exact.reach >= len(longest[exact.encoding])


def test_a_spaced_out_word_is_found_also_where_it_is_written_with_references() -> None:
    sieve = build([Literal("C O N F I D E N T I A L"), Literal("S E C R E T")])
    plain = "S E C R E T"
    references = "".join(f"&#{ord(letter)};" for letter in plain)
    for text in (plain, references, plain.replace(" ", "&nbsp;"), plain.replace(" ", "&#32;")):
        assert sieve.worth(text.encode(), encodings=frozenset({"utf-8", "ent"})), text
    assert sieve.engine == "hyperscan"
    assert not sieve.worth(b"S E A T S", encodings=frozenset({"utf-8"}))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5", "ent"])
@pytest.mark.parametrize("prefer", ["hyperscan", "re2", "re"])
@pytest.mark.parametrize("text", ["S E C R E T", "Ｓ　Ｅ　Ｃ　Ｒ　Ｅ　Ｔ", "S  E  C  R  E  T", "S\tE\tC\tR\tE\tT"])
def test_an_evenly_spaced_word_is_found_where_it_stands(text: str, prefer: str, encoding: str) -> None:
    sieve = build([Literal("S E C R E T")], prefer=prefer)
    codec = "utf-8" if encoding == "ent" else encoding
    data = f"報告{text}中".encode(codec)
    start = len("報告".encode(codec))
    if encoding == "ent":
        assert sieve.worth(data, encodings=frozenset({"ent"}))
    else:
        assert (start, start + len(text.encode(codec)), encoding) in sieve.spans(data, encodings=frozenset({encoding}))


def test_a_spaced_word_gives_an_engine_whole_strings_to_jump_by() -> None:
    plan = screens([Literal("S E C R E T")], ["utf-8", "gb18030", "utf-16-le"])
    assert all(unescape(expression) is not None for expression in plan.expressions)


def test_a_word_that_is_not_evenly_spaced_is_no_letterspaced_word() -> None:
    sieve = build([Literal("S E C R E T")])
    assert not sieve.spans(b"S E C  R E T", encodings=frozenset({"utf-8"}))
