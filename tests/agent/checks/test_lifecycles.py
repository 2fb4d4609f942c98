"""Until when a Windows build is mended depends on its edition; every date there is a Tuesday."""

from __future__ import annotations

import itertools

import pytest

from agent.checks.lifecycles import DEVICES, SERVERS, WINDOWS, end_of_windows

TUESDAY = 1


@pytest.mark.parametrize(
    ("build", "edition", "expected"),
    [
        (26100, "Professional", "2026-10-13"),
        (26100, "Core", "2026-10-13"),
        (26100, "Enterprise", "2027-10-12"),
        (26100, "Education", "2027-10-12"),
        (26100, "EnterpriseS", "2029-10-09"),
        (26100, "IoTEnterpriseS", "2034-10-10"),
        (26100, "ServerStandard", "2034-11-14"),
        (14393, "EnterpriseS", "2026-10-13"),
        (14393, "ServerDatacenter", "2027-01-12"),
        (19044, "Enterprise", "2024-06-11"),
        (20348, "ServerStandard", "2031-10-14"),
        (20348, "Professional", "None"),
        (12345, "Professional", "None"),
    ],
)
def test_each_edition_of_a_build_has_its_own_end(build: int, edition: str, expected: str) -> None:
    assert str(end_of_windows(build, edition)) == expected


def test_microsoft_ends_updates_on_a_tuesday_only() -> None:
    told = [*itertools.chain.from_iterable(WINDOWS.values()), *SERVERS.values(), *DEVICES.values()]
    days = [day for day in told if day is not None]
    assert len(days) > 40
    assert [day for day in days if day.weekday() != TUESDAY] == []
