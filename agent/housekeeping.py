"""Keeps the house while the agent runs: policy, schedules, waivers that end, requests of people, clock, budget, health.

Called once a second by the service's own thread; each errand has its own pace, so that an idle agent costs nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import psutil

from agent.asked import Asked, ScanDisks, scan_of
from agent.attending import Attending
from agent.in_force import State
from agent.integrity import Integrity
from agent.jobs import Jobs
from agent.judging.waivers import next_end
from agent.reporting import live
from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox, OutboxUnavailable
from agent.reporting.policies import Policies
from agent.reporting.policy_fetch import PolicyFetch
from agent.reporting.reporter import Reporter
from agent.reporting.rules_fetch import RulesFetch
from agent.requests import take_requests
from agent.settings import Settings
from agent.sweep import Sweep
from agent.systemd import Supervisor
from agent.watched import Watched
from agent.watching import schedule
from agent.watching.folders import resolve
from agent.watching.mount_tables import current
from agent.watching.mounts import fixed_roots
from agent.watching.presence import Presence, Watcher
from protocol.ids import uuid7
from protocol.policy import Waiver
from protocol.records import ComputerClass, Heartbeat

HEARTBEAT_SECONDS = 900.0
LIVE_SECONDS = 10.0
BUSY_SECONDS = 1.0
"""How often it is told how the agent stands: while it waits, and while it scans."""
SCHEDULE_SECONDS = 20.0
HOLD_SECONDS = 5.0
LEFT_SECONDS = 3600.0
NO_CONTACT = timedelta(days=1)
NEARLY_FULL = 0.9
BEATS, RUNS, WAIVERS = "heartbeat", "runs", "waivers"
"""Words in the outbox: the number of the last heartbeat, when each schedule was last run, and up to when the ends of
waivers were seen to."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """The parts of the service that housekeeping looks after."""

    settings: Settings
    identity: Identity
    outbox: Outbox
    policies: Policies
    fetch: PolicyFetch
    reporter: Reporter
    jobs: Jobs
    sweep: Sweep
    attending: Attending
    watched: Watched
    integrity: Integrity
    supervisor: Supervisor
    scan_disks: ScanDisks
    rules_fetch: RulesFetch
    scanned_by: Callable[[], State | None]
    """The rules and keywords that the last scan went by."""


class Housekeeping:
    """The errands. Used by one thread, but for `presence` and `up`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._started = datetime.now(UTC)
        self._up_since = time.monotonic()
        self._presence = Watcher(parts.settings.budget.idle_minutes * 60)
        self._due = dict.fromkeys(("live", "live again", "alive", "schedule", "heartbeat", "holds"), 0.0)
        self._due["left"] = self._up_since + LEFT_SECONDS
        self._serial = parts.policies.serial
        self._waivers = self._in_policy()
        self._waivers_seen = self._waivers_seen_to()
        self._waiver_end = self._next_waiver_end()
        self._beat = 0
        self._told = b""
        self._cage = self._rules = ""
        self._integrity_begun = False
        self._asked = Asked(parts.settings.state, parts.attending, parts.jobs, parts.sweep, parts.scan_disks)

    def presence(self) -> Presence:
        """Whether somebody works at the computer, and whether it runs from its battery."""
        return self._presence.now()

    def up(self, rules: str, cage: str) -> None:
        """A worker has shown which rules are in force and how well it is confined. Called by the scanner's thread."""
        self._rules, self._cage = rules, cage
        self._parts.integrity.begin()
        self._integrity_begun = True

    def new_rules(self, rules: str) -> None:
        """Other rules are in force: the collector is told at the next step. Called by the scanner's thread."""
        self._rules = rules
        self._due["heartbeat"] = self._due["live"] = 0.0

    def step(self) -> bool:
        """Do what is due; says whether a new policy is in force."""
        parts = self._parts
        if self._is_due("alive", parts.supervisor.watchdog_seconds / 4):
            parts.supervisor.alive()
        parts.policies.reload()
        changed = self._follow_policy()
        self._end_waivers()
        for request in take_requests(parts.settings.state):
            if request == "scan-media":
                parts.attending.scan_again("person")
            elif request == "release-media":
                parts.attending.release()
        self._asked.take()
        if self._is_due("holds", HOLD_SECONDS):
            parts.attending.hold_again()
        if self._is_due("left", LEFT_SECONDS):
            parts.attending.look_what_was_left()
        if self._integrity_begun:
            parts.integrity.step()
            if self._is_due("schedule", SCHEDULE_SECONDS):
                self._schedules()
            if self._is_due("heartbeat", HEARTBEAT_SECONDS):
                self._heartbeat()
        if self._is_due("live", BUSY_SECONDS if parts.sweep.under else LIVE_SECONDS):
            self._tell()
        return changed

    def _is_due(self, errand: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._due[errand]:
            return False
        self._due[errand] = now + every
        return True

    # --- policy and waivers --------------------------------------------------------------------------------------

    def _follow_policy(self) -> bool:
        parts = self._parts
        if parts.policies.serial == self._serial:
            return False
        self._serial = parts.policies.serial
        before, self._waivers = self._waivers, self._in_policy()
        self._waiver_end = self._next_waiver_end()
        self._due["schedule"] = self._due["live"] = 0.0
        log.warning("policy %d is in force", self._serial)
        parts.attending.review()
        withdrawn = {waiver.id for waiver in before if waiver.expires > self._waivers_seen}
        if withdrawn - {waiver.id for waiver in self._waivers}:
            self._scan_what_was_covered()
        return True

    def _in_policy(self) -> tuple[Waiver, ...]:
        policy = self._parts.policies.current
        return policy.waivers if policy else ()

    def _next_waiver_end(self) -> datetime | None:
        """When the next waiver ends, or ended while no agent ran."""
        return next_end(self._waivers, self._waivers_seen)

    def _waivers_seen_to(self) -> datetime:
        now = datetime.now(UTC)
        try:
            word = self._parts.outbox.word(WAIVERS)
            if word:
                return min(datetime.fromisoformat(word), now)
            self._parts.outbox.remember(WAIVERS, now.isoformat())
        except (OutboxUnavailable, ValueError):
            log.warning("up to when the ends of waivers were seen to is not known")
        return now

    def _end_waivers(self) -> None:
        """Where a waiver has ended, what it covered is scanned again and told as what it is."""
        now = datetime.now(UTC)
        if self._waiver_end is None or now < self._waiver_end:
            return
        self._waivers_seen = now
        self._waiver_end = self._next_waiver_end()
        self._parts.attending.review()
        self._scan_what_was_covered()
        with suppress(OutboxUnavailable):  # then it is scanned once more after the next start
            self._parts.outbox.remember(WAIVERS, now.isoformat())

    def _scan_what_was_covered(self) -> None:
        """Scan again what waivers may have covered: media that are here, and what is watched or scanned by schedule."""
        parts, policy = self._parts, self._parts.policies.current
        parts.attending.scan_again("rescan")
        folders = resolve((*parts.settings.files.watch, *(policy.folders if policy else ())))
        if schedule.schedules(parts.settings.schedule, policy):
            folders = [*folders, *self._roots()]
        if folders:
            parts.scan_disks(folders, "waiver", "rescan", lambda: None)

    # --- schedules -----------------------------------------------------------------------------------------------

    def _schedules(self) -> None:
        """Queue the runs that are due, missed ones included."""
        parts, policy = self._parts, self._parts.policies.current
        wanted = schedule.schedules(parts.settings.schedule, policy)
        if not wanted:
            return
        now = datetime.now().astimezone()
        delay = schedule.jitter(parts.identity.agent, parts.settings.schedule.jitter_seconds)
        last = self._runs()
        since = parts.identity.enrolled_at.astimezone()
        for due in schedule.due(wanted, policy, last, since, now, delay):
            if not parts.jobs.has(f"schedule {due.schedule}"):
                parts.scan_disks(self._roots(), due.schedule, "schedule", self._ran(due.schedule, due.at))

    def _roots(self) -> Sequence[str]:
        if self._parts.settings.schedule.roots:
            return self._parts.settings.schedule.roots
        return fixed_roots(current(), [session.attached.path for session in self._parts.attending.sessions.all()])

    def _runs(self) -> dict[str, datetime]:
        try:
            return msgspec.json.decode(self._parts.outbox.word(RUNS) or "{}", type=dict[str, datetime])
        except (OutboxUnavailable, msgspec.DecodeError):
            return {}

    def _ran(self, name: str, at: datetime) -> Callable[[], None]:
        def done() -> None:
            try:
                self._parts.outbox.remember(RUNS, msgspec.json.encode(self._runs() | {name: at}).decode())
            except OutboxUnavailable:
                log.warning("a schedule's run could not be noted; it will be made again")

        return done

    # --- health --------------------------------------------------------------------------------------------------

    def reasons(self) -> tuple[str, ...]:
        """What is not as it should be, as fixed words."""
        parts = self._parts
        found = [
            *live.state_troubles(parts.settings.state, trying=parts.reporter.stuck > 0),
            *parts.watched.troubles,
            *parts.attending.troubles,
            parts.policies.problem,
            parts.sweep.broken,
            "rules-refused" if parts.rules_fetch.refused else "",
            *(state.reasons if (state := parts.scanned_by()) else ()),
        ]
        if parts.reporter.stuck:
            found.append("records-in-memory")
        over = parts.settings.budget.memory_mb * 1_000_000
        if parts.sweep.under and self.presence().limited and _memory(with_workers=True) > over:
            found.append("memory-over-budget")
        try:
            if parts.outbox.fill >= NEARLY_FULL:
                found.append("outbox-nearly-full")
            if parts.outbox.word("refusal"):
                found.append("refused")
            if parts.settings.uplink.sends(ComputerClass(parts.identity.computer_class)) and self._no_contact():
                found.append("no-contact")
        except OutboxUnavailable:
            found.append("outbox-unavailable")
        return tuple(sorted({reason for reason in found if reason}))

    def _no_contact(self) -> bool:
        word = self._parts.outbox.word("receipt").split()
        try:
            last = datetime.fromisoformat(word[0]) if word else self._parts.identity.enrolled_at
        except ValueError:
            return False
        return datetime.now(UTC) - last > NO_CONTACT and sum(self._parts.outbox.waiting().values()) > 0

    def _heartbeat(self) -> None:
        parts = self._parts
        parts.integrity.check_program()
        try:
            self._beat = int(parts.outbox.word(BEATS) or 0) + 1
            parts.outbox.remember(BEATS, str(self._beat))
            waiting = sum(parts.outbox.waiting().values())
        except (OutboxUnavailable, ValueError):
            self._beat, waiting = self._beat + 1, 0
        reasons, state = self.reasons(), parts.scanned_by()
        parts.reporter.report(
            Heartbeat(
                id=uuid7(),
                seen_at=datetime.now(UTC),
                sequence=self._beat,
                uptime=round(time.monotonic() - self._up_since),
                program=parts.integrity.program,
                policy=parts.policies.serial,
                policy_digest=parts.policies.digest,
                rules=self._rules,
                rules_version=(state.version if state else 0) or 0,
                health=live.health(reasons),
                reasons=reasons,
                waiting=waiting,
            )
        )

    def _tell(self) -> None:
        """Write how it stands, for `mijian status` and `systemctl status`."""
        parts, under = self._parts, self._parts.sweep.under
        reasons = self.reasons()
        job = None
        if under:
            numbers = {"files": under.files, "bytes": under.bytes}
            job = live.Job(cause=under.cause, session=under.session, started_at=under.started, **numbers)
        now = live.Live(
            written_at=datetime.now(UTC),
            started_at=self._started,
            health=live.health(reasons),
            reasons=reasons,
            cage=self._cage,
            rules=self._rules,
            policy=parts.policies.serial,
            policy_problem=parts.fetch.problem,
            rules_problem=parts.rules_fetch.problem,
            program=parts.integrity.program,
            heartbeat=self._beat,
            job=job,
            queue=parts.jobs.waiting(),
            limits=self._limits(),
            scans=tuple(map(scan_of, parts.sweep.last)),
            next_waiver_end=self._waiver_end,
        )
        key = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(now, written_at=self._started))).digest()
        if job or key != self._told or self._is_due("live again", 60):
            self._told = key
            live.write(parts.settings.state, now)
            parts.supervisor.status(f"{now.health}: {', '.join(reasons) or 'all is well'}")

    def _limits(self) -> live.Limits:
        presence, budget, under = self.presence(), self._parts.settings.budget, self._parts.sweep.under
        limited = presence.limited and not (under and under.cause == "person")  # who waits for it is not spared
        until = None
        if limited and presence.working and not presence.on_battery:
            left = timedelta(minutes=budget.idle_minutes, seconds=60 - presence.idle_seconds)
            until = (datetime.now(UTC) + left).replace(second=0, microsecond=0)
        return live.Limits(
            limited=limited,
            why=("battery" if presence.on_battery else "working") if limited else "",
            until=until,
            idle_minutes=budget.idle_minutes,
            processor_percent=budget.processor_percent if limited else 100.0,
            memory_mb=budget.memory_mb,
            memory_used_mb=_memory(with_workers=under is not None) // 1_000_000,
        )


def _memory(*, with_workers: bool) -> int:
    """Resident bytes of this process, and of those it started; to look for these costs a look at every process."""
    total = 0
    me = psutil.Process(os.getpid())
    for process in (me, *(me.children(recursive=True) if with_workers else ())):
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total
