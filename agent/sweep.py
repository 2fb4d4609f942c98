"""A sweep: scan a medium, changed files or the computer's disks, judge what is found, and report it as it is found."""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from agent.gone import Look, disks_of
from agent.judging.judge import Context, Judge
from agent.judging.waivers import marked
from agent.reporting.marks import SeenMark
from agent.reporting.notice import Notice
from agent.reporting.reporter import Reporter
from agent.scanning.cage import CageBroken, RulesMistake
from agent.scanning.pipeline import Progress, Scanner, ScanOptions
from agent.scanning.results import FileResult, Summary, cage_level
from agent.scanning.walk import MissingPath
from agent.watching.media import is_there
from agent.watching.sessions import Session
from protocol.ids import uuid7
from protocol.policy import Waiver
from protocol.records import FileEvidence, GoneFile, Medium, Reason, ScanDone, ViolationSeen

FIXED = "fixed"
"""Stands for the session where files lie on a disk of the computer: a file is told again once it has changed."""
PROGRESS_SECONDS = 5.0

Cause = Literal["person", "medium", "files", "schedule", "rescan"]

log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What one sweep came to."""

    severities: Counter[str] = field(default_factory=Counter)
    controls: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    """Violations that no waiver covers, those told before included."""
    complete: bool = False
    """Whether everything was looked at."""
    told: float = field(default_factory=time.monotonic)
    look: Look | None = None
    """What was come upon, where disks of the computer are looked at."""


@dataclass
class Under:
    """The sweep under way, for `mijian status`."""

    cause: str
    session: str | None
    started: datetime
    files: int = 0
    bytes: int = 0


class Either(threading.Event):
    """An event that is set once any of several others is."""

    def __init__(self, *events: threading.Event) -> None:
        super().__init__()
        self._events = events

    def is_set(self) -> bool:
        """Whether any of them is."""
        return any(event.is_set() for event in self._events)


class Unless(threading.Event):
    """An event that counts for nothing once another is set: what is paused then has to come to its end."""

    def __init__(self, event: threading.Event, other: threading.Event) -> None:
        super().__init__()
        self._event, self._other = event, other

    def is_set(self) -> bool:
        """Whether the one is, and the other is not."""
        return self._event.is_set() and not self._other.is_set()


class Pulled(threading.Event):
    """Set once a medium has gone; asked of the kernel, which knows it before the watch has looked."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def is_set(self) -> bool:
        """Whether there is nothing left to read."""
        return self._session.gone.is_set() or not is_there(self._session.attached)


class Sweep:
    """Scans for the service. One sweep at a time."""

    def __init__(
        self,
        options: Callable[[], ScanOptions],
        judge: Judge,
        reporter: Reporter,
        notice: Notice,
        waivers: Callable[[], Sequence[Waiver]] = tuple,
    ) -> None:
        """``options`` is asked before each sweep: rules may have come, and somebody may have sat down."""
        self._options = options
        self._judge = judge
        self._reporter = reporter
        self._notice = notice
        self._waivers = waivers
        self.under: Under | None = None
        """The sweep under way."""
        self.last: list[ScanDone] = []
        """The sums of the last sweeps that were told, newest last; at most ten."""
        self.broken = ""
        """Why the last sweep could not be made, as a fixed word; empty where it could."""

    def medium(
        self, session: Session, context: Context, stop: threading.Event, pause: threading.Event, cause: Cause = "medium"
    ) -> Tally | None:
        """Scan a medium, newest files first, and report its violations and the sum.

        None where it was paused: call it again, and nothing is told twice.
        """
        tally = Tally()
        started = datetime.now(UTC)
        gone = Pulled(session)
        halt = Either(stop, session.moved, Unless(pause, gone))
        paths, medium = [session.attached.path], _identity(session.attached.medium)
        summary = self._run(paths, context, session.id, halt, tally, cause, medium, gone)
        if summary is None:
            return tally
        if not summary.complete and pause.is_set() and not Either(stop, session.moved, gone).is_set():
            return None
        tally.complete = summary.complete
        self._tell_sum(summary, tally)
        self._report(summary, started, cause, session=session)
        return tally

    def written(
        self,
        session: Session,
        paths: Sequence[str],
        context: Context,
        stop: threading.Event,
        pause: threading.Event,
    ) -> Tally | None:
        """Scan files that were written to a medium while it was here and report their violations; None if paused."""
        tally, gone = Tally(), Pulled(session)
        halt = Either(stop, session.moved, Unless(pause, gone))
        medium = _identity(session.attached.medium)
        summary = self._run(paths, context, session.id, halt, tally, "files", medium, gone)
        paused = pause.is_set() and not Either(stop, session.moved, gone).is_set()
        return None if paused and summary is not None and not summary.complete else tally

    def not_examined(self, session: Session, reason: Reason) -> None:
        """Report a medium of which nothing can be read as one thing that was not examined."""
        summary = Summary(not_examined=1, reasons=Counter({str(reason): 1}), cage="none: no file was examined")
        self._report(summary, datetime.now(UTC), "medium", session=session)

    def files(self, paths: Sequence[str], context: Context, stop: threading.Event, pause: threading.Event) -> bool:
        """Scan changed files on a fixed disk and report their violations; whether that was done to the end."""
        halt = Either(stop, pause)
        look = Look(context.organisation_key)
        summary = self._run(paths, context, FIXED, halt, Tally(look=look), "files")
        self._reporter.keep_places(look.places)
        return summary is not None and (summary.complete or not halt.is_set())

    def disks(
        self,
        roots: Sequence[str],
        context: Context,
        stop: threading.Event,
        pause: threading.Event,
        cause: Cause = "schedule",
        schedule: str = "",
    ) -> bool:
        """Scan folders of the computer as a schedule demands and report violations and the sum; False where paused."""
        started, look, disks = datetime.now(UTC), Look(context.organisation_key), disks_of(roots)
        tally = Tally(look=look)
        summary = self._run(roots, context, FIXED, Either(stop, pause), tally, cause)
        self._reporter.keep_places(look.places)
        if summary is None:
            return True
        if not summary.complete and (pause.is_set() or stop.is_set()):
            return False
        self._tell_sum(summary, tally)
        still = [root for root, device in disks_of(roots).items() if disks.get(root) == device]
        gone = look.gone(self._reporter.places(), still) if summary.complete else ()
        self._report(summary, started, cause, schedule=schedule, gone=gone)
        return True

    def _tell_sum(self, summary: Summary, tally: Tally) -> None:
        counts = {name: getattr(summary, name) for name in ("enumerated", "clean", "finding", "not_examined")}
        self._notice.scanned(counts, summary.seconds, tally.severities, complete=summary.complete)

    def _report(
        self,
        summary: Summary,
        started: datetime,
        cause: Cause,
        *,
        session: Session | None = None,
        schedule: str = "",
        gone: tuple[GoneFile, ...] = (),
    ) -> None:
        level, why = cage_level(summary.cage)
        done = ScanDone(
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
            session=session.id if session else None,
            medium=session.attached.medium if session else None,
            cause=cause,
            schedule=schedule,
            gone=gone,
        )
        self.last = [*self.last, done][-10:]
        self._reporter.report_scan(done, FIXED)

    def _run(
        self,
        paths: Sequence[str],
        context: Context,
        session: str,
        stop: threading.Event,
        tally: Tally,
        cause: Cause,
        medium: str = "",
        gone: threading.Event | None = None,
    ) -> Summary | None:
        under = self.under = Under(cause, None if session == FIXED else session, datetime.now(UTC))

        def progress(now: Progress) -> None:
            under.files, under.bytes = now.files, now.bytes
            if time.monotonic() - tally.told > PROGRESS_SECONDS:
                tally.told = time.monotonic()
                self._notice.progress(now.files, now.bytes)

        there: list[str | Path] = [path for path in paths if os.path.lexists(path)]
        if not there or stop.is_set():  # gone before its turn came: something else may be mounted there by now
            self.under = None
            return Summary(complete=False, cage="none")
        options = self._options()
        if cause == "person":  # somebody waits for it
            options = dataclasses.replace(options, background=False)
        try:
            summary = Scanner(options).run(
                there, lambda one: self._judged(one, context, session, tally), progress, stop, medium=medium, gone=gone
            )
            self.broken = ""
            return summary
        except MissingPath as error:  # told before anything is read: the others still are
            rest = [os.fspath(path) for path in there if os.fspath(path) != error.path]
            if rest and len(rest) < len(there):
                return self._run(rest, context, session, stop, tally, cause, medium, gone)
            log.warning("what was to be scanned has gone")
            return Summary(complete=False, cage="none")
        except (CageBroken, RulesMistake) as error:
            self.broken = "rules-mistake" if isinstance(error, RulesMistake) else "workers-broken"
            log.error("the scan could not be made: %s", type(error).__name__)
            self._notice.say("检查未能进行", "the scan could not be made")
            return None
        finally:
            self.under = None

    def _judged(self, one: FileResult, context: Context, session: str, tally: Tally) -> None:
        """Judge one result and report what is new in this session."""
        if tally.look is not None:
            tally.look.met(one)
        if not one.findings:
            return
        now = datetime.now(UTC)
        for found in self._judge.judge(one, context):
            seen = marked(found, self._waivers(), now)
            tally.broken += not seen.waiver
            evidence = cast("FileEvidence", seen.evidence)
            if tally.look is not None:
                tally.look.found(one.path, evidence, seen.control)
            if self._reporter.report_once(seen, seen_mark(session, evidence, seen.control, seen.waiver)):
                tally.severities[seen.severity] += 1
                tally.controls[seen.control] += 1
                self._notice.violation(seen)
                if not seen.waiver:
                    self._lapsed(seen, context, session, tally)

    def _lapsed(self, seen: ViolationSeen, context: Context, session: str, tally: Tally) -> None:
        """Report what a file breaks besides that is still here although the approval of it has ended, once for each."""
        evidence = cast("FileEvidence", seen.evidence)
        ended = self._reporter.approvals(seen_mark(session, evidence, seen.control, ""))
        for more in self._judge.lapsed(seen, context) if ended else ():
            told = marked(more, self._waivers(), more.seen_at)
            mark = seen_mark(session, evidence, f"{told.control}/{'/'.join(ended)}", told.waiver)
            if self._reporter.report_once(told, mark):
                tally.controls[told.control] += 1
                self._notice.violation(told)


def _identity(medium: Medium) -> str:
    """By what the files of a medium are known again; empty where its file system says nothing of itself."""
    if medium.filesystem_uuid_hash is None:
        return ""
    return f"{medium.key} {medium.filesystem} {medium.filesystem_uuid_hash} {medium.capacity}"


def seen_mark(session: str, evidence: FileEvidence, control: str, waiver: str) -> SeenMark:
    """What makes a sighting the same one within a session; one that a waiver covered is told again after its end."""
    return SeenMark(session, evidence.content_hash, evidence.path_hash, f"{control} {waiver}".rstrip())
