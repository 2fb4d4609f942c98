"""The scan: from paths to results and their sum, for the command line and for the service alike."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from agent.scanning.abreast import Abreast, Distant, possible
from agent.scanning.cage import PATIENCE, Cage, weakness
from agent.scanning.folders import Settled
from agent.scanning.kept_passages import KeptPassages
from agent.scanning.ledger import EXPIRES_DAYS, Ledger
from agent.scanning.ocr import available as ocr
from agent.scanning.opening import Done, LookUp, unopened
from agent.scanning.patience import patiently
from agent.scanning.picture_desk import PictureDesk, Terms
from agent.scanning.pictures_seen import PicturesSeen
from agent.scanning.poison import Poison
from agent.scanning.program import program, without_formats
from agent.scanning.results import FileResult, Summary, as_of, modified_at
from agent.scanning.rules_key import rules_key
from agent.scanning.walk import Found, Listing, NotEntered, Order, Walk, in_order, shown
from agent.scanning.wire import Examined, Start
from protocol.records import Reason, Verdict

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
    passages: Path | None = None
    """File in which to keep text, so that new rules need not read it again (see `agent.scanning.kept_passages`)."""
    passages_bytes: int = 256 * MiB
    """Bytes of text kept at most."""
    expires_days: float = EXPIRES_DAYS
    """Days after which a verdict in the ledger is no longer used."""
    tell_clean: bool = True
    """Whether ``on_result`` wants to hear of files without findings that the ledger knows; they are counted anyway."""
    tell_new_clean: bool = True
    """The same for those that were read in this run."""
    digests: bool = True
    """Hash the bytes of files with findings (`FileResult.sha256`): for what is reported, not for what is printed."""
    cache: Path | None = None
    """Directory for compiled databases; None to compile them at every start."""
    background: bool = False
    """Yield to the person who uses the computer: idle priority and a small share of the processor."""
    share: float = 0.10
    """That share, of one processor."""
    patience: float = PATIENCE
    """Seconds a file is granted, beside those for its size."""
    memory: int = 448 * MiB
    """Bytes of memory a worker may take beyond what it starts with."""
    pictures: bool = True
    """Read text in pictures, where the extra ``ocr`` is installed."""
    picture_seconds: float = 60.0
    """Processor time that reading the pictures of one file may take."""
    pictures_seconds: float = 0.0
    """Seconds that reading pictures may take in one run; 0 for as long as it takes."""
    skip: tuple[int, int] | None = None
    """Device and inode of one file to leave out, such as the scan's own output."""

    @property
    def sees(self) -> bool:
        """Whether text in pictures is read: it is wanted, and what reads it is installed."""
        return self.pictures and ocr.installed()


class Progress(msgspec.Struct):
    """How far a scan is, told several times a second."""

    files: int = 0
    """Files from disk that are done with; members of containers are not counted."""
    bytes: int = 0
    """Their size."""
    summary: Summary = msgspec.field(default_factory=Summary)


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
        *,
        medium: str = "",
        gone: Event | None = None,
    ) -> Summary:
        """Examine every file below ``paths`` and return the sum.

        ``on_result`` gets each file and each member once, ``on_progress`` word about ten times a second, both in the
        caller's thread. Once ``stop`` is set the run ends within a second, ``complete`` is False and only what was
        done is counted. ``medium`` is the identity of the medium that all paths lie on, if they lie on one: by it files
        are known again when it is plugged in the next time. Once ``gone`` is set what was not read has vanished.
        Raises `walk.MissingPath` before anything is read, `cage.RulesMistake`, `cage.CageBroken`.
        """
        there = [os.fspath(path) for path in paths]
        return _Run(self, there, on_result, on_progress, stop or Event(), gone or Event()).run(medium)


class _Run:
    """One scan under way."""

    def __init__(
        self,
        scanner: Scanner,
        paths: list[str],
        on_result: Callable[[FileResult], None] | None,
        on_progress: Callable[[Progress], None] | None,
        stop: Event,
        gone: Event,
    ) -> None:
        self.options = scanner.options
        options = self.options
        self.walk = Walk(
            paths,
            options.cross_file_systems,
            options.order,
            options.skip,
            other_file_systems=scanner.other_file_systems,
        )
        self.walk.other_file_systems.clear()
        self.on_result = on_result
        self.on_progress = on_progress
        self.stop, self.gone = stop, gone
        self.ledger: Ledger | None = None
        self.progress = Progress()
        self.summary = self.progress.summary
        self.today = datetime.now().astimezone().date()
        self.poison: Poison | None = None
        self.abreast: Abreast | None = None
        self.seen: PicturesSeen | None = None
        self.desk: PictureDesk | None = None
        self._rules_key = ""
        self._key_checked = False
        self._met = 0
        """Files the walk has met, and things it could not enter."""
        self._told = 0.0

    def run(self, medium: str) -> Summary:
        """From the first path to the last result."""
        began = time.monotonic()
        options = self.options
        met = self.walk.listings()  # a path that does not exist is told before any worker is started
        start = start_of(options)
        with ExitStack() as stack:
            stack.enter_context(patiently())
            throttle = _throttle(options.share) if options.background else None
            workers = options.workers or len(os.sched_getaffinity(0))
            cage = stack.enter_context(Cage(start, workers, patience=options.patience, throttle=throttle))
            cage.begin()
            if options.ledger is not None:
                cage.look_up = self._open_ledger(stack, options.ledger, medium)
                cage.keep = options.passages is not None and not medium
            self._walk_abreast(stack)
            wanted = in_order(self._unknown(met), options.order)
            self._open_desk(stack, start)
            for done in cage.examine(self._to_examine(wanted), self.stop, self.gone):
                for ended in (done,) if self.desk is None else self.desk.past(done):
                    self._finished(ended, remember=not cage.mixed)
                self._tell()
            cage.ready(self.stop)
            for late in self.desk.rest() if self.desk is not None else ():
                if late is not None:
                    self._finished(late, remember=not cage.mixed)
                self._tell()
            self.summary.rules, seen_by = cage.rules, self.desk.word if self.desk is not None else ""
            self.summary.cage = max(cage.word, seen_by, key=weakness) or "none: no file was examined"
        self.summary.complete = not (self.stop.is_set() or (self.gone.is_set() and self.summary.reasons["vanished"]))
        if not self.stop.is_set() and self._met != self.progress.files:
            raise RuntimeError(f"{self._met} files were met and {self.progress.files} are accounted for")
        self.summary.seconds = round(time.monotonic() - began, 3)
        self._tell(at_once=True)
        return self.summary

    def _open_desk(self, stack: ExitStack, start: Start) -> None:
        """Where pictures are to be read: a desk of their own for the files that show some."""
        if (options := self.options).sees:
            terms = Terms(options.picture_seconds, options.pictures_seconds)
            throttle = _throttle(options.share) if options.background else None
            self.desk = PictureDesk(start, terms, self.stop, self.seen, throttle)
            stack.callback(self.desk.close)

    def _open_ledger(self, stack: ExitStack, path: Path, medium: str) -> LookUp | None:
        options = self.options
        self._rules_key = self._current_rules()
        if not self._rules_key:
            return None  # they cannot be read: the workers say why
        context = f"{self._rules_key} {options.least} {'pictures' if options.sees else ''}"
        context += "" if options.digests else " unhashed"
        try:
            expires = options.expires_days * 86400
            passages = None
            if options.passages is not None and not medium:
                passages = KeptPassages(options.passages, options.passages_bytes, oldest=int(time.time() - expires))
            ledger = stack.enter_context(Ledger(path, context, medium=medium, expires=expires, passages=passages))
            self.ledger, self.poison = ledger, Poison(ledger.database)
            self.seen = PicturesSeen(ledger.database, f"{context} {program()}", expires=expires)
            return ledger.look_up
        except (OSError, sqlite3.Error) as error:
            log.warning("going on without the ledger of what was seen: %s", type(error).__name__)
            return None

    def _walk_abreast(self, stack: ExitStack) -> None:
        """Have half of the tree looked at by another process, where most of it is likely to be known."""
        options, ledger = self.options, self.ledger
        quiet = self.on_result is None or not options.tell_clean
        if ledger is None or not quiet or options.order != "tree" or options.background:
            return
        if possible() and ledger.knows_many():
            self.abreast = Abreast(self.walk, ledger.folder_keys)
            stack.callback(self.abreast.close)

    def _current_rules(self) -> str:
        """What tells the rules, labels and keywords, as they lie on the disk now, from all others."""
        options = self.options
        key = rules_key(options.rules, without_formats(), options.enable)
        if key and options.labels:
            key += f" {hashlib.sha256(msgspec.msgpack.encode(options.labels)).hexdigest()}"
        if self.options.keywords is None or not key:
            return key
        try:
            return f"{key} {hashlib.sha256(self.options.keywords.read_bytes()).hexdigest()}"
        except OSError:
            return ""

    def _unknown(self, met: Iterator[Listing | Found | NotEntered]) -> Iterator[Found | NotEntered]:
        """Of what the walk meets, what is not known as a whole folder; the rest is told at once."""
        for one in met:
            yield from self._one_unknown(one)
            if self.stop.is_set():
                return
        for other in self.abreast.results() if self.abreast is not None else ():
            if isinstance(other, Distant):
                yield from self._distant(other)
            else:
                yield from self._one_unknown(other)
            if self.stop.is_set():
                return

    def _one_unknown(self, one: Listing | Found | NotEntered) -> Iterator[Found | NotEntered]:
        if not isinstance(one, Listing):
            self._met += 1
            yield one
            return
        self._met += len(one.files)
        known = self.ledger.settled(one) if self.ledger is not None else None
        if known is None:
            yield from one.found()
            return
        self._settle(one, known)
        self._tell()

    def _distant(self, distant: Distant) -> Iterator[Found | NotEntered]:
        """A folder that the other process has seen: it is looked at again where more must be known than its sum."""
        known = self.ledger.settled_by(distant.key, distant.seal, distant.size) if self.ledger and distant.key else None
        if known is not None and not known.others:
            self._met += distant.files
            self._count_clean(distant.files, distant.size)
            self._tell()
            return
        for one in self.walk.once_more(os.fsdecode(distant.path), os.fsdecode(distant.inside), distant.device):
            yield from self._one_unknown(one)

    def _settle(self, listing: Listing, known: Settled) -> None:
        """Count and tell the files of a folder of which none has changed."""
        if self.options.tell_clean and self.on_result is not None:
            for place, (name, status) in enumerate(listing.files):
                clean = [Examined(Verdict.CLEAN, known.media_type(place), status.st_size)]
                self._emit(f"{listing.path}{name}", status, known.others.get(place, clean))
            return
        clean_files, clean_bytes = len(listing.files), known.size
        for place, rows in known.others.items():
            name, status = listing.files[place]
            clean_files -= 1
            clean_bytes -= status.st_size
            self._emit(f"{listing.path}{name}", status, rows)
        self._count_clean(clean_files, clean_bytes)

    def _count_clean(self, files: int, size: int) -> None:
        self.summary.add_clean(files, size)
        self.progress.files += files
        self.progress.bytes += size

    def _to_examine(self, met: Iterator[Found | NotEntered]) -> Iterator[Found | None]:
        """Of what the walk meets, what has to be examined; the rest is told at once."""
        for one in met:
            if isinstance(one, NotEntered):
                row = Examined(Verdict.NOT_EXAMINED, one.media_type, 0, one.reason)
                self._emit(one.path, None, [row])
            elif self.ledger is not None and (rows := self.ledger.get(one)) is not None:
                self._emit(one.path, one.status, rows)
            elif self.gone.is_set():
                self._emit(one.path, one.status, unopened(one, Reason.VANISHED).reply.rows)
            elif self.poison is not None and (reason := self.poison.reason(one)) is not None:
                row = Examined(Verdict.NOT_EXAMINED, "application/octet-stream", one.status.st_size, reason)
                self._emit(one.path, one.status, [row])
            else:
                yield one
                continue
            self._tell()
            yield None

    def _finished(self, done: Done, *, remember: bool) -> None:
        if done.reply.rows[0].reason is Reason.UNREADABLE and self.gone.is_set():
            done = unopened(done.file, Reason.VANISHED)  # it went while this was read
        rows = done.reply.rows
        if len(rows) == 1 and rows[0].verdict is Verdict.CLEAN and not self.options.tell_new_clean:
            self._count_clean(1, rows[0].size)
        else:
            self._emit(done.file.path, done.status, rows)
        if self.ledger is None or not remember:
            return
        if not self._key_checked:
            self._key_checked = True
            if self._current_rules() != self._rules_key:  # changed before the workers had read them
                self.ledger = self.poison = None
                return
        if self.desk is not None:
            self.desk.remember(done)
        self.ledger.keep(done)
        reason = done.reply.rows[0].reason
        if done.fatal and self.poison is not None and reason is not None:
            try:
                self.poison.remember(done.file, reason, done.at_work)
            except sqlite3.Error as error:
                log.warning("a poisonous file could not be remembered: %s", type(error).__name__)

    def _emit(self, path: str, status: os.stat_result | None, rows: list[Examined]) -> None:
        """Count and tell the rows of one file from disk."""
        text, modified = shown(path), modified_at(status)
        for row in rows:
            result = FileResult(
                path=text,
                member=row.member,
                verdict=row.verdict,
                reason=row.reason,
                media_type=row.media_type,
                findings=as_of(row.findings, self.today) if row.findings else (),
                size=row.size,
                modified=modified if row.member is None else None,
                mode=status.st_mode if status is not None and row.member is None else None,
                unread=row.unread or row.pictures,
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
    """What a worker is told at its start; it works in the root folder, where no path of ours begins."""
    return Start(
        rules=str(options.rules.absolute()) if options.rules else None,
        keywords=str(options.keywords.absolute()) if options.keywords else None,
        enable=options.enable,
        sound=options.sound,
        labels=options.labels,
        cache=str(options.cache.absolute()) if options.cache else None,
        least=options.least,
        memory=options.memory,
        digests=options.digests,
        pictures="tell" if options.sees else "pass",
    )


def _throttle(share: float) -> Throttle:
    from agent.scanning.throttle import Throttle  # here: it loads psutil, which a scan at full speed has no use for

    return Throttle(share)
