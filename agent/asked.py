"""Scans that somebody at the computer asks the running agent for (``mijian scan --by-agent``): before all other work.

A folder of the computer is scanned as one; of a path on a medium the whole medium is, under its session.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.attending import Attending
from agent.jobs import Jobs, Priority
from agent.reporting.live import Scan
from agent.requests import ScanAnswer, ScanRequest, answer_scan, scan_requests
from agent.sweep import Cause, Sweep
from protocol.records import ScanDone

ScanDisks = Callable[[Sequence[str], str, Cause, Callable[[], None]], None]
"""Queues a scan: folders, the name of the schedule, why, and what is called once it was made."""


class Asked:
    """Takes the requests and answers them. Used by one thread, but for the answers."""

    def __init__(self, state: Path, attending: Attending, jobs: Jobs, sweep: Sweep, scan_disks: ScanDisks) -> None:
        self._state = state
        self._attending = attending
        self._jobs = jobs
        self._sweep = sweep
        self._scan_disks = scan_disks
        self._known: set[str] = set()

    def take(self) -> None:
        """Queue the scans that are asked for since the last look."""
        for request in scan_requests(self._state, self._known):
            self._known.add(request.id)
            self._queue(request)

    def _queue(self, request: ScanRequest) -> None:
        began = datetime.now(UTC)
        for session in self._attending.sessions.all():
            if any(session.holds(path) for path in request.paths):
                self._attending.scan(session, Priority.PERSON, "person")
        own = self._attending.sessions.without(request.paths)
        if own:
            self._scan_disks(own, "", "person", lambda: None)

        def answer(_: threading.Event) -> bool:
            """Runs after those queued above, which are as urgent and came before it."""
            made = [scan_of(done) for done in self._sweep.last if done.cause == "person" and done.started_at >= began]
            answer_scan(self._state, request.id, ScanAnswer(scans=tuple(made), trouble=self._sweep.broken))
            return True

        self._jobs.add(Priority.PERSON, f"answer {request.id}", answer)


def scan_of(done: ScanDone) -> Scan:
    """The sum of a scan as it is told on this computer."""
    return msgspec.convert(done, Scan, from_attributes=True)
