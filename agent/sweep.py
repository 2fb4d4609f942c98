"""A sweep: scan a medium or changed files, judge what is found, and hand it to the reporter as it is found."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from agent.judging.judge import Context, Judge
from agent.reporting.notice import Notice
from agent.reporting.outbox import SeenMark
from agent.reporting.reporter import Reporter
from agent.scanning.cage import CageBroken, RulesMistake
from agent.scanning.pipeline import Progress, Scanner, ScanOptions
from agent.scanning.results import FileResult, Summary, cage_level
from agent.scanning.walk import MissingPath
from agent.watching.sessions import Session
from protocol.ids import uuid7
from protocol.records import FileEvidence, Medium, ScanDone

FIXED = "fixed"
"""Stands for the session where files lie on a disk of the computer: a file is told again once it has changed."""
PROGRESS_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass
class _Tally:
    """What one sweep came to."""

    severities: Counter[str] = field(default_factory=Counter)
    told: float = field(default_factory=time.monotonic)


class Either(threading.Event):
    """An event that is set once any of several others is."""

    def __init__(self, *events: threading.Event) -> None:
        super().__init__()
        self._events = events

    def is_set(self) -> bool:
        """Whether any of them is."""
        return any(event.is_set() for event in self._events)


class Sweep:
    """Scans for the service. One sweep at a time."""

    def __init__(self, options: Callable[[], ScanOptions], judge: Judge, reporter: Reporter, notice: Notice) -> None:
        """``options`` is asked before each sweep: rules may have come."""
        self._options = options
        self._judge = judge
        self._reporter = reporter
        self._notice = notice

    def medium(self, session: Session, context: Context, stop: threading.Event) -> None:
        """Scan a medium, newest files first, and report its violations and the sum."""
        tally = _Tally()
        started = datetime.now(UTC)
        paths, ending = [session.attached.path], Either(stop, session.gone)
        summary = self._run(paths, context, session.id, ending, tally, _identity(session.attached.medium))
        if summary is None:
            return
        self._notice.scanned(
            {
                "enumerated": summary.enumerated,
                "clean": summary.clean,
                "finding": summary.finding,
                "not_examined": summary.not_examined,
            },
            summary.seconds,
            tally.severities,
            complete=summary.complete,
        )
        level, why = cage_level(summary.cage)
        self._reporter.report(
            ScanDone(
                id=uuid7(),
                started_at=started,
                seconds=summary.seconds,
                enumerated=summary.enumerated,
                clean=summary.clean,
                finding=summary.finding,
                not_examined=summary.not_examined,
                reasons=dict(summary.reasons),
                bytes=summary.bytes,
                rules=summary.rules,
                cage=level,
                cage_why=why,
                complete=summary.complete,
                session=session.id,
                medium=session.attached.medium,
            )
        )

    def files(self, paths: Sequence[str], context: Context, stop: threading.Event) -> bool:
        """Scan changed files on a fixed disk and report their violations; whether that was done to the end."""
        summary = self._run(paths, context, FIXED, stop, _Tally())
        return summary is not None and (summary.complete or not stop.is_set())

    def _run(
        self,
        paths: Sequence[str],
        context: Context,
        session: str,
        stop: threading.Event,
        tally: _Tally,
        medium: str = "",
    ) -> Summary | None:
        def result(one: FileResult) -> None:
            for seen in self._judge.judge(one, context) if one.findings else ():
                evidence = cast("FileEvidence", seen.evidence)
                mark = SeenMark(session, evidence.content_hash, evidence.path_hash, seen.control)
                if self._reporter.report_once(seen, mark):
                    tally.severities[seen.severity] += 1
                    self._notice.violation(seen)

        def progress(now: Progress) -> None:
            if time.monotonic() - tally.told > PROGRESS_SECONDS:
                tally.told = time.monotonic()
                self._notice.progress(now.files, now.bytes)

        there: list[str | Path] = [path for path in paths if os.path.lexists(path)]
        if not there or stop.is_set():  # gone before its turn came: something else may be mounted there by now
            return Summary(complete=False, cage="none")
        try:
            return Scanner(self._options()).run(there, result, progress, stop, medium=medium)
        except MissingPath:
            log.warning("what was to be scanned has gone")
            return Summary(complete=False, cage="none")
        except (CageBroken, RulesMistake) as error:
            log.error("the scan could not be made: %s", type(error).__name__)
            self._notice.say("检查未能进行", "the scan could not be made")
            return None


def _identity(medium: Medium) -> str:
    """By what the files of a medium are known again; empty where its file system says nothing of itself."""
    if medium.filesystem_uuid_hash is None:
        return ""
    return f"{medium.key} {medium.filesystem} {medium.filesystem_uuid_hash} {medium.capacity}"
