"""Medium × register × class of computer → violations that a medium is by being there, before any file is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from agent.judging.judge import is_above
from protocol.ids import uuid7
from protocol.policy import Policy, RegisteredMedium
from protocol.records import ComputerClass, Medium, MediumEvidence, Severity, ViolationSeen
from signatures.controls import Control, MediumRow, load_controls, load_media_table

_ORDER = {severity: number for number, severity in enumerate(Severity)}


class Left(NamedTuple):
    """What has lain on a medium for too long."""

    files: int = 0
    days: int = 0
    """For how many days the oldest of them, as far as this computer saw it."""


NOTHING_LEFT = Left()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a medium stands: its line in the register, if it has one, and whether lacking one means anything."""

    line: RegisteredMedium | None
    in_force: bool
    """Whether a register is in force: only then is a medium without a line unregistered."""
    policy: int = 0
    """Serial of the policy that was asked."""
    left: Left = NOTHING_LEFT
    """Documents that have lain on it for too long; none where it is not approved for carrying."""

    @property
    def medium_class(self) -> str:
        """What the medium may hold; ``unknown`` where no register says."""
        return self.line.medium_class if self.line else "unknown"


def look_up(medium: Medium, policy: Policy | None, *, in_force: bool = False) -> Standing:
    """Look a medium up in the register that a policy carries. ``in_force`` is the word of the settings."""
    if policy is None:
        return Standing(None, in_force)
    return Standing(policy.medium(medium), in_force or policy.register_in_force, policy.serial)


class MediaJudge:
    """Applies the table of media (`signatures/controls/media_judging.yaml`)."""

    def __init__(self, rows: tuple[MediumRow, ...] | None = None, controls: dict[str, Control] | None = None) -> None:
        """With what we ship unless given others. Raises `strict_yaml.FileMistake`."""
        self._controls = load_controls() if controls is None else controls
        self.rows = load_media_table(controls=self._controls) if rows is None else rows

    def judge(
        self, medium: Medium, standing: Standing, computer: ComputerClass, level: str | None, session: str | None
    ) -> list[ViolationSeen]:
        """One violation for each control the medium breaks, worst first."""
        if standing.line is None and not standing.in_force:
            return []
        worst: dict[str, Severity] = {}
        for row in self.rows:
            if not misfit(row, standing, computer, level):
                severity = row.severity or self._controls[row.control].severity
                worst[row.control] = min(worst.get(row.control, severity), severity, key=_ORDER.__getitem__)
        evidence = _evidence(standing)
        return [
            ViolationSeen(
                id=uuid7(),
                seen_at=datetime.now(UTC),
                control=control,
                severity=worst[control],
                evidence=evidence,
                medium=medium,
                session=session,
            )
            for control in sorted(worst, key=lambda control: (_ORDER[worst[control]], control))
        ]


def misfit(row: MediumRow, standing: Standing, computer: ComputerClass, level: str | None) -> str:
    """The first key of a row's ``when`` that a medium does not fit, as it stands in the table; empty where all fit."""
    when, line = row.when, standing.line
    status = line.status.value if line else "unregistered"
    crossed = line is not None and bool(set(line.seen_in) - {computer})
    known_class = line.medium_class if line is not None else None
    met = (
        ("status", not when.status or status in when.status),
        ("computer", not when.computer or computer in when.computer),
        ("medium_class", not when.medium_class or known_class in when.medium_class),
        ("above", when.above is None or when.above == is_above(line.level if line else None, level)),
        ("crossed", when.crossed is None or when.crossed == crossed),
        ("transfer", when.transfer is None or when.transfer == (line is not None and line.transfer)),
        ("left", when.left is None or when.left == (standing.left.files > 0)),
    )
    return next((key for key, fits in met if not fits), "")


def _evidence(standing: Standing) -> MediumEvidence:
    line = standing.line
    if line is None:
        return MediumEvidence(status="unregistered", policy=standing.policy)
    return MediumEvidence(
        status=line.status.value,
        number=line.number,
        medium_class=line.medium_class,
        level=line.level,
        seen_in=tuple(sorted(line.seen_in)),
        policy=standing.policy,
        files=standing.left.files,
        days=standing.left.days,
    )
