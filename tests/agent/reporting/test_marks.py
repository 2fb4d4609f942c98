from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.reporting.marks import SeenMark
from agent.reporting.outbox import Outbox
from protocol.ids import uuid7
from protocol.records import MediumEvidence, Severity, ViolationSeen


def violation() -> ViolationSeen:
    return ViolationSeen(
        id=uuid7(),
        seen_at=datetime.now(UTC),
        control="NPC-01",
        severity=Severity.CRITICAL,
        evidence=MediumEvidence(status="lost"),
    )


def mark(control: str, content: str = "content", path: str = "path", session: str = "fixed") -> SeenMark:
    return SeenMark(session, content, path, control)


@pytest.fixture
def outbox(state: Path) -> Outbox:
    return Outbox(state)


def test_what_was_told_before_it_was_approved_is_told_again_once_the_approval_has_ended(outbox: Outbox) -> None:
    assert outbox.put_once(violation(), mark("NPC-01"))
    assert outbox.put_once(violation(), mark("NPC-01 w-1"))
    assert not outbox.put_once(violation(), mark("NPC-01 w-1"))
    assert outbox.put_once(violation(), mark("NPC-01"))
    assert not outbox.put_once(violation(), mark("NPC-01"))


def test_an_approval_lets_nothing_else_be_told_twice(outbox: Outbox) -> None:
    others = [mark("MARK-19"), mark("NPC-01", path="other"), mark("NPC-01", content="other")]
    for one in others:
        outbox.put_once(violation(), one)
    outbox.put_once(violation(), mark("NPC-01 w-1"))
    assert not any(outbox.put_once(violation(), one) for one in others)


def test_earlier_approvals_of_a_file_are_known_by_its_content_or_its_place(outbox: Outbox) -> None:
    for control in ("NPC-01 w-2", "NPC-01 w-1", "CPC-10 w-3"):
        outbox.put_once(violation(), mark(control))
    assert outbox.approvals(mark("NPC-01")) == ("w-1", "w-2")
    assert outbox.approvals(mark("NPC-01", content="rewritten")) == ("w-1", "w-2")
    assert outbox.approvals(mark("NPC-01", path="moved")) == ("w-1", "w-2")
    assert outbox.approvals(mark("NPC-01", content="another", path="file")) == ()
    assert outbox.approvals(mark("NPC-01", session="a stick")) == ()
    assert outbox.approvals(mark("NPC-0")) == ()
