"""What is looked for, and what it wakes."""

from __future__ import annotations

import re

import pytest

from signatures.engine import build
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
