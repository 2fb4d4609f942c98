"""Readiness: one worker tells what scans go by and how well it is confined, at start and when new rules come.

Rules come into force in three ways: fetched from the collector, brought by `mijian import`, put in by `mijian rules
install`. All three end in one small file (`signatures.bundles`), which is looked at here; the next scan goes by them
in any case, and the collector is told of it at once.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.housekeeping import Housekeeping
from agent.in_force import RULES
from agent.jobs import Jobs, Priority
from agent.reporting.enrolment import agent_version
from agent.reporting.notice import Notice
from agent.reporting.reporter import Reporter
from agent.scanning.cage import Cage, CageBroken, RulesMistake
from agent.scanning.pipeline import ScanOptions, start_of
from agent.scanning.results import cage_level
from agent.sweep import Sweep
from agent.watching.waiting import Stop
from protocol.ids import uuid7
from protocol.records import AgentStarted

POINTER = "in-force"
"""The file that says which rules are in force (`signatures.bundles.shelf`)."""
NO_WORKERS = "none: workers cannot be started"


class Readiness:
    """Asks a worker, and hands on what it says. Used by the scanner's thread alone."""

    def __init__(
        self,
        options: Callable[[], ScanOptions],
        notice: Notice,
        reporter: Reporter,
        sweep: Sweep,
        housekeeping: Housekeeping,
        stop: Stop,
        fail: Callable[[int], None],
    ) -> None:
        self._options = options
        self._notice = notice
        self._reporter = reporter
        self._sweep = sweep
        self._housekeeping = housekeeping
        self._stop = stop
        self._fail = fail

    def come_up(self) -> bool:
        """Start one worker, to learn how well it can be confined here, and tell the collector that we are up."""
        options = self._options()
        if options.cache is not None and not any(options.cache.glob("*.sieve")):
            self._notice.say("正在准备规则（首次启动，仅此一次）", "preparing the rules (first start, this once)")
        told = self._ask(options)
        if told is None:
            self._fail(2)
            return True
        rules, word = told
        if not rules and self._stop.is_set():
            return True  # told to end before it could be known
        level, why = cage_level(word)
        if level != "full":
            self._notice.say(
                f"检查进程的隔离不完整：{word}", f"the processes that read files are not fully confined: {word}"
            )
        self._housekeeping.up(rules, word)
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
        return True

    def rules_changed(self) -> bool:
        """Learn which rules are in force now, and tell the collector."""
        told = self._ask(self._options())
        if told is not None and told[0]:
            self._notice.say("新规则已生效", "new rules are in force")
            self._housekeeping.new_rules(told[0])
        return True

    def _ask(self, options: ScanOptions) -> tuple[str, str] | None:
        """The rules that a worker goes by, and the word for its cage; None where the rules cannot be read."""
        rules, word = "", NO_WORKERS
        try:
            with Cage(start_of(options), 1) as cage:
                cage.begin()
                rules = cage.ready(self._stop)
                word = cage.word or word
        except RulesMistake as error:
            self._notice.say(f"规则有误：{error}", f"the rules cannot be read: {error}")
            return None
        except CageBroken:
            self._sweep.broken = "workers-broken"
            self._notice.say(
                "无法启动检查进程，介质暂不能检查", "workers cannot be started: media cannot be scanned now"
            )
        return rules, word


class RulesWatch:
    """Notices, once a second, that other rules were put in force."""

    def __init__(self, state: Path, jobs: Jobs, changed: Callable[[], bool]) -> None:
        self._file = state / RULES / POINTER
        self._jobs = jobs
        self._changed = changed
        self._seen = self._stamp()

    def step(self) -> None:
        """Queue the look at new rules where there are any."""
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._jobs.add(Priority.URGENT, "new rules", self._act)

    def _act(self, _: threading.Event) -> bool:
        return self._changed()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
