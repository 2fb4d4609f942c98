"""What a check is: code that tests controls on one computer. It reads through a tree, and that is all it does.

A check family is one module with a tuple ``CHECKS``. Each check declares its controls, the classes it binds, what it
reads, what it records as evidence and how to mend what it finds; `Check.run` never raises for anything that lies in
the tree. `CheckResult` is the form in which the running agent tells one control (`agent.service`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec

from agent.checks.survey import Survey
from agent.checks.tree import Tree, Unreadable
from agent.checks.windows.system import is_windows
from agent.settings import Settings
from protocol.ids import uuid7
from protocol.records import (
    CheckDone,
    CheckOutcome,
    ComputerClass,
    Level,
    NetworkEvidence,
    Severity,
    ViolationSeen,
)
from signatures.controls import Text
from signatures.profiles import Parameters

ALL = frozenset(ComputerClass)
CONFIDENTIAL = frozenset({ComputerClass.CONFIDENTIAL})
OPEN = frozenset({ComputerClass.INTERNET, ComputerClass.INTERNAL})
"""Every class but confidential."""

MOST_FACTS = 50
LONGEST = 200
"""Characters of one observed value that a report tells."""

OTHER_CLASS = Text(zh="该要求不适用于此类计算机", en="this rule does not bind computers of this class")
NOT_ON_WINDOWS = Text(
    zh="本版本不从离线的 Windows 系统读取此项：请在该机上人工查看",
    en="this is not read from an offline Windows system in this version: look at it on the computer itself",
)
FAILED_TO_READ = Text(zh="系统拒绝或无法完成读取", en="the system refused or failed to read something")

log = logging.getLogger(__name__)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence (E-CFG, E-NET, E-FILE as counts): what was looked at, what was seen, what is asked for.

    Never text of a document, a URL, a password or its hash.
    """

    what: Text
    seen: str
    expected: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one check ended."""

    outcome: CheckOutcome
    why: Text | None = None
    """A fixed sentence of ours for not-applicable, manual and error; never data from the computer."""
    facts: tuple[Fact, ...] = ()
    network: NetworkEvidence | None = None
    """Evidence of checks of the network, in the form in which it travels."""


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a scan of this computer's files found, as counts: broken control → files, by `agent.judging`."""

    at: datetime
    files: int
    not_examined: int
    by_control: dict[str, int]
    by_place: dict[str, int] = field(default_factory=dict)
    """Kind of folder (``mail``, ``sync``, ``temporary``, ``share``, ``trash``, ``other``) → marked files."""
    codes: dict[str, int] = field(default_factory=dict)
    """Validator code → findings."""
    families: dict[str, int] = field(default_factory=dict)
    top_secret: int = 0
    drafts: int = 0
    exposed: int = 0
    """Marked files that everybody on the computer may read."""
    outside: int = 0
    """Marked files outside the folders designated for them (`Parameters.marked_folders`)."""
    unlike_copies: int = 0
    """Names whose copies carry another family, level or period."""
    recordings: int = 0
    """Recordings and films without a marking in name or properties; counted where every file was told."""
    by_account: dict[str, dict[str, int]] = field(default_factory=dict)
    """Account by whose home it lies → level → marked files."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the ledger of computers says of this one, as far as the agent was told when it was enrolled."""

    agent: str
    computer_class: ComputerClass
    level: Level | None
    enrolled_at: datetime
    collector: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a check is given. ``now`` is one moment for the whole self-check."""

    tree: Tree
    computer_class: ComputerClass
    level: Level | None = None
    parameters: Parameters = field(default_factory=Parameters)
    settings: Settings = field(default_factory=Settings)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    registration: Registration | None = None
    marked: Marked | None = None
    """None where no files were scanned for this self-check."""
    device: Survey | None = None
    """None where no raw device was examined."""
    probe: str | None = None
    """The address an operator named for one attempt to reach it; None: nothing is sent."""
    earlier: Mapping[str, Result] = field(default_factory=dict)
    """Results of the checks that ran before this one, by name: for those that sum up."""

    @property
    def today(self) -> int:
        """Days since 1970, as shadow counts them."""
        return int(self.now.timestamp() // 86400)

    @property
    def rank(self) -> int:
        """0 for a computer without level, 1–3 for 秘密, 机密, 绝密."""
        return 0 if self.level is None else list(Level).index(self.level) + 1


Extent = Literal["full", "part"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what it declares of itself, and the code that looks."""

    name: str
    """Stable word for profiles and reports, such as ``password-age``."""
    controls: tuple[str, ...]
    """Ids in the register; the first is the one it is mainly about."""
    title: Text
    remedy: Text
    reads: tuple[str, ...]
    """Paths below the root, or words such as ``scan``."""
    records: Text
    """What stands in the report as evidence."""
    look: Callable[[Context], Result]
    classes: frozenset[ComputerClass] = ALL
    in_part: tuple[str, ...] = ()
    """Further controls on which it bears in part."""
    extent: Extent = "full"
    """Whether the controls are tested as far as software can, or only in part (an indicator)."""
    live_only: bool = False
    """Whether it asks the running kernel, so that it says nothing of an offline tree."""
    windows: Callable[[Context], Result] | None = None
    """The code that looks at an offline Windows system; None where that cannot be told from its files yet."""
    everywhere: bool = False
    """Whether ``look`` reads nothing of the system itself (a scan, a device, the other checks), whatever it is."""

    def run(self, context: Context) -> Result:
        """Look, and say how it ended. Whatever lies in the tree, this returns."""
        if context.computer_class not in self.classes:
            return Result(outcome=CheckOutcome.NOT_APPLICABLE, why=OTHER_CLASS)
        if self.live_only and not context.tree.live:
            why = Text(zh="只能在运行中的系统上检查", en="can be told of a running system only")
            return Result(outcome=CheckOutcome.NOT_APPLICABLE, why=why)
        try:
            look = self.look
            if not self.everywhere and is_windows(context.tree):
                if self.windows is None:
                    return Result(outcome=CheckOutcome.MANUAL, why=NOT_ON_WINDOWS)
                look = self.windows
            return look(context)
        except Unreadable as error:
            log.info("the check %s could not read something: %s", self.name, error.why.en)
            what = Text(zh="无法读取", en="cannot be read")
            return Result(outcome=CheckOutcome.ERROR, why=error.why, facts=(Fact(what=what, seen=error.path),))
        except (OSError, ValueError, LookupError, RecursionError, MemoryError) as error:
            log.warning("the check %s failed with %s", self.name, type(error).__name__)
            return Result(outcome=CheckOutcome.ERROR, why=FAILED_TO_READ)


def fact(zh: str, en: str, seen: object, expected: object = "") -> Fact:
    """A piece of evidence in both languages; a long value is cut."""
    told = str(seen)
    return Fact(
        what=Text(zh=zh, en=en),
        seen=told if len(told) <= LONGEST else told[: LONGEST - 1] + "…",
        expected=str(expected),
    )


def verdict(wrong: list[Fact], right: list[Fact] | None = None) -> Result:
    """Fail where something is wrong, with it first; else pass, with what was seen. Long lists are cut and say so."""
    facts = [*wrong, *(right or [])]
    if len(facts) > MOST_FACTS:
        more = len(facts) - MOST_FACTS
        facts = [*facts[:MOST_FACTS], fact("其余", "more of the same", more)]
    return Result(outcome=CheckOutcome.FAIL if wrong else CheckOutcome.PASS, facts=tuple(facts))


def not_applicable(zh: str, en: str) -> Result:
    """There is nothing here that the control speaks of."""
    return Result(outcome=CheckOutcome.NOT_APPLICABLE, why=Text(zh=zh, en=en))


def manual(zh: str, en: str, *facts: Fact) -> Result:
    """A person must look; the facts help."""
    return Result(outcome=CheckOutcome.MANUAL, why=Text(zh=zh, en=en), facts=facts)


def cannot(zh: str, en: str, *facts: Fact) -> Result:
    """It could not be checked."""
    return Result(outcome=CheckOutcome.ERROR, why=Text(zh=zh, en=en), facts=facts)


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one control ended in the running agent, and what was seen where it is broken."""

    control: str
    outcome: CheckOutcome
    why: str = ""
    """A fixed sentence of ours for not-applicable, manual and error; never data from the computer."""
    evidence: NetworkEvidence | None = None

    def done(self) -> CheckDone:
        """The record of this run."""
        return CheckDone(
            id=uuid7(), seen_at=datetime.now(UTC), control=self.control, outcome=self.outcome, why=self.why
        )

    def violation(self, severity: Severity) -> ViolationSeen | None:
        """The record of the broken control; None where it is not broken."""
        if self.outcome is not CheckOutcome.FAIL or self.evidence is None:
            return None
        return ViolationSeen(
            id=uuid7(), seen_at=datetime.now(UTC), control=self.control, severity=severity, evidence=self.evidence
        )


def age_in_days(status: os.stat_result, now: datetime) -> int:
    """Whole days since a file was last changed; 0 for one of the future."""
    return max(0, int((now.timestamp() - status.st_mtime) // 86400))
