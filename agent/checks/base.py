"""What a check is: code that tests one control on this computer. One check, one file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import msgspec

from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome, ComputerClass, NetworkEvidence, Severity, ViolationSeen


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a check ended, and what it saw where the control is broken."""

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


class Check(Protocol):
    """The shape of a check."""

    control: str
    """Id in the controls."""

    def applies_to(self, computer_class: ComputerClass) -> bool:
        """Whether the control binds computers of this class."""
        ...

    def run(self) -> CheckResult:
        """Look, and say how it ended. Changes nothing on the computer and sends nothing."""
        ...
