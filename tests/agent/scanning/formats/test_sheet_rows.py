"""Rows of a sheet: those that hold a literal are found without asking about each."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.scanning.formats.sheet_rows import holding


@pytest.mark.parametrize("hits", [set[int](), {0}, {255}, {7, 8, 200}, set(range(256))])
def test_all_that_hold_a_literal_are_found_in_their_order(hits: set[int]) -> None:
    assert holding(range(256), lambda some: not hits.isdisjoint(some)) == sorted(hits)


def test_few_among_many_are_found_with_few_questions() -> None:
    asked: list[int] = []

    def is_hit(some: Sequence[int]) -> bool:
        asked.append(len(some))
        return 77 in some

    assert (holding(range(256), is_hit), holding([], is_hit)) == ([77], [])
    assert len(asked) < 25
