from __future__ import annotations

import pytest

from agent.watching.isolation import LONGEST, SHARE, pause


@pytest.mark.parametrize(
    ("cost", "told", "expected"),
    [
        (0.0001, True, 2.0),
        (0.01, True, 0.01 / SHARE),
        (10.0, True, LONGEST),
        (0.01, False, 2.0),
    ],
    ids=["cheap", "dear", "very dear", "the kernel tells nothing"],
)
def test_looks_by_the_clock_take_a_small_share_of_a_processor_where_the_kernel_tells_changes(
    cost: float, told: bool, expected: float
) -> None:
    assert pause(2.0, cost, told=told) == expected
