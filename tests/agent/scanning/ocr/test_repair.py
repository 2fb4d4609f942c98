"""Typical confusions: each kind mends what it is for and leaves alone what it is not for."""

from __future__ import annotations

import re

import pytest

from agent.scanning.ocr.repair import Confusion, Repair, known

KINDS = {one.id: one for one in known()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_kind_mends_its_examples_and_leaves_the_others_alone(kind: Confusion) -> None:
    assert kind.match
    assert kind.leave
    alone = Repair((kind,))
    assert {one.text: alone.of(one.text) for one in kind.match} == {one.text: one.becomes for one in kind.match}
    assert {line: alone.of(line) for line in kind.leave} == {line: line for line in kind.leave}


def test_what_is_left_alone_by_one_kind_is_so_by_all_together() -> None:
    together = Repair(known())
    for kind in KINDS.values():
        assert {line: together.of(line) for line in kind.leave} == {line: line for line in kind.leave}


def test_kinds_have_names_of_their_own_and_patterns_that_compile() -> None:
    assert len(KINDS) == len(known())
    assert all(re.compile(kind.pattern) for kind in KINDS.values())


def test_two_mistakes_in_one_mark_are_both_undone() -> None:
    assert Repair(known()).of("机蜜★1O年") == "机密★10年"
