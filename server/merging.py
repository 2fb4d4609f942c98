"""Merging a department into another one, and removing one that was made by mistake (a reorganised house, LEDGER-05).

What lives moves: people, computers, media, departments below, incidents that are not closed, waivers of single
violations. What is history stays as it was told: a department that closed rounds, reports or ended waivers name is not
deleted but hangs, empty, below the one it was merged into.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from server import audit
from server.accounts import departments
from server.accounts.departments import DepartmentError
from server.accounts.models import Department, Right, User
from server.accounts.scope import covers
from server.campaigns.models import Campaign
from server.incidents.models import ACTIVE, Incident
from server.ledger.models import Computer, Medium, Person
from server.rules.models import RulesRelease
from server.violations.models import Waiver

_WAITING = (Waiver.State.ASKED, Waiver.State.APPROVED)


def merge(department: Department, *, into: Department, by: User) -> dict[str, int]:
    """Move everything that lives into another department; how many people, computers and media that was.

    Raises `DepartmentError` where somebody has to decide something first, `PermissionDenied`.
    """
    _check_right(department, by)
    if not covers(by, into.pk):
        raise PermissionDenied
    with transaction.atomic():
        departments.lock_tree()
        old, new = Department.objects.get(pk=department.pk), Department.objects.get(pk=into.pk)
        if new.path.startswith(old.path):
            raise DepartmentError(_("Choose another department, which does not hang below this one."))
        _check_ready(old)
        counts = {
            "people": Person.objects.filter(department=old).update(department=new),
            "computers": Computer.objects.filter(department=old).update(department=new),
            "media": Medium.objects.filter(department=old).update(department=new),
        }
        Incident.objects.filter(department=old, state__in=ACTIVE).update(department=new)
        Waiver.objects.filter(department=old, state__in=_WAITING).update(department=new)
        for below in Department.objects.filter(parent=old):
            departments.change(below, name=below.name, parent=new, by=by)
        audit.record("department.merge", actor=by, obj=old, name=old.name, parent=new.pk, **counts)
        if not _deleted(old):
            departments.change(old, name=old.name, parent=new, by=by)
    return counts


def remove(department: Department, *, by: User) -> None:
    """Delete a department to which nothing belongs or ever belonged. Raises `DepartmentError`, `PermissionDenied`."""
    _check_right(department, by)
    with transaction.atomic():
        departments.lock_tree()
        old = Department.objects.get(pk=department.pk)
        audit.record("department.remove", actor=by, obj=old, name=old.name, parent=old.parent_id)
        if not _deleted(old):
            raise DepartmentError(_("Something belongs to it, or did: merge it into another department."))


def _deleted(department: Department) -> bool:
    # A release that names no department any more would be one for the whole house.
    named = (Campaign.objects.filter(departments=department), RulesRelease.objects.filter(departments=department))
    if any(rows.exists() for rows in named):
        return False
    try:
        with transaction.atomic():
            department.delete()
    except ProtectedError:
        return False
    return True


def _check_ready(old: Department) -> None:
    """Raises `DepartmentError` for what would change unseen: who sees what, what is approved, who takes part."""
    if accounts := list(User.objects.filter(department=old).values_list("username", flat=True)[:5]):
        raise DepartmentError(
            _("Accounts belong to it and would see more: change them first (%(names)s).")
            % {"names": _(", ").join(accounts)}
        )
    if Waiver.objects.filter(department=old, state__in=_WAITING, scope=Waiver.Scope.DEPARTMENT).exists():
        raise DepartmentError(_("A waiver of the whole department would cover more: end it or decide it first."))
    if Campaign.objects.filter(departments=old, closed_at=None).exists():
        raise DepartmentError(_("It takes part in a self-check round by name: close the round or change it first."))


def _check_right(department: Department, by: User) -> None:
    """The top of one's own scope is for those above."""
    may = by.may(Right.LEDGER) or by.may(Right.ADMINISTER)
    if not may or not covers(by, department.pk) or (not by.sees_everything and department.pk == by.department_id):
        raise PermissionDenied
