"""The daemon: media, file and network events in, scans and checks out, everything reported through the outbox.

Threads: the media watch, the file watch, one that scans what a priority queue hands it, the isolation watch
(confidential computers only), the uplink, and the caller's, which waits for the end. A thread that fails by a fault
of ours ends the service with status 1, so that whoever started it starts it again; nothing that was seen is lost.
"""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import platform
import queue
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from agent.in_force import TROUBLES, InForce, report_of
from agent.judging.judge import Context, Judge
from agent.reporting import identity
from agent.reporting.enrolment import agent_version
from agent.reporting.mend import mend, open_outbox
from agent.reporting.notice import Notice
from agent.reporting.outbox import OutboxUnavailable
from agent.reporting.reporter import Reporter
from agent.reporting.uplink import Uplink
from agent.scanning.cage import Cage, CageBroken, RulesMistake
from agent.scanning.pipeline import ScanOptions, start_of
from agent.scanning.results import cage_level
from agent.scanning.walk import shown
from agent.settings import Settings
from agent.sweep import Sweep
from agent.watched import Watched
from agent.watching.isolation import IsolationWatch, Looked
from agent.watching.media import MediaEvent, MediaWatch, MediumGone, MediumMounted
from agent.watching.sessions import Session, Sessions
from protocol.ids import uuid7
from protocol.records import AgentStarted, ComputerClass
from signatures.controls import load_controls

LOCK_FILE = "run.lock"
URGENT, MEDIA, FILES = 0, 1, 2
"""Priorities of jobs, most urgent first."""

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another agent runs with the same state folder."""


class Service:
    """The agent at work on one computer."""

    def __init__(self, settings: Settings, notice: Notice | None = None) -> None:
        """Raises `identity.IdentityError`, `AlreadyRunning`, `OutboxUnavailable`, `strict_yaml.FileMistake`."""
        self._settings = settings
        self._identity = identity.load(settings.state)
        self._lock = _alone(settings.state)
        self._notice = notice or Notice()
        self._outbox = open_outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        self._uplink = Uplink(self._outbox, self._identity, settings, self._notice.sent)
        self._reporter = Reporter(self._outbox, self._uplink.wake)
        self._sessions = Sessions(self._reporter)
        self._controls = load_controls()
        identity.make_private(settings.state / "cache")  # workers keep compiled rules only where the folder is
        self._options = ScanOptions(
            least=settings.scan.min_confidence,
            workers=settings.scan.workers,
            order="newest",
            cache=settings.state / "cache",
            ledger=settings.state / "cache" / "ledger.sqlite" if settings.scan.ledger else None,
            expires_days=settings.scan.ledger_days,
            tell_clean=False,
        )
        self._in_force = InForce(settings)
        self._troubles: frozenset[str] = frozenset()
        self._sweep = Sweep(self._options_now, Judge(controls=self._controls), self._reporter, self._notice)
        self._jobs: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._status = 0

    # --- life ----------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> int:
        """Work until ``stop`` is set; the exit status."""
        with self._lock:
            self._notice.started(self._identity.agent, self._identity.computer_class, self._identity.level)
            self._start()
            while not (stop.wait(0.5) or self._stop.is_set()):
                self._keep_outbox()
            self._end()
        return self._status

    def _keep_outbox(self) -> None:
        """Mend the outbox where it has turned out to be damaged, and bring into it what waits in memory."""
        try:
            if self._outbox.damaged:
                mend(self._outbox)
        except OutboxUnavailable:
            return
        self._reporter.retry()

    def _start(self) -> None:
        self._job(URGENT, self._come_up)
        self._thread("scanner", self._work)
        if self._settings.media.watch:
            watch = MediaWatch(self._settings.media, self._identity.organisation_key)
            self._thread("media watch", lambda: watch.run(self._media, self._stop, self._sessions.end_left_over))
        else:
            self._sessions.end_left_over()
        if self._settings.files.watch:
            self._thread("file watch", self._watch_files)
        if self._identity.computer_class is ComputerClass.CONFIDENTIAL:
            self._thread("isolation watch", self._watch_isolation)
        if self._settings.uplink.sends(self._identity.computer_class):
            self._thread("uplink", self._uplink.run)
        else:
            self._notice.say(
                "本机不通过网络上报：请用 mijian export 导出密封报告",
                "this computer sends nothing over a network: carry its reports with mijian export",
            )

    def _end(self) -> None:
        """End the threads and whatever they hold; the medium is not in use any more when this returns."""
        self._stop.set()
        self._uplink.stop()
        for session in self._sessions.all():
            session.gone.set()
        for thread in self._threads:
            thread.join(3 if thread.name == "uplink" else 20)  # what is on its way is sent again after the next start
        for session in self._sessions.all():
            self._sessions.end(session, "agent-stopped")
        self._keep_outbox()
        if self._reporter.stuck:
            log.error("%d reports could not be written to the disk and are lost", self._reporter.stuck)
        self._outbox.close()
        self._notice.say("客户端已停止", "agent stopped")

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        def body() -> None:
            try:
                target()
            except Exception as error:  # noqa: BLE001 (the edge of a thread: the service must end, not go on half)
                # The message of the error may hold a path; where it came from does not.
                frames = "".join(traceback.format_tb(error.__traceback__))
                log.error("the %s failed with %s\n%s", name, type(error).__name__, frames)
                self._fail(1)

        thread = threading.Thread(target=body, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fail(self, status: int) -> None:
        self._status = status
        self._stop.set()

    # --- jobs ----------------------------------------------------------------------------------------------------

    def _job(self, priority: int, act: Callable[[], None]) -> None:
        self._jobs.put((priority, next(self._numbers), act))

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                _, _, act = self._jobs.get(timeout=0.2)
            except queue.Empty:
                continue
            act()

    def _options_now(self) -> ScanOptions:
        """How to scan now; what is newly wrong with the rules in force, or is so no more, is told."""
        state = self._in_force.look()
        troubles = frozenset(state.troubles)
        if troubles != self._troubles:
            for trouble in sorted(troubles - self._troubles):
                self._notice.say(*TROUBLES[trouble])
            self._troubles = troubles
            self._reporter.report(report_of(state))
        return self._in_force.applied(self._options, state)

    def _come_up(self) -> None:
        """Start one worker, to learn how well it can be confined here, and tell the collector that we are up."""
        start = start_of(self._options_now())
        word = "none: workers cannot be started"
        rules = ""
        try:
            with Cage(start, 1) as cage:
                cage.begin()
                rules = cage.ready(self._stop)
                word = cage.word or word
        except RulesMistake as error:
            self._notice.say(f"规则有误：{error}", f"the rules cannot be read: {error}")
            self._fail(2)
            return
        except CageBroken:
            self._notice.say(
                "无法启动检查进程，介质暂不能检查", "workers cannot be started: media cannot be scanned now"
            )
        level, why = cage_level(word)
        if level != "full":
            self._notice.say(
                f"检查进程的隔离不完整：{word}", f"the processes that read files are not fully confined: {word}"
            )
        self._reporter.report(
            AgentStarted(
                id=uuid7(),
                seen_at=datetime.now(UTC),
                version=agent_version(),
                rules=rules,
                cage=level,
                cage_why=why,
                platform=platform.platform(terse=True),
            )
        )

    # --- media ---------------------------------------------------------------------------------------------------

    def _media(self, event: MediaEvent) -> None:
        """What to do when a medium comes or goes. Called by the media watch."""
        if isinstance(event, MediumMounted):
            self._notice.mounted(event.attached.medium)
            session = self._sessions.begin(event.attached)
            self._job(MEDIA, lambda: self._scan(session))
        elif isinstance(event, MediumGone):
            gone = self._sessions.find(event.attached)
            if gone:
                gone.gone.set()
                ending = event.ending
                self._notice.gone(event.attached.medium, pulled=ending == "removed")
                self._job(URGENT, lambda: self._sessions.end(gone, ending))
        else:
            moved = self._sessions.move(event.attached)
            if moved:
                self._job(MEDIA, lambda: self._scan(moved[1]))

    def _scan(self, session: Session) -> None:
        self._sweep.medium(session, self._context(session), self._stop)

    def _context(self, session: Session | None) -> Context:
        return Context(
            computer_class=self._identity.computer_class,
            level=self._identity.level,
            organisation_key=self._identity.organisation_key,
            reveal_key=self._identity.reveal_key,
            place="medium" if session else "fixed",
            root=shown(session.attached.path) if session else "",
            medium=session.attached.medium if session else None,
            session=session.id if session else None,
        )

    def _watch_files(self) -> None:
        def scan(paths: Sequence[str], done: Callable[[], None]) -> None:
            self._job(FILES, lambda: self._scan_files(paths, done))

        Watched(self._settings.files, self._outbox, scan).run(
            self._stop,
            lambda count: self._notice.say(
                f"有 {count} 个文件夹无法监视", f"{count} of the folders in files.watch cannot be watched"
            ),
        )

    def _scan_files(self, paths: Sequence[str], done: Callable[[], None]) -> None:
        if self._sweep.files(paths, self._context(None), self._stop):
            done()

    # --- isolation -----------------------------------------------------------------------------------------------

    def _watch_isolation(self) -> None:
        watch = IsolationWatch(ComputerClass(self._identity.computer_class), lambda: self._settings.isolation)
        watch.run(self._isolation, self._stop)

    def _isolation(self, looked: Looked) -> None:
        """Tell what the isolation watch saw."""
        result = looked.result
        if looked.news:
            seen = result.violation(self._controls[result.control].severity)
            if seen:
                self._notice.violation(seen)
                for zh, en in looked.words:
                    self._notice.say(zh, en)
                self._reporter.report(seen)
            self._notice.checked(result.control, result.outcome, looked.stood)
        self._reporter.report(looked.done)


def _alone(state: Path) -> TextIO:
    """Hold the lock of the state folder: two agents on one outbox would report everything twice."""
    lock = os.fdopen(os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise AlreadyRunning(f"another agent is running with the state folder {state}") from error
    return lock
