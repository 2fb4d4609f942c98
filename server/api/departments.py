"""``/departments``: the tree, and changing it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from server import merging
from server.accounts import departments as acts
from server.accounts.models import Department, User
from server.accounts.scope import departments_of
from server.api.auth import LEDGER, READ, person_of
from server.api.bodies import nothing
from server.api.fields import Short, Span, one, part_of
from server.api.problems import Problem

router = Router(tags=["departments"])


class DepartmentTold(Schema):
    """One department."""

    id: int
    name: str
    parent: int | None


class Departments(Schema):
    """One part of the departments."""

    departments: list[DepartmentTold]
    next: str | None


class DepartmentWanted(Schema):
    """A department as it is to be."""

    name: Short
    parent: int | None = Field(None, ge=1, lt=2**62, description="The one above; none for the top of the tree")


class Into(Schema):
    """Where a department goes."""

    into: int = Field(ge=1, lt=2**62, description="The department that takes over what belongs to it")


class Merged(Schema):
    """What moved."""

    people: int
    computers: int
    media: int


def _told(row: Department) -> dict[str, object]:
    return {"id": row.pk, "name": row.name, "parent": row.parent_id}


def _above(user: User, pk: int | None) -> Department | None:
    return None if pk is None else one(departments_of(user), pk)


@router.get("", response=Departments, auth=READ, url_name="departments")
def list_departments(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """Departments by id."""
    found, mark = part_of(departments_of(person_of(request)), wanted)
    return {"departments": [_told(row) for row in found], "next": mark}


@router.post("", response={201: DepartmentTold}, auth=LEDGER, url_name="department-add")
def add(request: HttpRequest, sent: DepartmentWanted) -> Status[dict[str, object]]:
    """Make a department."""
    user = person_of(request)
    return Status(201, _told(acts.add(sent.name, parent=_above(user, sent.parent), by=user)))


@router.put("/{pk}", response=DepartmentTold, auth=LEDGER, url_name="department-change")
def change(request: HttpRequest, pk: int, sent: DepartmentWanted) -> dict[str, object]:
    """Rename a department, or hang it, with all below it, under another one."""
    user = person_of(request)
    row = one(departments_of(user), pk)
    if not user.sees_everything and row.pk == user.department_id:
        raise Problem(403, "forbidden", "the top of one's own scope is for those above")
    return _told(acts.change(row, name=sent.name, parent=_above(user, sent.parent), by=user))


@router.post("/{pk}/merge", response=Merged, auth=LEDGER, url_name="department-merge")
def merge(request: HttpRequest, pk: int, sent: Into) -> dict[str, int]:
    """Move people, computers, media, departments below and open incidents into another department."""
    user = person_of(request)
    return merging.merge(one(departments_of(user), pk), into=one(departments_of(user), sent.into), by=user)


@router.delete("/{pk}", response={204: None}, auth=LEDGER, url_name="department-remove")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a department to which nothing belongs or ever belonged."""
    user = person_of(request)
    merging.remove(one(departments_of(user), pk), by=user)
    return nothing()
