"""Schedules: when the computer's own disks are scanned without anybody asking (controls NPC-04, CHECK-02).

By cron expression, and by calendar: once in each quarter, before holidays, before an inspection. A run that was missed,
because the computer was off, is made up at the next start. Runs begin a little later on each computer, by the id of
its agent, so that twenty thousand of them do not begin at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cronsim import CronSim, CronSimError

from agent.settings import ScheduleSettings
from protocol.policy import Policy, Schedule

OWN = "settings"
"""Name of the schedule that the settings of the computer make."""
BEGIN = time(hour=9)
"""When a run by calendar begins: computers are on then."""


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due."""

    schedule: str
    at: datetime
    """When it should have begun, in local time; a run is told apart by it."""


def schedules(settings: ScheduleSettings, policy: Policy | None) -> list[Schedule]:
    """All schedules in force, those of the settings first."""
    own = [Schedule(name=OWN, cron=settings.cron)] if settings.cron else []
    return own + (list(policy.schedules) if policy else [])


def due(
    wanted: Iterable[Schedule],
    policy: Policy | None,
    last: dict[str, datetime],
    since: datetime,
    now: datetime,
    delay: timedelta,
) -> list[Due]:
    """The runs to make now; of several missed ones of a schedule, the newest alone.

    ``last`` says when each schedule was last run; one that never was is looked at from ``since`` on, when the agent
    was set up. All moments are local time with their zone. ``delay`` is this computer's own.
    """
    found = []
    for schedule in wanted:
        moment = newest(schedule, policy, last.get(schedule.name, since), now - delay)
        if moment is not None:
            found.append(Due(schedule.name, moment))
    return found


def newest(schedule: Schedule, policy: Policy | None, after: datetime, until: datetime) -> datetime | None:
    """The newest moment of a schedule that lies after one moment and not after another; None where there is none."""
    if until <= after:
        return None
    if schedule.cron:
        return _cron(schedule.cron, after, until)
    days = _days(schedule, policy, after.date(), until.date())
    moments = [datetime.combine(day, BEGIN, tzinfo=until.tzinfo) for day in days]
    return max((moment for moment in moments if after < moment <= until), default=None)


def _cron(expression: str, after: datetime, until: datetime) -> datetime | None:
    """Backwards from the end: a computer that was off for a year does not count a year of minutes."""
    try:
        moment = next(CronSim(expression, until + timedelta(minutes=1), reverse=True), None)
    except (CronSimError, StopIteration):
        return None
    return moment if moment is not None and after < moment <= until else None


def _days(schedule: Schedule, policy: Policy | None, first: date, last: date) -> list[date]:
    if schedule.calendar == "quarterly":
        starts = (date(year, month, 1) for year in range(first.year, last.year + 1) for month in (1, 4, 7, 10))
        return [day for day in starts if first <= day <= last]
    if policy is None:
        return []
    before = timedelta(days=schedule.days_before)
    if schedule.calendar == "before-holidays":
        return [day - before for day in policy.holidays]
    return [policy.inspection - before] if policy.inspection else []


def jitter(agent: str, most_seconds: float) -> timedelta:
    """How much later runs begin on this computer: the same each time, spread evenly over all computers."""
    share = int.from_bytes(hashlib.sha256(b"mijian-jitter/1\0" + agent.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=share * most_seconds)
