"""Is the agent itself intact, and did it run all the time (control SEC-13): its files, its policy, the clock, gaps.

What root can still do stands in ASSURANCE.md. What is seen here is told as a violation of SEC-13, once each time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.reporting.outbox import Outbox, OutboxUnavailable
from agent.reporting.policies import Policies
from protocol.ids import uuid7
from protocol.records import AgentEvidence, Severity, ViolationSeen
from signatures.controls import Control

HOUSE = Path(__file__).resolve().parents[1]
PACKAGES = ("agent", "protocol", "signatures")
CONTROL = "SEC-13"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ALIVE, PROGRAM = "alive", "program"
"""Words in the outbox: when we were last alive, and which program that was."""

JUMP_SECONDS = 120.0
"""A clock that moves by more than this against the one nobody can set was set."""
GAP_SECONDS = 300.0
"""The agent did not run for longer than this while the computer did: told."""
SETTLING_SECONDS = 600.0
"""After the computer was started its clock may still be brought forward by the network, unreproached."""
EVERY_SECONDS = 60.0


def program_digest(house: Path = HOUSE) -> str:
    """SHA-256 over names and bytes of all files of the program."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((house / package).rglob("*")):
            if path.suffix in (".py", ".yaml", ".json") and path.is_file():
                data = path.read_bytes()
                digest.update(f"{path.relative_to(house)}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


class Clocks:
    """The clock people can set, and the one since the computer was started, which they cannot."""

    @staticmethod
    def wall() -> float:
        """Seconds of the epoch."""
        return time.time()

    @staticmethod
    def running() -> float:
        """Seconds since the computer was started, those asleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    @staticmethod
    def boot() -> str:
        """Another word after each start of the computer."""
        return BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else ""


class Integrity:
    """Looks now and then, and hands on what speaks against the agent."""

    def __init__(
        self,
        outbox: Outbox,
        policies: Policies,
        control: Control,
        version: str,
        report: Callable[[ViolationSeen], None],
        clocks: Clocks | None = None,
    ) -> None:
        self._outbox = outbox
        self._policies = policies
        self._control = control
        self._version = version
        self._report = report
        self._clocks = clocks or Clocks()
        self._offset = self._clocks.wall() - self._clocks.running()
        self._written = 0.0
        self._told_of_policy = ""
        self.program = ""
        """Digest of the program's own files, once `begin` has read them."""
        self.last: tuple[str, ...] = ()
        """What was told last."""

    def begin(self) -> None:
        """Compare with the last time we ran. Raises nothing; what cannot be read is not compared."""
        try:
            alive, program = self._outbox.word(ALIVE), self._outbox.word(PROGRAM)
        except OutboxUnavailable:
            alive = program = ""
        signals, seconds = self._since(alive)
        self.program = program_digest()
        if program and program != f"{self._version} {self.program}" and program.split()[0] == self._version:
            signals.append("program-changed")  # another version is an update, the same one altered is not
        self._remember(PROGRAM, f"{self._version} {self.program}")
        self.step(at_once=True)
        if signals:
            self._tell(signals, seconds)

    def step(self, *, at_once: bool = False) -> None:
        """Look at clock and policy, and note that we are alive."""
        signals = []
        offset = self._clocks.wall() - self._clocks.running()
        jump = offset - self._offset
        if abs(jump) > JUMP_SECONDS:
            self._offset = offset
            if jump < 0 or self._clocks.running() > SETTLING_SECONDS:
                signals.append("clock-set-back" if jump < 0 else "clock-set-forward")
        if self._policies.problem != self._told_of_policy:
            self._told_of_policy = self._policies.problem
            if self._told_of_policy:
                signals.append(self._told_of_policy)
        if signals:
            self._tell(signals, round(abs(jump)))
        if at_once or signals or self._clocks.running() - self._written >= EVERY_SECONDS:
            self._written = self._clocks.running()
            self._remember(ALIVE, f"{self._clocks.boot()} {self._clocks.wall():.0f} {self._written:.0f}")

    def check_program(self) -> bool:
        """Read the program's files again; says whether they are still those we began with."""
        now = program_digest()
        if now == self.program:
            return True
        self.program = now
        self._tell(["program-changed"], 0)
        return False

    def _since(self, alive: str) -> tuple[list[str], int]:
        """What happened since we were last alive, and for how many seconds at most."""
        parts = alive.split()
        if len(parts) != 3 or not parts[1].lstrip("-").isdigit() or not parts[2].isdigit():
            return [], 0
        boot, wall, running = parts[0], int(parts[1]), int(parts[2])
        signals, seconds = [], 0
        back = wall - self._clocks.wall()
        if back > JUMP_SECONDS:
            signals.append("clock-set-back")
            seconds = round(back)
        asleep = self._clocks.running() - (running if boot == self._clocks.boot() else 0)
        if asleep > GAP_SECONDS:
            signals.append("not-running")
            seconds = max(seconds, round(asleep))
        return signals, seconds

    def _tell(self, signals: list[str], seconds: int) -> None:
        self.last = tuple(sorted(signals))
        self._report(
            ViolationSeen(
                id=uuid7(),
                seen_at=datetime.now(UTC),
                control=CONTROL,
                severity=Severity(self._control.severity),
                evidence=AgentEvidence(signals=self.last, seconds=seconds),
            )
        )

    def _remember(self, word: str, value: str) -> None:
        try:
            self._outbox.remember(word, value)
        except OutboxUnavailable:
            return
