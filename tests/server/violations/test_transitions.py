"""What people may do about a violation, in which state, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.ledger.models import Computer
from server.violations import transitions
from server.violations.models import Group, State, Step
from server.violations.transitions import TransitionError

Person = Callable[..., User]


@pytest.fixture
def group(computer: Computer) -> Group:
    """A new violation."""
    now = timezone.now()
    return Group.objects.create(
        fingerprint="12" * 32,
        control="MEDIA-05",
        severity="critical",
        severity_rank=0,
        computer=computer,
        state_at=now,
        first_seen_at=now,
        opened_at=now,
        last_seen_at=now,
        updated_at=now,
        occurrence_count=1,
    )


def test_assigning_names_the_person_and_is_written_down(group: Group, person: Person) -> None:
    officer, it = person(Role.OFFICER), person(Role.IT)
    told = transitions.assign(group, to=it, by=officer, note="请今天处理")
    assert (told.state, told.assignee) == (State.ASSIGNED, it)
    step = Step.objects.get()
    assert (step.actor, step.from_state, step.to_state, step.assignee, step.note) == (
        officer,
        State.NEW,
        State.ASSIGNED,
        it,
        "请今天处理",
    )
    entry = Entry.objects.get()
    assert (entry.action, entry.actor, entry.object_id) == ("violation.assign", officer, str(group.pk))
    assert entry.detail == {"from_state": "new", "to_state": "assigned", "assignee": "it"}


def test_a_false_alarm_needs_a_reason(group: Group, person: Person) -> None:
    officer = person(Role.OFFICER)
    with pytest.raises(TransitionError) as error:
        transitions.mark_false_alarm(group, by=officer, reason=" \n ")
    assert error.value.reason == "note-required"
    assert transitions.mark_false_alarm(group, by=officer, reason="培训用的样本").state == State.FALSE_ALARM


def test_a_viewer_changes_nothing(group: Group, person: Person) -> None:
    viewer, officer = person(Role.VIEWER), person(Role.OFFICER)
    for act in (
        lambda: transitions.assign(group, to=officer, by=viewer),
        lambda: transitions.mark_false_alarm(group, by=viewer, reason="x"),
        lambda: transitions.mark_rectified(group, by=viewer, note="x"),
        lambda: transitions.reopen(group, by=viewer, reason="x"),
        lambda: transitions.comment(group, by=viewer, note="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    group.refresh_from_db()
    assert group.state == State.NEW
    assert not Step.objects.exists() and not Entry.objects.exists()


def test_an_officer_of_another_department_changes_nothing(group: Group, person: Person) -> None:
    stranger, officer = person(Role.DEPARTMENT, department="总部/财务处"), person(Role.OFFICER)
    for act in (
        lambda: transitions.assign(group, to=officer, by=stranger),
        lambda: transitions.mark_false_alarm(group, by=stranger, reason="x"),
        lambda: transitions.mark_rectified(group, by=stranger, note="x"),
        lambda: transitions.reopen(group, by=stranger, reason="x"),
        lambda: transitions.close(group, by=stranger, note="x"),
        lambda: transitions.comment(group, by=stranger, note="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert Group.objects.get().state == State.NEW


def test_an_account_that_was_switched_off_changes_nothing(group: Group, person: Person) -> None:
    officer = person(Role.OFFICER, is_active=False)
    with pytest.raises(PermissionDenied):
        transitions.mark_false_alarm(group, by=officer, reason="x")


def test_nothing_is_assigned_to_somebody_who_cannot_work_on_it(group: Group, person: Person) -> None:
    with pytest.raises(TransitionError) as error:
        transitions.assign(group, to=person(Role.VIEWER), by=person(Role.OFFICER))
    assert error.value.reason == "assignee"


@pytest.mark.parametrize("state", [State.VERIFIED, State.CLOSED, State.FALSE_ALARM, State.WAIVED])
def test_what_is_settled_is_not_assigned_or_dismissed_without_being_reopened(
    group: Group, person: Person, state: State
) -> None:
    officer = person(Role.OFFICER)
    Group.objects.update(state=state)
    for act in (
        lambda: transitions.assign(group, to=officer, by=officer),
        lambda: transitions.mark_false_alarm(group, by=officer, reason="x"),
        lambda: transitions.mark_rectified(group, by=officer, note="x"),
    ):
        with pytest.raises(TransitionError) as error:
            act()
        assert error.value.reason == "wrong-state"


def test_the_stored_state_counts_and_not_the_one_on_an_old_page(group: Group, person: Person) -> None:
    officer = person(Role.OFFICER)
    stale = Group.objects.get()
    transitions.mark_false_alarm(group, by=officer, reason="样本")
    with pytest.raises(TransitionError):
        transitions.assign(stale, to=officer, by=officer)


def test_reopening_makes_it_new_and_nobodys(group: Group, person: Person) -> None:
    officer = person(Role.OFFICER)
    transitions.assign(group, to=officer, by=officer)
    transitions.mark_false_alarm(group, by=officer, reason="样本")
    assert Group.objects.get().opened_at == group.opened_at
    told = transitions.reopen(group, by=officer, reason="不是样本")
    assert (told.state, told.assignee, told.opened_at) == (State.NEW, None, told.state_at)
    assert list(Step.objects.values_list("to_state", flat=True)) == ["assigned", "false_alarm", "new"]


def test_people_call_it_rectified_and_cannot_verify_it_themselves(group: Group, person: Person) -> None:
    officer = person(Role.OFFICER)
    told = transitions.mark_rectified(group, by=officer, note="已销毁")
    assert told.state == State.RECTIFIED
    with pytest.raises(TransitionError):
        transitions.close(group, by=officer)
    Group.objects.update(state=State.VERIFIED)
    assert transitions.close(group, by=officer).state == State.CLOSED


def test_a_new_assignee_keeps_the_time_of_the_state(group: Group, person: Person) -> None:
    officer, it = person(Role.OFFICER), person(Role.IT)
    first = transitions.assign(group, to=officer, by=officer)
    second = transitions.assign(group, to=it, by=officer)
    assert (second.assignee, second.state_at) == (it, first.state_at)


def test_a_comment_changes_no_state(group: Group, person: Person) -> None:
    step = transitions.comment(group, by=person(Role.IT), note="已联系使用人")
    assert (step.from_state, step.to_state) == (State.NEW, State.NEW)
    group.refresh_from_db()
    assert group.state == State.NEW


def test_a_note_without_end_is_refused(group: Group, person: Person) -> None:
    with pytest.raises(TransitionError) as error:
        transitions.comment(group, by=person(Role.IT), note="长" * 2001)
    assert error.value.reason == "note-too-long"


def test_what_somebody_else_was_given_meanwhile_is_not_taken_away_unseen(group: Group, person: Person) -> None:
    a, b = person(Role.OFFICER), person(Role.IT)
    transitions.assign(group, to=a, by=a, had="")
    with pytest.raises(TransitionError, match=a.display_name) as taken:
        transitions.assign(group, to=b, by=b, had="")
    assert taken.value.reason == "taken"
    assert Group.objects.get().assignee == a
    assert transitions.assign(group, to=b, by=b, had=str(a.pk)).assignee == b


def test_a_due_date_lies_ahead(group: Group, person: Person) -> None:
    a, today = person(Role.OFFICER), timezone.localdate()
    with pytest.raises(TransitionError):
        transitions.assign(group, to=a, by=a, due=today - timedelta(days=1))
    assert transitions.assign(group, to=a, by=a, due=today).due_on == today


@pytest.mark.parametrize("status", ["lost", "destroyed"])
def test_what_no_scan_can_reach_any_more_is_closed_for_a_reason(group: Group, person: Person, status: str) -> None:
    officer = person(Role.OFFICER)
    transitions.mark_rectified(group, by=officer, note="硬盘已销毁")
    Computer.objects.update(status=status)
    gone = Group.objects.select_related("computer").get()
    with pytest.raises(TransitionError):
        transitions.close(gone, by=officer, note=" ")
    assert transitions.close(gone, by=officer, note="销毁证明 2026-17").state == State.CLOSED
    assert Group.objects.get().verified_at is None


def test_what_is_not_rectified_is_not_closed_by_the_end_of_its_computer(group: Group, person: Person) -> None:
    Computer.objects.update(status="destroyed")
    with pytest.raises(TransitionError):
        transitions.close(Group.objects.get(), by=person(Role.OFFICER), note="x")
