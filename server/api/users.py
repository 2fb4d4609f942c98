"""``/users`` and ``/keys``: the accounts, for administrators, and the keys of programs."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from server.accounts import api_keys, people, second_factor
from server.accounts.models import ApiKey, Department, Right, Role, User
from server.accounts.scope import departments_of
from server.api.auth import ADMIN, READ, person_of, require
from server.api.bodies import nothing
from server.api.fields import Moment, Short, Span, one, part_of

router = Router(tags=["users"])


class UserTold(Schema):
    """One account."""

    id: int
    username: str
    name: str
    role: str
    department: int | None
    active: bool
    until: datetime | None
    last_sign_in: datetime | None


class Users(Schema):
    """One part of the accounts."""

    users: list[UserTold]
    next: str | None


class UserWanted(Schema):
    """An account as it is to be."""

    role: Role
    name: Short = Field("", max_length=150)
    department: int | None = Field(None, ge=1, lt=2**31)
    until: Moment | None = Field(None, description="When it ends; an inspector’s must")


class UserNew(UserWanted):
    """A new account."""

    username: Short
    password: str = Field(max_length=1024)


class UserChange(UserWanted):
    """An account as it is to be from now on."""

    active: bool = True


class KeyTold(Schema):
    """One key of a program; never its text."""

    id: int
    user: str
    scopes: list[str]
    note: str
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None
    uses: int


class Keys(Schema):
    """One part of the keys."""

    keys: list[KeyTold]
    next: str | None


def _told(row: User) -> dict[str, object]:
    return {
        "id": row.pk,
        "username": row.username,
        "name": row.display_name,
        "role": row.role,
        "department": row.department_id,
        "active": row.is_active,
        "until": row.valid_until,
        "last_sign_in": row.last_login,
    }


def _department(user: User, pk: int | None) -> Department | None:
    return None if pk is None else one(departments_of(user), pk)


@router.get("/users", response=Users, auth=READ, url_name="users")
def list_users(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The accounts, for administrators."""
    require(request, Right.ADMINISTER, whole_house=True)
    found, mark = part_of(User.objects.all(), wanted)
    return {"users": [_told(row) for row in found], "next": mark}


@router.post("/users", response={201: UserTold}, auth=ADMIN, url_name="user-new")
def make_user(request: HttpRequest, sent: UserNew) -> Status[dict[str, object]]:
    """Make an account."""
    by = require(request, Right.ADMINISTER, whole_house=True)
    made = people.create(
        sent.username,
        password=sent.password,
        role=sent.role.value,
        department=_department(by, sent.department),
        valid_until=sent.until,
        full_name=sent.name,
        by=by,
    )
    return Status(201, _told(made))


@router.put("/users/{pk}", response=UserTold, auth=ADMIN, url_name="user-edit")
def change_user(request: HttpRequest, pk: int, sent: UserChange) -> dict[str, object]:
    """Change an account: a changed role ends its sessions. Passwords are set on the page alone."""
    by = require(request, Right.ADMINISTER, whole_house=True)
    changed = people.change(
        one(User.objects.select_related("department"), pk),
        role=sent.role.value,
        department=_department(by, sent.department),
        valid_until=sent.until,
        is_active=sent.active,
        full_name=sent.name,
        by=by,
    )
    return _told(changed)


@router.post("/users/{pk}/second-factor", response={204: None}, auth=ADMIN, url_name="user-factor-reset")
def reset_factors(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factors of somebody who has lost them away."""
    by = require(request, Right.ADMINISTER, whole_house=True)
    second_factor.reset(one(User.objects.select_related("department"), pk), by=by)
    return nothing()


@router.get("/keys", response=Keys, auth=READ, url_name="keys")
def list_keys(request: HttpRequest, wanted: Query[Span]) -> dict[str, object]:
    """The own keys; for administrators of the whole house, all."""
    found, mark = part_of(api_keys.keys_of(person_of(request)), wanted)
    return {"keys": [_key(row) for row in found], "next": mark}


@router.post("/keys/{pk}/revoke", response=KeyTold, auth=ADMIN, url_name="key-revoke")
def revoke_key(request: HttpRequest, pk: int) -> dict[str, object]:
    """Let a key open nothing from now on."""
    by = person_of(request)
    return _key(api_keys.revoke(one(api_keys.keys_of(by), pk), by=by))


def _key(row: ApiKey) -> dict[str, object]:
    return {
        "id": row.pk,
        "user": row.user.username,
        "scopes": row.scopes.split(),
        "note": row.note,
        "expires": row.expires_at,
        "revoked": row.revoked_at,
        "last_used": row.last_used_at,
        "uses": row.uses,
    }
