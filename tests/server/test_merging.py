"""A house that is reorganised: departments are merged and removed, and nothing is lost or seen by others on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.departments import DepartmentError
from server.accounts.models import Department, Role, User
from server.audit.models import Entry
from server.ledger.models import Computer, ComputerClass, Medium, Person
from server.merging import merge, remove
from server.reports.models import Report
from server.violations.models import Waiver

pytestmark = pytest.mark.django_db
People = Callable[..., User]


@pytest.fixture
def old(organise: Any) -> Department:
    """A department with a person, a computer, a medium and a section."""
    organise("总部/办公室/机要科")
    row: Department = organise("总部/办公室")
    who = Person.objects.create(name="张三", number="1", department=row)
    Computer.objects.create(name="pc", computer_class=ComputerClass.INTERNAL, department=row, person=who)
    Medium.objects.create(number="U-1", department=row)
    return row


def test_everything_that_lives_moves_and_the_empty_one_goes(old: Department, person: People, organise: Any) -> None:
    into = organise("总部/综合处")
    assert merge(old, into=into, by=person(Role.OFFICER)) == {"people": 1, "computers": 1, "media": 1}
    assert not Department.objects.filter(name="办公室").exists()
    for model in (Person, Computer, Medium):
        assert str(model._default_manager.get().department) == "综合处"
    section = Department.objects.get(name="机要科")
    assert section.path.startswith(into.path)
    assert Entry.objects.get(action="department.merge").detail["computers"] == 1


def test_what_history_names_goes_on_below_the_other(old: Department, person: People, organise: Any) -> None:
    officer, into = person(Role.OFFICER), organise("总部/综合处")
    today = timezone.localdate()
    told = {"kind": "inspection", "forms": "pdf", "since": today, "until": today, "requested_at": timezone.now()}
    Report.objects.create(year=2026, sequence=1, department=old, **told)
    merge(old, into=into, by=officer)
    kept = Department.objects.get(name="办公室")
    assert kept.parent == into
    assert Report.objects.get().department == kept
    with pytest.raises(DepartmentError):
        remove(kept, by=officer)


def test_nobody_sees_more_by_it_and_nothing_more_is_approved(old: Department, person: People, organise: Any) -> None:
    officer, into = person(Role.OFFICER), organise("总部/综合处")
    held = person(Role.DEPARTMENT, department="总部/办公室")
    with pytest.raises(DepartmentError, match=held.username):
        merge(old, into=into, by=officer)
    User.objects.filter(pk=held.pk).update(department=into)
    Waiver.objects.create(
        state=Waiver.State.APPROVED,
        scope=Waiver.Scope.DEPARTMENT,
        control="MEDIA-05",
        department=old,
        reason="x",
        expires_on=timezone.localdate() + timedelta(days=1),
        requested_by=officer,
        requested_at=timezone.now(),
    )
    with pytest.raises(DepartmentError):
        merge(old, into=into, by=officer)
    assert Computer.objects.get().department == old


def test_only_within_the_own_scope_and_never_its_top(old: Department, person: People, organise: Any) -> None:
    into = organise("分局")
    mine = person(Role.DEPARTMENT, department="总部")
    for one, other in ((old, into), (organise("总部"), old)):
        with pytest.raises(PermissionDenied):
            merge(one, into=other, by=mine)
    with pytest.raises(PermissionDenied):
        merge(old, into=organise("总部"), by=person(Role.AUDITOR))
    with pytest.raises(DepartmentError):
        merge(old, into=organise("总部/办公室/机要科"), by=mine)
