"""Rights, separation of duties, ends of accounts and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts import api_keys
from server.accounts.models import Right, Role, User
from server.accounts.rights import RIGHTS, SEPARATED, rights_of

pytestmark = pytest.mark.django_db
People = Callable[..., User]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.VIEWER])
def test_who_only_reads_has_no_right_that_changes_anything(role: Role) -> None:
    assert RIGHTS[role] <= {Right.AUDIT, Right.OPERATE, Right.REPORTS}


def test_separated_duties_share_nothing(settings: Any, person: People) -> None:
    settings.MIJIAN_SEPARATION = True
    admin, officer, auditor = (person(role) for role in (Role.ADMIN, Role.OFFICER, Role.AUDITOR))
    held = [SEPARATED[role] for role in (Role.ADMIN, Role.OFFICER, Role.AUDITOR)]
    assert not held[0] & held[1]
    assert not held[0] & held[2]
    assert not held[1] & held[2]
    assert (admin.may_reveal, admin.may_triage, admin.may_administer) == (False, False, True)
    assert (officer.may(Right.AUDIT), officer.may_reveal) == (False, True)
    assert (auditor.may(Right.AUDIT), auditor.may(Right.OPERATE)) == (True, False)


def test_a_role_nobody_knows_has_no_right() -> None:
    assert rights_of("emperor") == frozenset()


@pytest.mark.parametrize(
    "change",
    [
        {"role": Role.VIEWER},
        {"is_active": False},
        {"valid_until": timezone.now() - timedelta(seconds=1)},
        {"valid_until": timezone.now() + timedelta(days=1)},
    ],
)
def test_a_session_ends_when_role_or_end_of_the_account_changes(
    client: Client, person: People, change: dict[str, Any]
) -> None:
    user = person(Role.OFFICER)
    client.force_login(user)
    assert client.get(reverse("web:start")).status_code == 200
    User.objects.filter(pk=user.pk).update(**change)
    assert client.get(reverse("web:start")).status_code == 302


def test_a_session_ends_when_the_scope_changes(client: Client, person: People, organise: Any) -> None:
    user = person(Role.OFFICER)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(department=organise("总部"))
    assert client.get(reverse("web:start")).status_code == 302


def test_another_language_ends_no_session(client: Client, person: People) -> None:
    user = person(Role.OFFICER)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(language="en")
    assert client.get(reverse("web:start")).status_code == 200


def test_an_inspector_s_key_ends_with_the_account(person: People) -> None:
    inspector = person(Role.INSPECTOR)
    key, text = api_keys.mint(inspector)
    assert api_keys.shown(f"Bearer {text}") == key
    User.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    assert api_keys.shown(f"Bearer {text}") is None
