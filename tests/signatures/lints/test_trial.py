"""A trial in a process of its own finds what is slow, names it, and always comes back."""

from __future__ import annotations

import pytest

from signatures.lints.trial import Attack, Job, slow

HARD = [Attack("", "a", "\x00")]
QUICK = Job("a+b", False, HARD)
ENDLESS = Job("(?:a|a?)+b|(a+)+c", False, HARD)
CUBIC = Job("a*a*a*a*b", False, HARD)


@pytest.mark.parametrize(
    ("jobs", "guilty"),
    [
        ([], set()),
        ([QUICK], set()),
        ([QUICK, ENDLESS, QUICK, CUBIC, QUICK], {1, 3}),
        ([QUICK, ENDLESS], {1}),
    ],
)
def test_the_slow_are_named_and_the_others_are_tried_all_the_same(jobs: list[Job], guilty: set[int]) -> None:
    assert slow(jobs).keys() == guilty


def test_a_pattern_that_is_searched_for_is_tried_from_every_place() -> None:
    attack = [Attack("", "a", "\x00")]
    assert slow([Job("a*a*a*b", True, attack)]).keys() == {0}
