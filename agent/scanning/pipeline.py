"""The scan: from paths to results and their sum, for the command line and for the service alike."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from agent.scanning.cage import PATIENCE, Cage, Done
from agent.scanning.ledger import Ledger
from agent.scanning.program import program
from agent.scanning.results import FileResult, Summary
from agent.scanning.walk import Found, NotEntered, Order, Walk, shown
from agent.scanning.wire import Examined, Start
from protocol.records import Finding, Verdict

if TYPE_CHECKING:
    from agent.scanning.throttle import Throttle
    from signatures.labels import LabelMeaning

log = logging.getLogger(__name__)

MiB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ScanOptions:
    """How to scan. The defaults are those of ``mijian scan``."""

    rules: Path | None = None
    """Directory of rule packs; None for those we ship."""
    enable: tuple[str, ...] = ()
    """Packs to use although they are not enabled by themselves (``de``, ``jp`` …)."""
    labels: tuple[LabelMeaning, ...] = ()
    """What the organisation's sensitivity labels mean."""
    sound: bool = False
    """Leave out packs with a mistake instead of refusing to scan: for what nobody watches."""
    keywords: Path | None = None
    """File with a list of keywords (see `signatures.keywords`), looked for besides the markings."""
    least: int = 45
    """Findings below this confidence are not told."""
    workers: int = 0
    """Processes that read files; 0 for one per processor."""
    cross_file_systems: bool = False
    order: Order = "tree"
    """``newest`` examines the newest files first: on a medium, what was copied last matters most."""
    ledger: Path | None = None
    """File of the ledger of what was seen; None to examine everything anew."""
    cache: Path | None = None
    """Directory for compiled databases; None to compile them at every start."""
    background: bool = False
    """Yield to the person who uses the computer: idle priority and a small share of the processor."""
    patience: float = PATIENCE
    """Seconds a file is granted, beside those for its size."""
    memory: int = 448 * MiB
    """Bytes of memory a worker may take beyond what it starts with."""
    skip: tuple[int, int] | None = None
    """Device and inode of one file to leave out, such as the scan's own output."""


@dataclass
class Progress:
    """How far a scan is, told several times a second."""

    files: int = 0
    """Files from disk that are done with; members of containers are not counted."""
    bytes: int = 0
    """Their size."""
    summary: Summary = field(default_factory=Summary)


class Scanner:
    """Scans paths. One `run` at a time; it may be used again."""

    def __init__(self, options: ScanOptions | None = None) -> None:
        self.options = options or ScanOptions()
        self.other_file_systems: list[str] = []
        """Mount points that the last run met and did not enter."""

    def run(
        self,
        paths: Sequence[str | Path],
        on_result: Callable[[FileResult], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        stop: Event | None = None,
    ) -> Summary:
        """Examine every file below ``paths`` and return the sum.

        ``on_result`` gets each file and each member once, ``on_progress`` word about ten times a second, both in
        the caller's thread. Once ``stop`` is set the run ends within a second, ``complete`` is False and only what
        was done is counted. Raises `walk.MissingPath` before anything is read, `cage.RulesMistake`,
        `cage.CageBroken`.
        """
        return _Run(self, [os.fspath(path) for path in paths], on_result, on_progress, stop or Event()).run()


class _Run:
    """One scan under way."""

    def __init__(
        self,
        scanner: Scanner,
        paths: list[str],
        on_result: Callable[[FileResult], None] | None,
        on_progress: Callable[[Progress], None] | None,
        stop: Event,
    ) -> None:
        self.options = scanner.options
        self.walk = Walk(
            paths, self.options.cross_file_systems, self.options.order, self.options.skip, scanner.other_file_systems
        )
        self.walk.other_file_systems.clear()
        self.on_result = on_result
        self.on_progress = on_progress
        self.stop = stop
        self.ledger: Ledger | None = None
        self.progress = Progress()
        self.summary = self.progress.summary
        self.today = datetime.now().astimezone().date()
        self._told = 0.0

    def run(self) -> Summary:
        """From the first path to the last result."""
        began = time.monotonic()
        options = self.options
        met = iter(self.walk)  # a path that does not exist is told before any worker is started
        start = start_of(options)
        with ExitStack() as stack:
            throttle = _throttle() if options.background else None
            workers = options.workers or len(os.sched_getaffinity(0))
            cage = stack.enter_context(Cage(start, workers, patience=options.patience, throttle=throttle))
            cage.begin()
            if options.ledger is not None and cage.ready(self.stop):
                self.ledger = self._open_ledger(stack, options.ledger, cage.rules)
            for done in cage.examine(self._to_examine(met), self.stop):
                self._finished(done, remember=not cage.mixed)
                self._tell()
            cage.ready(self.stop)
            self.summary.rules, self.summary.cage = cage.rules, cage.word
        self.summary.complete = not self.stop.is_set()
        self.summary.seconds = round(time.monotonic() - began, 3)
        self._tell(at_once=True)
        return self.summary

    def _open_ledger(self, stack: ExitStack, path: Path, rules: str) -> Ledger | None:
        try:
            return stack.enter_context(Ledger(path, f"{rules} {program()} {self.options.least}"))
        except (OSError, sqlite3.Error) as error:
            log.warning("going on without the ledger of what was seen: %s", type(error).__name__)
            return None

    def _to_examine(self, met: Iterator[Found | NotEntered]) -> Iterator[Found | None]:
        """Of what the walk meets, what has to be examined; the rest is told at once."""
        for one in met:
            if isinstance(one, NotEntered):
                row = Examined(Verdict.NOT_EXAMINED, one.media_type, 0, one.reason)
                self._emit(one.path, None, [row])
            elif self.ledger is not None and (rows := self.ledger.get(one)) is not None:
                self._emit(one.path, one.status, rows)
            else:
                yield one
                continue
            self._tell()
            yield None

    def _finished(self, done: Done, *, remember: bool) -> None:
        self._emit(done.file.path, done.status, done.reply.rows)
        if self.ledger is not None and remember:
            self.ledger.put(done.file, done.status, done.reply.rows)

    def _emit(self, path: str, status: os.stat_result | None, rows: list[Examined]) -> None:
        """Count and tell the rows of one file from disk."""
        text, modified = shown(path), _when(status)
        for row in rows:
            result = FileResult(
                path=text,
                member=row.member,
                verdict=row.verdict,
                reason=row.reason,
                media_type=row.media_type,
                findings=_aged(row.findings, self.today) if row.findings else (),
                size=row.size,
                modified=modified if row.member is None else None,
                mode=status.st_mode if status is not None and row.member is None else None,
                sha256=row.sha256,
            )
            self.summary.add(result)
            if self.on_result is not None:
                self.on_result(result)
        self.progress.files += 1
        self.progress.bytes += rows[0].size if rows else 0

    def _tell(self, *, at_once: bool = False) -> None:
        if self.on_progress is not None and (at_once or time.monotonic() - self._told > 0.1):
            self._told = time.monotonic()
            self.on_progress(self.progress)


def start_of(options: ScanOptions) -> Start:
    """What a worker is told at its start."""
    return Start(
        rules=os.fspath(options.rules) if options.rules else None,
        keywords=os.fspath(options.keywords) if options.keywords else None,
        enable=options.enable,
        sound=options.sound,
        labels=options.labels,
        cache=os.fspath(options.cache) if options.cache else None,
        least=options.least,
        memory=options.memory,
    )


def _throttle() -> Throttle:
    from agent.scanning.throttle import Throttle  # here: it loads psutil, which a scan at full speed has no use for

    return Throttle()


def _aged(findings: tuple[Finding, ...], today: date) -> tuple[Finding, ...]:
    """The findings as they stand today: what was found once, and kept in the ledger, may have run out since."""
    from signatures.markings.periods import aged  # here: most scans find nothing, and the grammar is not small

    return tuple(aged(finding, today) for finding in findings)


def _when(status: os.stat_result | None) -> datetime | None:
    """The time of last modification; None where the file system holds one that no calendar has."""
    if status is None:
        return None
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return None
