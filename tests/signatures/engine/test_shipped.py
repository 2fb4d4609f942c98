"""The literals of the rules we ship: both kinds of engines tell the same of any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signatures.engine import LiteralSieve, build
from signatures.engine.bytecode import SEPARATORS
from signatures.rules import load_rules

RULES = load_rules()
SEARCHED = frozenset({"utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be"})
WORDS = sorted({literal.text for literal in RULES.literals})
LETTERS = sorted({letter for word in WORDS for letter in word})
PIECES = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(LETTERS), st.sampled_from(sorted(SEPARATORS)), st.characters(codec="utf-8")
)


@pytest.fixture(scope="module")
def engines(rules: Path) -> list[LiteralSieve]:
    return [build(RULES.literals, prefer=prefer, cache=rules) for prefer in ("hyperscan", "portable")]


@settings(max_examples=80, deadline=None)
@given(
    pieces=st.lists(PIECES, max_size=40),
    encoding=st.sampled_from(sorted(SEARCHED)),
    noise=st.binary(max_size=3),
    again=st.sampled_from([1, 40]),
)
def test_of_any_text_the_portable_engine_tells_what_the_fast_one_tells(
    engines: list[LiteralSieve], pieces: list[str], encoding: str, noise: bytes, again: int
) -> None:
    data = noise + "".join(pieces).encode(encoding, "ignore") * again
    fast, portable = (sieve.spans(data, encodings=SEARCHED) for sieve in engines)
    assert fast == portable
    worth = {sieve.worth(data, encodings=SEARCHED) for sieve in engines}
    assert len(worth) == 1
    assert worth == {True} or not fast
