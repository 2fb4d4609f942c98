"""What a Windows system logged of itself: clock set back, logs cleared, who signed in (SEC-13, SEC-05, CPC-05)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from agent.checks.base import Context, Fact, Result, cannot, fact, verdict
from agent.checks.windows.events import SECURITY, SYSTEM, events, exists

_CLOCK = {SYSTEM: 1, SECURITY: 4616}
"""Log → number of the event of a changed clock: of Kernel-General, and of the audit."""
_CLEARED = {SYSTEM: 104, SECURITY: 1102}
_SIGNED_IN = 4624
_IN_PERSON = {"2", "7", "10", "11"}
"""Kinds of sign-in: at the keyboard, unlocking, from a remote desktop, with a remembered password of a domain."""
_TOLERANCE = timedelta(hours=1)
"""A time service sets a clock back by seconds; steps below this are no sign of anything."""


def clock_set_back(context: Context) -> Result:
    """Steps of the clock back in time, each with how far."""
    logs = [log for log in _CLOCK if exists(context.tree, log)]
    if not logs:
        return cannot("没有事件日志", "there is no event log")
    steps = dict(step for log in logs for step in _steps(context, log))
    wrong = [
        fact("时钟被回拨", "the clock was set back", f"{at:%Y-%m-%d %H:%M}Z, -{_words(by)}", 0)
        for at, by in sorted(steps.items())
    ]
    return verdict(wrong, [fact("已读取的日志", "logs that were read", ", ".join(logs))])


def _steps(context: Context, log: str) -> Iterator[tuple[datetime, timedelta]]:
    for event in events(context.tree, log, {_CLOCK[log]}):
        if log == SYSTEM and not event.provider.endswith("Kernel-General"):
            continue
        before = event.time("OldTime") or event.time("PreviousTime")
        after = event.time("NewTime")
        if before and after and before - after > _TOLERANCE and not _earlier(context, event.at):
            yield after.replace(second=0, microsecond=0), before - after


def _words(by: timedelta) -> str:
    hours = int(by.total_seconds() // 3600)
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"


def kept(context: Context) -> Result:
    """Whether the logs are there and nobody emptied them."""
    missing = [log for log in _CLEARED if not exists(context.tree, log)]
    wrong = [fact("没有事件日志", "there is no event log", log, "kept") for log in missing]
    right: list[Fact] = []
    for log, number in _CLEARED.items():
        if log in missing:
            continue
        for event in events(context.tree, log, {number}):
            if event.provider.endswith("Eventlog") and not _earlier(context, event.at):
                name = event.text("Channel") or log
                wrong.append(
                    fact("事件日志被清空", "an event log was emptied", f"{name}, {event.at:%Y-%m-%d %H:%M}Z", 0)
                )
        right.append(fact("事件日志", "event log", log))
    return verdict(wrong, right)


def signed_in(context: Context) -> Counter[str]:
    """Account → how often it signed in in person, as the audit tells it; empty where nothing was audited.

    Raises `Unreadable`.
    """
    found: Counter[str] = Counter()
    for event in events(context.tree, SECURITY, {_SIGNED_IN}):
        # S-1-5-21: accounts of this computer or a domain; the others are the system's own
        is_person = event.text("TargetUserSid").startswith("S-1-5-21-") and event.text("LogonType") in _IN_PERSON
        if is_person and not _earlier(context, event.at):
            found[event.text("TargetUserName")] += 1
    return found


def _earlier(context: Context, at: datetime) -> bool:
    since = context.settings.isolation.inspected_at
    return since is not None and at < since
