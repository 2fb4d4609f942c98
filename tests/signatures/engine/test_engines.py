"""Choosing an engine, and what it does with what it cannot hold at once."""

from __future__ import annotations

import sys

import pytest

from signatures.engine import build
from signatures.engine.engines import Expressions, Hyperscan, make
from signatures.literals import Literal


def test_the_fastest_engine_at_hand_is_taken() -> None:
    assert make(["abc"]).name == "hyperscan"


def test_without_hyperscan_and_re2_the_sieve_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert make(["abc"]).name == "re2"
    monkeypatch.setitem(sys.modules, "re2", None)
    sieve = build([Literal("机密", gaps=True)])
    assert sieve.engine == "re"
    assert sieve.worth("机　密".encode("gb18030"))


def test_a_named_engine_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    with pytest.raises(ImportError):
        make(["abc"], prefer="hyperscan")


def test_data_larger_than_hyperscan_can_count_is_searched_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hyperscan, "_slice", 64)
    monkeypatch.setattr(Hyperscan, "_overlap", 16)
    engine = Hyperscan(Expressions(lambda: ["needle"]))
    across = b"." * 61 + b"needle" + b"." * 100 + b"needle"
    assert engine.any(across)
    assert sorted(set(engine.ends(across)[0] or [])) == [67, 173]
    assert not engine.any(b"." * 200)


def test_an_expression_that_hyperscan_refuses_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="cannot compile"):
        Hyperscan(Expressions(lambda: ["(?<=a)b"]))
