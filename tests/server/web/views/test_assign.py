"""Giving a violation to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.violations import transitions
from server.violations.models import Group, State

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]


@pytest.fixture
def group(office: Any) -> Group:
    found: Group = office.file(office.computer())
    return found


def url(group: Group) -> str:
    return reverse("web:assign", args=[group.pk])


def test_an_assigned_violation_has_its_person_its_note_and_its_audit_row(
    person: People, seat: Seat, group: Group
) -> None:
    officer, it = person(), person(Role.IT)
    answer = seat(officer).post(url(group), {"person": it.pk, "note": "请核实来源"})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("web:violation", args=[group.pk])
    group.refresh_from_db()
    assert (group.state, group.assignee_id) == (State.ASSIGNED, it.pk)
    step = group.steps.get()
    assert (step.actor_id, step.assignee_id, step.note) == (officer.pk, it.pk, "请核实来源")
    assert Entry.objects.get(action="violation.assign").actor_id == officer.pk


def test_the_way_leads_back_to_the_list_it_came_from(person: People, seat: Seat, group: Group) -> None:
    officer = person()
    back = reverse("web:violations") + "?severity=critical"
    answer = seat(officer).post(url(group), {"person": officer.pk, "next": back})
    assert answer["Location"] == back


def test_only_people_who_can_work_on_it_are_offered(person: People, seat: Seat, group: Group) -> None:
    officer, viewer = person(), person(Role.VIEWER)
    gone = person(Role.IT, is_active=False)
    page = seat(officer).get(url(group)).content.decode()
    assert f'value="{officer.pk}" selected' in page
    assert f'<option value="{viewer.pk}"' not in page
    assert f'<option value="{gone.pk}"' not in page


@pytest.mark.parametrize("chosen", ["", "999999", "nonsense", "viewer"])
def test_a_person_who_is_not_in_the_list_is_refused(person: People, seat: Seat, group: Group, chosen: str) -> None:
    viewer = person(Role.VIEWER)
    answer = seat(person()).post(url(group), {"person": str(viewer.pk) if chosen == "viewer" else chosen})
    assert answer.status_code == 422
    assert "Please choose a person from the list." in answer.content.decode()
    group.refresh_from_db()
    assert group.state == State.NEW


def test_a_violation_that_was_dismissed_meanwhile_says_so(person: People, seat: Seat, group: Group) -> None:
    officer = person()
    transitions.mark_false_alarm(group, by=officer, reason="模板")
    answer = seat(officer).post(url(group), {"person": officer.pk, "note": "my long note"})
    assert answer.status_code == 422
    assert "False alarm" in answer.content.decode()
    assert "my long note" in answer.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_may_not_assign(person: People, seat: Seat, group: Group, method: str) -> None:
    viewer = person(Role.VIEWER)
    answer = getattr(seat(viewer), method)(url(group), {"person": viewer.pk})
    assert answer.status_code == 403
    group.refresh_from_db()
    assert group.state == State.NEW


def test_a_form_on_another_site_assigns_nothing(person: People, group: Group) -> None:
    officer = person()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(officer)
    assert strict.post(url(group), {"person": officer.pk}).status_code == 403
    group.refresh_from_db()
    assert group.state == State.NEW
