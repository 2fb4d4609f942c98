"""The isolation watch of the running agent (NET-03): looks at every change the kernel tells, and by the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from agent.checks.base import CheckResult
from agent.checks.isolation import Episode, IsolationCheck
from agent.checks.isolation_talk import facts
from agent.settings import IsolationSettings
from agent.watching.links import LinkWatch
from protocol.records import CheckDone, ComputerClass

SHARE = 0.0005
"""Of one processor, for looks that nothing gave cause for."""
LONGEST = 60.0
"""Seconds between two of them, at most."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One look that is worth telling, or due."""

    result: CheckResult
    done: CheckDone
    """The record of this look."""
    news: bool
    """Whether it ended otherwise than what was told before; False where it is told because its time has come."""
    stood: timedelta | None
    """How long the connection stood that has just ended."""

    @property
    def words(self) -> list[tuple[str, str]]:
        """What each signal means and what to do about it, in Chinese and English."""
        found = facts(self.result.evidence.signals if self.result.evidence else ())
        return [(f"    {one.what.zh}：{one.seen}", f"    {one.what.en}: {one.seen}") for one in found]


class IsolationWatch:
    """Looks at once, then whenever something changes. ``settings`` are asked for at every look: a policy may change."""

    def __init__(self, computer_class: ComputerClass, settings: Callable[[], IsolationSettings]) -> None:
        self._settings = settings
        self._check = IsolationCheck(computer_class, settings())
        self._episode = Episode()

    def run(self, tell: Callable[[Looked], None], stop: threading.Event) -> None:
        """Watch until ``stop`` is set; ``tell`` is called for what is news and for what is due."""
        due = time.monotonic()
        with LinkWatch() as links:
            while not stop.is_set():
                self._check.settings = settings = self._settings()
                began = time.thread_time()
                result = self._check.run()
                cost = time.thread_time() - began
                news = self._episode.is_news(result)
                if news or time.monotonic() >= due:
                    tell(Looked(result, self._check.done(result), news, self._check.stood))
                    due = time.monotonic() + settings.interval_seconds
                links.wait(stop, pause(settings.poll_seconds, cost, told=links.told))


def pause(poll_seconds: float, cost: float, *, told: bool) -> float:
    """Seconds until the next look by the clock, so that looks take no more of a processor than `SHARE`.

    Where the kernel tells of cables, addresses and routes at once, only what hangs on them is looked for by the clock.
    """
    return min(max(poll_seconds, cost / SHARE), LONGEST) if told else poll_seconds
