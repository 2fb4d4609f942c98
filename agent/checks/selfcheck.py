"""A self-check: the checks and questions of one profile, run in order, as a report.

The report is the one source of every form it is printed in (`agent.commands.check`) and of the record that travels.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from agent.checks.base import Check, Context, Fact, Registration, Result
from agent.checks.families import checks
from agent.checks.readiness import SUMS
from agent.checks.windows.remedies import REMEDIES
from agent.checks.windows.system import is_windows
from protocol.ids import uuid7
from protocol.records import (
    CheckLine,
    CheckOutcome,
    ComputerClass,
    Level,
    SelfCheckDone,
    SettingEvidence,
    SettingSeen,
    Severity,
    ViolationSeen,
)
from signatures.controls import Text
from signatures.profiles import Profile, Question, asked, load_questions
from signatures.register import Entry, register

MOST_TOLD = 20
"""Facts of a failed check that travel."""
NO_SUCH = Text(zh="本程序没有这项检查", en="this program has no such check")
SELF_CHECK = "CHECK-01"
"""The control that demands regular self-checks."""
_WORST = {severity: number for number, severity in enumerate(Severity)}
_ORDER = {
    CheckOutcome.FAIL: 0,
    CheckOutcome.ERROR: 1,
    CheckOutcome.MANUAL: 2,
    CheckOutcome.PASS: 3,
    CheckOutcome.NOT_APPLICABLE: 4,
}
"""Failures first: what is wrong, then what is not known, then what is right."""


if TYPE_CHECKING:
    from agent.reporting.identity import Identity


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One check in a report."""

    check: str
    controls: tuple[str, ...]
    title: Text
    regime: Text
    clause: str
    severity: Severity
    outcome: CheckOutcome
    why: Text | None = None
    facts: tuple[Fact, ...] = ()
    remedy: Text | None = None
    """Where it failed."""


Answer = Literal["yes", "no", "not-applicable", ""]


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """One question with its answer; empty until a person has answered it."""

    control: str
    ask: Text
    every: str
    clause: str = ""
    answer: Answer = ""
    by: str = ""
    on: str = ""
    note: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One self-check of one computer or device."""

    number: str
    kind: Literal["computer", "device", "office"] = "computer"
    organisation: str
    subject: str
    """Number of the computer in the register, or the device that was examined."""
    started_at: datetime
    seconds: float
    version: str
    """Of the program."""
    profile: str
    profile_title: Text
    profile_version: str
    profile_digest: str
    computer_class: str
    level: str | None
    root: str
    files: int
    """Files that were scanned for markings."""
    not_examined: int
    rules: str
    """Digest of the marking rules, where files were scanned."""
    lines: tuple[Line, ...]
    attestations: tuple[Attestation, ...]

    def count(self, outcome: CheckOutcome) -> int:
        """How many checks ended so."""
        return sum(line.outcome is outcome for line in self.lines)

    @property
    def exit_code(self) -> int:
        """1 where anything failed; 0 where all that applies passed; 3 where something could not be said."""
        if self.kind == "office":
            answers = {one.answer for one in self.attestations}
            return 1 if "no" in answers else 3 if "" in answers else 0
        outcomes = {line.outcome for line in self.lines}
        if CheckOutcome.FAIL in outcomes:
            return 1
        unsaid = outcomes & {CheckOutcome.ERROR, CheckOutcome.MANUAL}
        return 3 if unsaid or CheckOutcome.PASS not in outcomes else 0

    def violations(self, elsewhere: Collection[str] = ()) -> list[ViolationSeen]:
        """Each check that failed, as a violation of its first control, but those that are told ``elsewhere``.

        Checks that sum up others add nothing and are left out.
        """
        return [
            ViolationSeen(
                id=uuid7(),
                seen_at=self.started_at,
                control=line.controls[0],
                severity=line.severity,
                evidence=_evidence(line),
            )
            for line in self.lines
            if line.outcome is CheckOutcome.FAIL and line.check not in {*SUMS, *elsewhere}
        ]

    def record(self, *, scheduled: bool = False) -> SelfCheckDone:
        """What the collector is told: outcomes by control, no evidence."""
        return SelfCheckDone(
            id=uuid7(),
            seen_at=self.started_at,
            seconds=self.seconds,
            number=self.number,
            profile=self.profile,
            profile_version=self.profile_version,
            profile_digest=self.profile_digest,
            files=self.files,
            results=tuple(
                CheckLine(check=line.check, controls=line.controls, outcome=line.outcome, severity=line.severity)
                for line in self.lines
            ),
            answers={one.control: one.answer for one in self.attestations if one.answer},
            scheduled=scheduled,
        )


def _evidence(line: Line) -> SettingEvidence:
    """What a failed check saw, as it travels (E-CFG)."""
    return SettingEvidence(
        check=line.check,
        title_zh=line.title.zh,
        title_en=line.title.en,
        remedy_zh=line.remedy.zh if line.remedy else "",
        remedy_en=line.remedy.en if line.remedy else "",
        settings=tuple(
            SettingSeen(zh=one.what.zh, en=one.what.en, seen=one.seen, expected=one.expected)
            for one in line.facts[:MOST_TOLD]
        ),
    )


def line_of(check: Check, result: Result, *, windows: bool = False) -> Line:
    """A result with what its control and its check say of themselves."""
    remedy = REMEDIES.get(check.name, check.remedy) if windows else check.remedy
    entries = [entry for control in check.controls if (entry := register().get(control))]
    return Line(
        check=check.name,
        controls=(*check.controls, *check.in_part),
        title=check.title,
        regime=entries[0].regime if entries else Text(zh="其他", en="Other"),
        clause=_clause(entries),
        severity=min((entry.rule.severity for entry in entries[:1]), key=_WORST.__getitem__, default=Severity.INFO),
        outcome=result.outcome,
        why=result.why,
        facts=result.facts,
        remedy=remedy if result.outcome is CheckOutcome.FAIL else None,
    )


def _unknown(name: str) -> Line:
    """A check that a profile asks for and this program does not have: told, never left out."""
    return Line(
        check=name,
        controls=(SELF_CHECK,),
        title=Text(zh=name, en=name),
        regime=register()[SELF_CHECK].regime,
        clause=_clause([register()[SELF_CHECK]]),
        severity=Severity.HIGH,
        outcome=CheckOutcome.ERROR,
        why=NO_SUCH,
    )


def _clause(entries: list[Entry]) -> str:
    """The sources of the main control, the first two."""
    return "; ".join(entries[0].rule.clause.split("; ")[:2]) if entries else ""


def run(profile: Profile, context: Context, told: Callable[[str], None] | None = None) -> list[Line]:
    """Run the checks of a profile in its order; the failures come first in what is returned.

    ``told`` is given the name of each check before it runs.
    """
    windows = is_windows(context.tree)
    known, lines, earlier = checks(), [], dict[str, Result]()
    for name in profile.checks:
        check = known.get(name)
        if check is None:
            lines.append(_unknown(name))
            continue
        if told:
            told(name)
        result = check.run(dataclasses.replace(context, earlier=dict(earlier)))
        earlier[name] = result
        lines.append(line_of(check, result, windows=windows))
    return ordered(lines)


def report(
    profile: Profile,
    context: Context,
    *,
    subject: str,
    version: str,
    rules: str = "",
    answers: Mapping[str, Attestation] | None = None,
    before: float = 0.0,
) -> Report:
    """Run a profile and report. ``before`` is what preparing it (a scan, a survey) took, in seconds.

    Raises `strict_yaml.FileMistake` where the questions cannot be read.
    """
    began = time.monotonic()
    lines = run(profile, context)
    marked = context.marked
    return Report(
        number=f"MJ-{context.now.astimezone():%Y%m%d-%H%M%S}-{uuid7()[-4:]}",
        kind=profile.kind,
        organisation=context.settings.check.organisation,
        subject=subject,
        started_at=context.now,
        seconds=round(time.monotonic() - began + before, 2),
        version=version,
        profile=profile.id,
        profile_title=profile.title,
        profile_version=profile.version,
        profile_digest=digest(profile),
        computer_class=profile.computer_class,
        level=profile.level,
        root=str(context.tree.root),
        files=marked.files if marked else 0,
        not_examined=marked.not_examined if marked else 0,
        rules=rules,
        lines=tuple(lines),
        attestations=tuple(attestations(profile, load_questions(), answers or {})),
    )


def registration(known: Identity) -> Registration:
    """What the ledger of computers says of this one, as it was told at enrolment."""
    return Registration(
        agent=known.agent,
        computer_class=ComputerClass(known.computer_class),
        level=Level(known.level) if known.level else None,
        enrolled_at=known.enrolled_at,
        collector=known.collector_name,
    )


def ordered(lines: list[Line]) -> list[Line]:
    """Failures first, the worst of them first; the order of the profile within."""
    return sorted(lines, key=lambda line: (_ORDER[line.outcome], _WORST[line.severity]))


def attestations(
    profile: Profile, questions: dict[str, Question], answers: Mapping[str, Attestation]
) -> list[Attestation]:
    """The questions of a profile, with the answers that were given."""
    found = []
    for question in asked(profile, questions):
        entry = register().get(question.control)
        clause = "; ".join(entry.rule.clause.split("; ")[:2]) if entry else ""
        given = answers.get(question.control)
        found.append(
            Attestation(
                control=question.control,
                ask=question.ask,
                every=question.every,
                clause=clause,
                answer=given.answer if given else "",
                by=given.by if given else "",
                on=given.on if given else "",
                note=given.note if given else "",
            )
        )
    return found


def digest(profile: Profile) -> str:
    """What stands for a profile with its parameters: two reports of the same digest asked for the same."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(profile, order="deterministic")).hexdigest()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How this report differs from an earlier one, by names of checks."""

    earlier: str
    """Number of the earlier report."""
    new: tuple[str, ...]
    mended: tuple[str, ...]
    open: tuple[str, ...]


def compare(now: Report, earlier: Report) -> Change:
    """New failures, those that were mended (a pass now), and those still open or no longer told."""
    before = {line.check for line in earlier.lines if line.outcome is CheckOutcome.FAIL}
    outcome = {line.check: line.outcome for line in now.lines}
    failing = [line.check for line in now.lines if line.outcome is CheckOutcome.FAIL]
    mended = [name for name in sorted(before) if outcome.get(name) is CheckOutcome.PASS]
    return Change(
        earlier=earlier.number,
        new=tuple(name for name in failing if name not in before),
        mended=tuple(mended),
        open=tuple(sorted(before - set(mended))),
    )
