"""Waivers: asked for, approved by somebody else, and over by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.ledger.models import Computer
from server.violations import waivers
from server.violations.models import Group, State, Waiver
from server.violations.transitions import TransitionError

pytestmark = pytest.mark.django_db(transaction=True)
People = Callable[..., User]


@pytest.fixture
def group(deliver: Any, sender: Any, file_seen: Any, organise: Any) -> Group:
    """A violation of a computer of the department 总部/办公室."""
    deliver(sender.next(file_seen()))
    Computer.objects.update(department=organise("总部/办公室"))
    return Group.objects.get()


def soon(days: int = 10) -> Any:
    return timezone.localdate() + timedelta(days=days)


def ask(group: Group, by: User, scope: str = "violation", days: int = 10) -> Waiver:
    return waivers.ask(group, scope=scope, reason="专项任务", expires_on=soon(days), by=by)


def test_asking_waives_nothing_and_approving_does(group: Group, person: People) -> None:
    it, officer = person(Role.IT), person(Role.OFFICER)
    waiver = ask(group, it)
    group.refresh_from_db()
    assert group.state == State.NEW
    waivers.decide(waiver, approve=True, by=officer)
    group.refresh_from_db()
    assert (group.state, group.waiver) == (State.WAIVED, waiver)
    assert [step.to_state for step in group.steps.all()] == [State.WAIVED]
    assert Entry.objects.get(action="waiver.approve").detail == {"violations": 1}


def test_nobody_decides_their_own(group: Group, person: People) -> None:
    officer = person(Role.OFFICER)
    waiver = ask(group, officer)
    for approve in (True, False):
        with pytest.raises(TransitionError, match=r"."):
            waivers.decide(waiver, approve=approve, by=officer, note="x")
    assert Waiver.objects.get().state == Waiver.State.ASKED


@pytest.mark.parametrize("role", [Role.IT, Role.DEPARTMENT, Role.AUDITOR, Role.VIEWER])
def test_only_who_may_approve_decides(group: Group, person: People, role: Role) -> None:
    waiver = ask(group, person(Role.OFFICER))
    with pytest.raises(PermissionDenied):
        waivers.decide(waiver, approve=True, by=person(role, department="总部"))


def test_an_officer_of_another_department_decides_nothing(group: Group, person: People) -> None:
    waiver = ask(group, person(Role.IT))
    with pytest.raises(PermissionDenied):
        waivers.decide(waiver, approve=True, by=person(Role.OFFICER, department="总部/财务处"))


@pytest.mark.parametrize("days", [-1, 367])
def test_a_waiver_ends_within_a_year(group: Group, person: People, days: int) -> None:
    with pytest.raises(TransitionError):
        ask(group, person(Role.IT), days=days)
    with pytest.raises(TransitionError):
        waivers.ask(group, scope="violation", reason=" ", expires_on=soon(), by=person(Role.OFFICER))


def test_when_its_last_day_is_over_the_violation_is_open_again(group: Group, person: People) -> None:
    waiver = ask(group, person(Role.IT), days=3)
    waivers.decide(waiver, approve=True, by=person(Role.OFFICER))
    assert waivers.expire(soon(3)) == 0  # the last day is part of it
    assert waivers.expire(soon(4)) == 1
    group.refresh_from_db()
    waiver.refresh_from_db()
    assert (group.state, group.waiver, waiver.state) == (State.NEW, None, Waiver.State.EXPIRED)
    assert group.due_on is not None
    assert group.opened_at == group.state_at
    assert waivers.expire(soon(4)) == 0


def test_ending_early_takes_a_reason(group: Group, person: People) -> None:
    officer = person(Role.OFFICER)
    waiver = ask(group, person(Role.IT))
    waivers.decide(waiver, approve=True, by=officer)
    with pytest.raises(TransitionError):
        waivers.end(waiver, by=officer, note=" ")
    waivers.end(waiver, by=officer, note="任务结束")
    group.refresh_from_db()
    assert group.state == State.NEW


def test_a_waiver_of_a_computer_covers_what_is_seen_there_later(
    group: Group, person: People, deliver: Any, sender: Any, file_seen: Any
) -> None:
    waivers.decide(ask(group, person(Role.IT), "computer"), approve=True, by=person(Role.OFFICER))
    deliver(sender.next(file_seen("another"), file_seen("third", control="NPC-01")))
    assert set(Group.objects.values_list("control", "state")) == {("MEDIA-05", "waived"), ("NPC-01", "new")}


def test_a_department_s_waiver_covers_the_department_and_all_below_and_nothing_beside(
    group: Group, person: People, organise: Any
) -> None:
    waiver = ask(group, person(Role.IT), "department")
    covered = waivers.covered(waiver)
    assert covered.count() == 1
    Computer.objects.update(department=organise("总部/办公室/一科"))
    assert covered.all().count() == 1
    Computer.objects.update(department=organise("总部/财务处"))
    assert covered.all().count() == 0


def test_sightings_go_on_being_stored_while_it_holds(
    group: Group, person: People, deliver: Any, sender: Any, file_seen: Any
) -> None:
    waivers.decide(ask(group, person(Role.IT)), approve=True, by=person(Role.OFFICER))
    deliver(sender.next(file_seen()))
    group.refresh_from_db()
    assert (group.state, group.occurrence_count) == (State.WAIVED, 2)


def test_a_waiver_is_asked_for_again_before_it_is_over_and_nothing_opens_in_between(
    group: Group, person: People
) -> None:
    it, officer = person(Role.IT), person(Role.OFFICER)
    first = ask(group, it, days=0)
    waivers.decide(first, approve=True, by=officer)
    waivers.expire()
    group.refresh_from_db()
    assert group.state == State.WAIVED  # its last day is a day of it
    second = ask(group, it, days=30)
    waivers.decide(second, approve=True, by=officer)
    assert waivers.expire(soon(1)) == 1
    group.refresh_from_db()
    assert (group.state, group.waiver) == (State.WAIVED, second)
    waivers.end(second, by=officer, note="任务结束")
    group.refresh_from_db()
    assert (group.state, group.waiver) == (State.NEW, None)


@pytest.mark.parametrize("scope", ["violation", "computer"])
def test_what_comes_back_under_a_waiver_in_force_is_waived(
    group: Group, person: People, deliver: Any, sender: Any, file_seen: Any, scope: str
) -> None:
    waiver = ask(group, person(Role.IT), scope)
    waivers.decide(waiver, approve=True, by=person(Role.OFFICER))
    closed_at = timezone.now() - timedelta(days=1)
    Group.objects.update(state=State.CLOSED, waiver=None, state_at=closed_at, verified_at=closed_at)
    deliver(sender.next(file_seen()))
    group.refresh_from_db()
    assert (group.state, group.waiver, group.occurrence_count) == (State.WAIVED, waiver, 2)
