from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from agent.settings import ScheduleSettings
from agent.watching.schedule import OWN, due, jitter, newest, schedules
from protocol.policy import FORMAT, Policy, Schedule
from protocol.records import ComputerClass

CHINA = timezone(timedelta(hours=8))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[arg-type]


def policy(**more: object) -> Policy:
    values = {
        "format": FORMAT,
        "collector": "c",
        "agent": "a",
        "serial": 1,
        "issued": at(2026, 1, 1),
        "computer_class": ComputerClass.INTERNET,
    }
    return Policy(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cron", "after", "until", "expected"),
    [
        ("30 2 * * 1", at(2026, 11, 1), at(2026, 11, 3), at(2026, 11, 2, 2, 30)),
        ("30 2 * * 1", at(2026, 11, 2, 2, 30), at(2026, 11, 3), None),  # run already
        ("30 2 * * 1", at(2026, 10, 1), at(2026, 11, 21), at(2026, 11, 16, 2, 30)),  # seven missed: the newest alone
        ("0 9 * * *", at(2026, 11, 1, 9), at(2026, 11, 1, 9), None),
        ("0 9 * * *", at(2026, 11, 1), at(2026, 11, 1, 9), at(2026, 11, 1, 9)),
        ("0 0 29 2 *", at(2020, 1, 1), at(2026, 1, 1), at(2024, 2, 29)),
    ],
)
def test_a_cron_schedule_is_due_at_its_newest_moment(
    cron: str, after: datetime, until: datetime, expected: datetime | None
) -> None:
    assert newest(Schedule(name="x", cron=cron), None, after, until) == expected


def test_each_quarter_has_one_run_and_a_missed_one_is_made_up() -> None:
    quarterly = Schedule(name="q", calendar="quarterly")
    assert newest(quarterly, None, at(2026, 7, 15), at(2026, 9, 30)) is None
    assert newest(quarterly, None, at(2026, 7, 15), at(2026, 10, 1, 8, 59)) is None
    assert newest(quarterly, None, at(2026, 7, 15), at(2026, 10, 1, 9)) == at(2026, 10, 1, 9)
    assert newest(quarterly, None, at(2026, 7, 15), at(2026, 11, 20)) == at(2026, 10, 1, 9)
    assert newest(quarterly, None, at(2026, 10, 1, 9), at(2026, 12, 31)) is None


def test_before_holidays_and_before_an_inspection_follow_the_days_of_the_policy() -> None:
    told = policy(holidays=(date(2027, 2, 5), date(2027, 10, 1)), inspection=date(2027, 3, 10))
    holidays = Schedule(name="h", calendar="before-holidays", days_before=2)
    inspection = Schedule(name="i", calendar="before-inspection", days_before=7)
    assert newest(holidays, told, at(2027, 1, 1), at(2027, 2, 4)) == at(2027, 2, 3, 9)
    assert newest(inspection, told, at(2027, 1, 1), at(2027, 3, 4)) == at(2027, 3, 3, 9)
    assert newest(inspection, policy(), at(2027, 1, 1), at(2027, 3, 4)) is None
    assert newest(holidays, None, at(2027, 1, 1), at(2027, 2, 4)) is None


def test_a_schedule_that_never_ran_counts_from_when_the_agent_was_set_up() -> None:
    quarterly = [Schedule(name="q", calendar="quarterly")]
    set_up = at(2026, 10, 15)
    assert due(quarterly, None, {}, set_up, at(2026, 11, 1), timedelta()) == []
    (run,) = due(quarterly, None, {}, set_up, at(2027, 1, 4), timedelta())
    assert run.at == at(2027, 1, 1, 9)
    assert due(quarterly, None, {"q": run.at}, set_up, at(2027, 1, 5), timedelta()) == []


def test_computers_begin_at_different_moments_and_each_always_at_its_own() -> None:
    waits = [jitter(f"agent-{number}", 1800) for number in range(500)]
    assert jitter("agent-7", 1800) == waits[7]
    assert all(timedelta() <= wait < timedelta(seconds=1800) for wait in waits)
    assert len({round(wait.total_seconds() / 180) for wait in waits}) > 8
    daily = [Schedule(name="d", cron="0 9 * * *")]
    assert due(daily, None, {}, at(2026, 11, 1), at(2026, 11, 1, 9, 10), timedelta(minutes=11)) == []
    assert len(due(daily, None, {}, at(2026, 11, 1), at(2026, 11, 1, 9, 12), timedelta(minutes=11))) == 1


def test_the_settings_and_the_policy_both_make_schedules() -> None:
    quarter = Schedule(name="quarter", calendar="quarterly")
    both = schedules(ScheduleSettings(cron="0 9 * * *"), policy(schedules=(quarter,)))
    assert [schedule.name for schedule in both] == [OWN, "quarter"]
    assert schedules(ScheduleSettings(), None) == []
