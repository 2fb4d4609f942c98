"""Sums over other checks: one failure fails them, one unknown keeps them from passing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.checks.base import Context, Result
from agent.checks.families import checks
from agent.checks.readiness import BASELINE, INSPECTION, TWO_NETWORKS
from protocol.records import CheckOutcome

Make = Callable[..., Context]
PASS, FAIL, ERROR = (Result(outcome=one) for one in (CheckOutcome.PASS, CheckOutcome.FAIL, CheckOutcome.ERROR))


@pytest.mark.parametrize(
    ("name", "parts"), [("baseline", BASELINE), ("two-networks", TWO_NETWORKS), ("inspection", INSPECTION)]
)
def test_a_sum_passes_only_where_every_part_passes(name: str, parts: tuple[str, ...], make: Make) -> None:
    check = checks()[name]
    assert check.run(make(earlier=dict.fromkeys(parts, PASS))).outcome is CheckOutcome.PASS
    failing = {**dict.fromkeys(parts, PASS), parts[0]: FAIL}
    result = check.run(make(earlier=failing))
    assert result.outcome is CheckOutcome.FAIL
    assert result.facts[0].seen == parts[0]
    unsure = {**dict.fromkeys(parts, PASS), parts[1]: ERROR}
    assert check.run(make(earlier=unsure)).outcome is CheckOutcome.ERROR
    assert check.run(make()).outcome is CheckOutcome.NOT_APPLICABLE


def test_every_part_of_the_baseline_is_a_check() -> None:
    assert set(BASELINE) <= set(checks())
