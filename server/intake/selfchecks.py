"""What the rounds need of a self-check (`server.campaigns`): which profile, when, how many checks failed, which."""

from __future__ import annotations

import uuid
from typing import Any

from protocol.records import CheckOutcome, SelfCheckDone
from server.campaigns.questions import class_of
from server.intake.records import Delivery
from server.intake.refusals import printable

_WORD = 64
_MOST_ANSWERS = 300


def self_check_row(record: SelfCheckDone, delivery: Delivery) -> dict[str, Any]:
    """The row of `server.campaigns.models.SelfCheck`."""
    counts = {one: sum(line.outcome is one for line in record.results) for one in CheckOutcome}
    failed = {control for line in record.results if line.outcome is CheckOutcome.FAIL for control in line.controls}
    profile = printable(record.profile, _WORD)
    return {
        "id": uuid.UUID(record.id),
        "computer": delivery.agent,
        "profile": profile,
        "profile_class": class_of(profile),
        "profile_version": printable(record.profile_version, 32),
        "number": printable(record.number, _WORD),
        "seen_at": record.seen_at,
        "received_at": delivery.received_at,
        "files": record.files,
        "passed_count": counts[CheckOutcome.PASS],
        "failed_count": counts[CheckOutcome.FAIL],
        "manual_count": counts[CheckOutcome.MANUAL],
        "error_count": counts[CheckOutcome.ERROR],
        "failed_controls": sorted(failed),
        "answers": dict(list(record.answers.items())[:_MOST_ANSWERS]),
    }
