"""Making, renaming and moving departments: the tree stays a tree, and each change is in the audit log."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from server import audit
from server.accounts.models import Department, Right, User
from server.accounts.scope import covers

MAX_DEPTH = 20
"""Levels of the tree."""


class DepartmentError(ValueError):
    """A department that cannot be made or moved so; ``str()`` says why."""


def add(name: str, *, parent: Department | None = None, by: User | None) -> Department:
    """A new department. ``by`` is None for an import whose rights were checked before and for the command line."""
    _check_right(by, parent)
    with transaction.atomic():
        lock_tree()
        parent = None if parent is None else Department.objects.get(pk=parent.pk)
        name = _checked_name(name, parent, None)
        made = Department.objects.create(name=name, parent=parent, path="")
        made.path = f"{'' if parent is None else parent.path}{made.pk:08d}."
        _check_depth(made.path)
        made.save(update_fields=("path",))
        audit.record("department.add", actor=by, obj=made, name=name, parent=None if parent is None else parent.pk)
    return made


def change(department: Department, *, name: str, parent: Department | None, by: User) -> Department:
    """Rename a department, or hang it, with all below it, under another one."""
    _check_right(by, parent)
    if not covers(by, department.pk):
        raise PermissionDenied
    with transaction.atomic():
        lock_tree()
        # As they stand by now: somebody else may have moved either of them since they were read.
        stored = Department.objects.get(pk=department.pk)
        parent = None if parent is None else Department.objects.get(pk=parent.pk)
        if parent is not None and parent.path.startswith(stored.path):
            raise DepartmentError(_("A department cannot hang below itself."))
        name = _checked_name(name, parent, stored)
        before, old_path = {"name": stored.name, "parent": stored.parent_id}, stored.path
        stored.name, stored.parent = name, parent
        stored.path = f"{'' if parent is None else parent.path}{stored.pk:08d}."
        _check_depth(stored.path)
        stored.save(update_fields=("name", "parent", "path"))
        for below in Department.objects.filter(path__startswith=old_path).exclude(pk=stored.pk):
            below.path = stored.path + below.path.removeprefix(old_path)
            _check_depth(below.path)
            below.save(update_fields=("path",))
        after = {"name": stored.name, "parent": stored.parent_id}
        changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        audit.record("department.change", actor=by, obj=stored, changes=changes)
    return stored


def lock_tree() -> None:
    """Keep others from changing the tree until the transaction ends: a path is told of several rows at once."""
    list(Department.objects.select_for_update().order_by("pk").values_list("pk", flat=True))


def _check_right(by: User | None, parent: Department | None) -> None:
    if by is None:
        return
    if not (by.may(Right.LEDGER) or by.may(Right.ADMINISTER)):
        raise PermissionDenied
    if not covers(by, None if parent is None else parent.pk):
        raise PermissionDenied


def _checked_name(name: str, parent: Department | None, same: Department | None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise DepartmentError(_("A department needs a name of at most 100 characters."))
    taken = Department.objects.filter(parent=parent, name=name)
    if same is not None:
        taken = taken.exclude(pk=same.pk)
    if taken.exists():
        raise DepartmentError(_("There is a department of this name at this place already."))
    return name


def _check_depth(path: str) -> None:
    if path.count(".") > MAX_DEPTH:
        raise DepartmentError(_("The tree of departments is too deep."))
