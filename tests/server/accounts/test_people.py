"""Making and changing accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts import people
from server.accounts.models import Role, User
from server.audit.models import Entry

pytestmark = pytest.mark.django_db
People = Callable[..., User]
PASSWORD = "对马海峡-correct-horse"


def told(user: User, **more: Any) -> dict[str, Any]:
    fields = {
        "role": user.role,
        "department": user.department,
        "valid_until": user.valid_until,
        "is_active": user.is_active,
        "full_name": user.last_name,
    }
    return fields | more


def test_an_account_is_made_with_its_scope_and_an_audit_row(person: People, organise: Any) -> None:
    admin = person(Role.ADMIN)
    made = people.create("zhou", password=PASSWORD, role="department", department=organise("总部"), by=admin)
    assert made.check_password(PASSWORD)
    assert Entry.objects.get(action="user.create").detail["role"] == "department"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": "admin"}, "username"),
        ({"role": "emperor"}, "role"),
        ({"role": "department"}, "department"),
        ({"role": "inspector"}, "valid_until"),
        ({"role": "inspector", "valid_until": timezone.now() - timedelta(days=1)}, "valid_until"),
        ({"password": "123"}, "password"),
    ],
)
def test_what_makes_no_account_is_told_by_field(person: People, values: dict[str, Any], field: str) -> None:
    admin = person(Role.ADMIN)
    with pytest.raises(people.AccountMistakes) as caught:
        people.create(**({"username": "zhou", "password": PASSWORD, "role": "viewer", "by": admin} | values))
    assert set(caught.value.by_field) == {field}


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
def test_only_administrators_make_accounts(person: People, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        people.create("zhou", password=PASSWORD, role="viewer", by=person(role))


def test_nobody_changes_their_own_role(person: People) -> None:
    admin = person(Role.ADMIN)
    with pytest.raises(people.AccountMistakes):
        people.change(admin, by=admin, **told(admin, role="officer"))
    assert people.change(admin, by=admin, **told(admin, full_name="李伟")).last_name == "李伟"


def test_a_change_is_logged_without_the_password(person: People) -> None:
    admin, other = person(Role.ADMIN), person(Role.VIEWER)
    people.change(other, by=admin, password=PASSWORD + "2", **told(other, role="it"))
    detail = Entry.objects.get(action="user.change").detail
    assert detail["changes"] == {"role": ["viewer", "it"], "password": ["", "changed"]}
