"""The daemon: media, file and network events in, scans and checks out, everything reported through the outbox.

Threads: the media watch, the phone watch, the file watch, one that scans what a priority queue hands it, the isolation
watch (confidential computers only), the uplink, the desktop's, and the caller's, which keeps the house: outbox,
policy, schedules, clock, budget, health. A thread that fails by a fault of ours ends the service with status 1, so
that whoever started it starts it again; nothing that was seen is lost.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agent.alone import alone
from agent.attending import Attending
from agent.housekeeping import Housekeeping, Parts
from agent.in_force import TROUBLES, InForce, State, report_of
from agent.integrity import Integrity
from agent.jobs import Jobs, Priority
from agent.judging.judge import Context, Judge
from agent.judging.waivers import marked
from agent.readiness import Readiness, RulesWatch
from agent.reporting import identity
from agent.reporting.desktop import Desktop
from agent.reporting.enrolment import agent_version
from agent.reporting.mend import mend, open_outbox
from agent.reporting.notice import Notice
from agent.reporting.outbox import OutboxUnavailable
from agent.reporting.policies import Policies, allowed
from agent.reporting.policy_fetch import PolicyFetch
from agent.reporting.reporter import Reporter
from agent.reporting.rules_fetch import RulesFetch
from agent.reporting.uplink import Uplink
from agent.scanning.kept_passages import where_allowed
from agent.scanning.pipeline import ScanOptions
from agent.scanning.spawn import end_ahead, start_ahead
from agent.selfchecks import SelfChecks
from agent.settings import Settings
from agent.sweep import Cause, Sweep
from agent.systemd import Supervisor
from agent.watched import Watched
from agent.watching.blocks import BlockEvent, BlockWatch, DeviceCame
from agent.watching.media import MediaWatch
from agent.watching.phones import PhoneWatch
from agent.watching.waiting import Stop
from protocol.policy import Waiver
from protocol.records import ComputerClass, ViolationSeen
from signatures.controls import load_controls

if TYPE_CHECKING:
    from agent.watching.isolation import Looked

TICK_SECONDS = 1.0
"""How often the house is kept."""
WARM_SECONDS = 60.0
"""How long a process is kept ready after a device came, in case something of it is mounted."""

log = logging.getLogger(__name__)


def _scan_options(settings: Settings) -> ScanOptions:
    """How the service scans, whoever is at the computer and whatever rules are in force."""
    scan, cache = settings.scan, settings.state / "cache"
    return ScanOptions(
        least=scan.min_confidence,
        workers=scan.workers,
        order="newest",
        cache=cache,
        ledger=cache / "ledger.sqlite" if scan.ledger else None,
        expires_days=scan.ledger_days,
        tell_clean=False,
        pictures=scan.ocr,
        picture_seconds=scan.ocr_file_seconds,
        pictures_seconds=scan.ocr_seconds,
    )


class Service:
    """The agent at work on one computer."""

    def __init__(self, settings: Settings, notice: Notice | None = None) -> None:
        """Raises `identity.IdentityError`, `AlreadyRunning`, `OutboxUnavailable`, `strict_yaml.FileMistake`."""
        self._settings = settings
        self._identity = identity.load(settings.state)
        self._lock = alone(settings.state)
        self._stop = Stop()
        self._threads: list[threading.Thread] = []
        self._status = 0
        self._cools_at = float("inf")
        self._notice = notice or Notice()
        self._supervisor = Supervisor()
        self._outbox = open_outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        self._policies = Policies(settings.state, self._identity)
        self._fetch = PolicyFetch(self._policies, self._identity, settings.uplink.policy_seconds)
        self._rules_fetch = RulesFetch(self._policies, self._identity, settings)
        self._uplink = Uplink(self._outbox, self._identity, settings, self._notice.sent, self._fetch, self._rules_fetch)
        self._reporter = Reporter(self._outbox, self._uplink.wake)
        self._controls = load_controls()
        identity.make_private(settings.state / "cache")  # workers keep compiled rules only where the folder is
        self._base = _scan_options(settings)
        self._in_force = InForce(settings)
        self._scanned_by: State | None = None
        self._jobs = Jobs()
        self._sweep = Sweep(self._options, Judge(controls=self._controls), self._reporter, self._notice, self._waivers)
        self._desktop = Desktop(enabled=settings.notice.desktop)
        self._attending = Attending(
            settings,
            self._identity,
            self._policies,
            self._reporter,
            self._jobs,
            self._sweep,
            self._notice,
            self._desktop,
            self._stop,
        )
        self._watched = Watched(settings.files, self._outbox, self._files_changed, more=self._policy_folders)
        self._housekeeping = Housekeeping(self._parts())
        self._readiness = Readiness(
            self._options, self._notice, self._reporter, self._sweep, self._housekeeping, self._stop, self._fail
        )
        self._rules_watch = RulesWatch(settings.state, self._jobs, self._readiness.rules_changed)

    def _parts(self) -> Parts:
        """What housekeeping looks after."""
        integrity = Integrity(self._outbox, self._policies, self._controls["SEC-13"], agent_version(), self._violation)
        return Parts(
            settings=self._settings,
            identity=self._identity,
            outbox=self._outbox,
            policies=self._policies,
            fetch=self._fetch,
            reporter=self._reporter,
            jobs=self._jobs,
            sweep=self._sweep,
            attending=self._attending,
            watched=self._watched,
            integrity=integrity,
            supervisor=self._supervisor,
            scan_disks=self._scan_disks,
            rules_fetch=self._rules_fetch,
            scanned_by=lambda: self._scanned_by,
        )

    # --- life ----------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> int:
        """Work until ``stop`` is set; the exit status."""
        with self._lock:
            self._notice.started(self._identity.agent, self._identity.computer_class, self._identity.level)
            self._start()
            self._supervisor.ready()
            while not (stop.wait(TICK_SECONDS) or self._stop.is_set()):
                self._keep_outbox()
                self._cool()
                self._rules_watch.step()
                if self._housekeeping.step() and self._identity.computer_class is ComputerClass.CONFIDENTIAL:
                    self._start_isolation()
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
        self._jobs.add(Priority.URGENT, "come up", lambda _: self._readiness.come_up())
        self._thread("scanner", lambda: self._jobs.run(self._stop))
        self._thread("desktop", lambda: self._desktop.run(self._stop))
        key = self._identity.organisation_key
        if self._settings.media.watch:
            watch = MediaWatch(self._settings.media, key, self._attending.holds.views)
            left_over = self._attending.sessions.end_left_over
            self._thread("media watch", lambda: watch.run(self._attending.event, self._stop, left_over))
            self._thread("device watch", lambda: BlockWatch(self._settings.media, key).run(self._device, self._stop))
            if self._settings.media.phones:
                self._thread("phone watch", lambda: PhoneWatch(key).run(self._attending.event, self._stop))
        else:
            self._attending.sessions.end_left_over()
        self._thread("file watch", lambda: self._watched.run(self._stop, self._not_watched))
        if self._identity.computer_class is ComputerClass.CONFIDENTIAL:
            self._start_isolation()
        self._thread("self-check", self._self_check)
        self._thread("uplink", self._uplink.run)
        if not self._settings.uplink.sends(ComputerClass(self._identity.computer_class)):
            self._notice.say(
                "本机不通过网络上报：请用 mijian export 导出密封报告",
                "this computer sends nothing over a network: carry its reports with mijian export",
            )

    def _end(self) -> None:
        """End the threads and whatever they hold; the medium is not in use any more when this returns."""
        self._supervisor.stopping()
        self._stop.set()
        self._jobs.wake()
        self._desktop.wake()
        self._uplink.stop()
        for session in self._attending.sessions.all():
            session.gone.set()
        for thread in self._threads:
            thread.join(3 if thread.name == "uplink" else 20)  # what is on its way is sent again after the next start
        end_ahead()
        self._attending.close()
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

    # --- scans ---------------------------------------------------------------------------------------------------

    def _options(self) -> ScanOptions:
        """How to scan now: gently while somebody works at the computer, with the rules that are in force.

        What is newly wrong with the rules, or is so no more, is told.
        """
        state = self._in_force.look()
        before = frozenset(self._scanned_by.troubles) if self._scanned_by else frozenset()
        self._scanned_by = state
        if before != frozenset(state.troubles):
            for trouble in sorted(state.troubles.keys() - before):
                self._notice.say(*TROUBLES[trouble])
            self._reporter.report(report_of(state))
        limited, scan = self._housekeeping.presence().limited, self._settings.scan
        options = dataclasses.replace(
            self._base,
            background=limited,
            share=self._settings.budget.processor_percent / 100 * len(os.sched_getaffinity(0)),
            workers=1 if limited else scan.workers,
            passages=where_allowed(self._base.cache, scan.passages_mb, ComputerClass(self._identity.computer_class)),
            passages_bytes=int(scan.passages_mb * 1_000_000),
        )
        return self._in_force.applied(options, state)

    def _waivers(self) -> Sequence[Waiver]:
        policy = self._policies.current
        return policy.waivers if policy else ()

    def _fixed(self) -> Context:
        return Context(
            computer_class=ComputerClass(self._identity.computer_class),
            level=self._identity.level,
            organisation_key=self._identity.organisation_key,
            reveal_key=self._identity.reveal_key,
            designated=tuple(self._settings.check.parameters.get("marked_folders", ())),
        )

    def _scan_disks(self, roots: Sequence[str], schedule: str, cause: Cause, done: Callable[[], None]) -> None:
        """Queue a scan of folders of this computer; ``done`` is called once it was made to the end."""

        def act(pause: threading.Event) -> bool:
            ended = self._sweep.disks(roots, self._fixed(), self._stop, pause, cause, schedule)
            if ended:
                done()
            return ended

        priority = Priority.PERSON if cause == "person" else Priority.SCHEDULE
        self._jobs.add(priority, f"schedule {schedule}", act)

    def _device(self, event: BlockEvent) -> None:
        if isinstance(event, DeviceCame):
            self._warm()
        else:
            self._attending.event(event)

    def _warm(self) -> None:
        """Have a process load for the scan that is likely to come; it is let go of where none does."""
        with suppress(OSError):  # then the scan itself tries, and says why it cannot
            start_ahead()
        self._cools_at = time.monotonic() + WARM_SECONDS

    def _cool(self) -> None:
        if time.monotonic() > self._cools_at:
            self._cools_at = float("inf")
            end_ahead()

    # --- files ---------------------------------------------------------------------------------------------------

    def _policy_folders(self) -> tuple[str, ...]:
        policy = self._policies.current
        return policy.folders if policy else ()

    def _files_changed(self, changed: Sequence[str], done: Callable[[], None]) -> None:
        """Queue a scan of changed files; those on a medium are told under its session instead."""
        paths = self._attending.sessions.without(changed)

        def act(pause: threading.Event) -> bool:
            if not self._sweep.files(paths, self._fixed(), self._stop, pause):
                return not pause.is_set()
            done()
            return True

        self._jobs.add(Priority.FILES, "files", act)

    def _not_watched(self, count: int) -> None:
        self._notice.say(f"有 {count} 个文件夹无法监视", f"{count} of the folders in files.watch cannot be watched")

    def _violation(self, found: ViolationSeen) -> None:
        """Report a violation that no file and no medium is behind."""
        seen = marked(found, self._waivers(), datetime.now(UTC))
        self._notice.violation(seen)
        self._reporter.report(seen)

    def _self_check(self) -> None:
        SelfChecks(
            self._settings,
            self._identity,
            self._outbox,
            self._reporter,
            self._notice,
            self._violation,
            prescribed=lambda: self._policies.current.profile if self._policies.current else "",
        ).run(self._stop)

    # --- isolation -----------------------------------------------------------------------------------------------

    def _start_isolation(self) -> None:
        """Watch over the isolation of this computer, unless that is done already."""
        if any(thread.name == "isolation watch" for thread in self._threads):
            return
        from agent.watching.isolation import IsolationWatch  # here: on other computers nothing of it is needed

        watch = IsolationWatch(
            ComputerClass(self._identity.computer_class),
            lambda: allowed(self._settings.isolation, self._policies.current),
        )
        self._thread("isolation watch", lambda: watch.run(self._isolation, self._stop))

    def _isolation(self, looked: Looked) -> None:
        """Tell what the isolation watch saw."""
        result = looked.result
        if looked.news:
            seen = result.violation(self._controls[result.control].severity)
            if seen:
                self._violation(seen)
                for zh, en in looked.words:
                    self._notice.say(zh, en)
            self._notice.checked(result.control, result.outcome, looked.stood)
        self._reporter.report(looked.done)
