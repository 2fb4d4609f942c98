"""ASCII text in UTF-16: searched as what it says, it has the same literals in the same places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.engine import LiteralSieve, build
from signatures.engine.narrow import is_seen_narrow, narrowed
from signatures.literals import Literal

BOTH = frozenset({"utf-16-le", "utf-16-be"})
ALL = BOTH | {"utf-8", "gb18030", "big5"}
PLAIN = "Nothing of note is said in these lines, which go on for quite a while. " * 10
PIECES = (
    "SECRET",
    "S E C R E T",
    "INTERNAL USE",
    "internal  use",
    "Confidential",
    "CONFI",
    "DENTIAL",
    "\n",
    " ",
    PLAIN,
)


@settings(max_examples=30)
@given(parts=st.lists(st.sampled_from(PIECES), max_size=12), encoding=st.sampled_from(sorted(BOTH)), mark=st.booleans())
def test_in_ascii_text_in_utf16_each_literal_has_the_place_that_it_has_in_utf8(
    sieve: LiteralSieve, parts: list[str], encoding: str, mark: bool
) -> None:
    text = PLAIN + "".join(parts)
    data = ("\ufeff" * mark + text).encode(encoding)
    assert narrowed(data, ALL) == (text.encode(), 2 * mark, encoding)
    expected = [
        (2 * (mark + start), 2 * (mark + end), encoding)
        for start, end, _ in sieve.spans(text.encode(), encodings=frozenset({"utf-8"}))
    ]
    assert sieve.spans(data, encodings=ALL) == sieve.few(data, 1000, encodings=ALL)[0] == expected
    assert sieve.worth(data, encodings=ALL) == bool(expected)


@pytest.mark.parametrize("where", [0, 300, len(PLAIN)])
def test_one_character_that_is_no_ascii_leaves_the_text_as_it_is(sieve: LiteralSieve, where: int) -> None:
    text = PLAIN[:where] + "机密" + PLAIN[where:] + "SECRET"
    data = text.encode("utf-16-le")
    assert narrowed(data, ALL) is None
    assert {(2 * where, 2 * where + 4, "utf-16-le"), (2 * len(text) - 12, 2 * len(text), "utf-16-le")} <= set(
        sieve.spans(data, encodings=ALL)
    )


def test_text_that_is_not_asked_for_in_utf16_or_is_short_is_left_as_it_is() -> None:
    assert narrowed(PLAIN.encode("utf-16-le"), frozenset({"utf-8", "utf-16-be"})) is None
    assert narrowed(b"S\0E\0C\0", ALL) is None
    assert narrowed(PLAIN.encode(), ALL) is None
    assert narrowed(b"\0" * 4096, ALL) == (b"\0" * 2048, 0, "utf-16-be")


def test_a_broken_last_character_is_left_out() -> None:
    assert narrowed(PLAIN.encode("utf-16-le") + b"S", ALL) == (PLAIN.encode(), 0, "utf-16-le")


def test_literals_that_ascii_text_may_hold_otherwise_are_looked_for_in_its_bytes() -> None:
    assert is_seen_narrow(["机密", "SECRET", "一般"])
    assert not is_seen_narrow(["SECRET", "一一"])
    assert not is_seen_narrow(["S"])
    assert not is_seen_narrow(["机密", " S "])
    assert not is_seen_narrow(["机密", "一"])
    turned = build([Literal("匀一")])
    data = (PLAIN + "SN").encode("utf-16-le")
    assert (len(data) - 4, len(data), "utf-16-be") in turned.spans(data, encodings=ALL)


def test_words_are_found_in_ascii_text_in_utf16_too() -> None:
    sieve = build((), words=[Literal("project", any_case=True)])
    data = (PLAIN + "The PROJECT").encode("utf-16-be")
    assert sieve.spans(data, encodings=ALL) == [(len(data) - 14, len(data), "utf-16-be")]
