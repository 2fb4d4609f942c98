"""Ending a gap by hand when the missing envelope will never come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from protocol.receipts import Answer
from protocol.records import ViolationSeen
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.intake.fanout import drain
from server.intake.models import SpoolEntry
from server.intake.release import release_held
from server.ledger.models import Computer
from server.violations.models import Occurrence

Deliver = Callable[..., Any]
Seen = Callable[..., ViolationSeen]


def test_released_envelopes_are_taken_in_and_the_row_goes_on_after_them(
    deliver: Deliver, sender: Any, file_seen: Seen, computer: Computer, person: Callable[..., User]
) -> None:
    sender.next(file_seen())  # lost on its way
    for number in (2, 3):
        assert deliver(sender.next(file_seen(str(number)))).decision.answer == Answer.HELD
    assert release_held(computer, by=person(Role.ADMIN), reason="U盘损坏") == 2
    drain()
    assert Occurrence.objects.count() == 2
    assert not SpoolEntry.objects.filter(state=SpoolEntry.State.HELD).exists()
    assert deliver(sender.next(file_seen("4"))).decision.answer == Answer.ACCEPTED
    entry = Entry.objects.get(action="envelopes.release")
    assert (entry.detail["count"], entry.detail["reason"]) == (2, "U盘损坏")


def test_the_missing_envelope_that_comes_after_all_is_sent_on_by_its_computer(
    deliver: Deliver, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    missing, seen = sender.next(file_seen("1")), file_seen("2")
    deliver(sender.next(seen))
    release_held(computer, by=None, reason="迟到")
    receipt = deliver(missing).decision
    assert (receipt.answer, receipt.reason, receipt.expected_sequence) == (Answer.REFUSED, "sequence-reused", 3)


def test_what_could_not_be_read_is_tried_again_once_the_reason_is_gone(
    deliver: Deliver, sender: Any, file_seen: Seen, computer: Computer
) -> None:
    deliver(sender.next(file_seen()), work=False)
    SpoolEntry.objects.update(state=SpoolEntry.State.BAD, reason="cannot-open", message="wrong key")
    assert release_held(computer, by=None, reason="密钥已恢复") == 1
    drain()
    assert (Occurrence.objects.count(), SpoolEntry.objects.get().state) == (1, SpoolEntry.State.DONE)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.IT, Role.VIEWER])
def test_only_an_administrator_ends_a_gap(computer: Computer, person: Callable[..., User], role: Role) -> None:
    with pytest.raises(PermissionDenied):
        release_held(computer, by=person(role), reason="因为")


def test_a_gap_is_not_ended_without_a_reason(computer: Computer) -> None:
    with pytest.raises(ValueError, match="reason"):
        release_held(computer, by=None, reason="  ")
