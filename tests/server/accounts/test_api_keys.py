"""API keys: made for oneself, with an end and with scopes; revoked; never stored as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts import api_keys
from server.accounts.models import ApiKey, Role, User
from server.audit.models import Entry

People = Callable[..., User]


def test_only_the_hash_of_a_key_is_stored(person: People) -> None:
    key, text = api_keys.mint(person())
    assert text not in str(ApiKey.objects.values().get(pk=key.pk))
    shown = api_keys.shown(f"Bearer {text}")
    assert shown is not None
    assert (shown.pk, shown.scopes) == (key.pk, "read")


def test_nobody_makes_a_key_for_somebody_else_on_a_page(person: People) -> None:
    officer, admin = person(Role.OFFICER), person(Role.ADMIN)
    with pytest.raises(PermissionDenied):
        api_keys.mint(officer, by=admin)
    assert ApiKey.objects.count() == 0


def test_a_revoked_key_opens_nothing_and_the_audit_log_tells_who_did_it(person: People) -> None:
    admin, officer = person(Role.ADMIN), person(Role.OFFICER)
    key, text = api_keys.mint(officer)
    api_keys.revoke(key, by=admin)
    assert api_keys.shown(f"Bearer {text}") is None
    told = Entry.objects.get(action="api-key.revoke")
    assert (told.actor_id, told.detail) == (admin.pk, {"user": "officer"})


def test_an_officer_revokes_nobody_else_s_key(person: People) -> None:
    key, text = api_keys.mint(person(Role.ADMIN))
    with pytest.raises(PermissionDenied):
        api_keys.revoke(key, by=person(Role.OFFICER))
    assert api_keys.shown(f"Bearer {text}") is not None


def test_a_key_with_an_unknown_scope_or_a_past_end_is_not_made(person: People) -> None:
    user = person()
    for wrong in ({"scopes": ("everything",)}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        with pytest.raises(api_keys.KeyMistake):
            api_keys.mint(user, **wrong)  # type: ignore[arg-type]
    assert ApiKey.objects.count() == 0


def test_a_person_has_a_bounded_number_of_keys(person: People) -> None:
    user = person()
    made = [api_keys.mint(user, by=user)[0] for _number in range(api_keys.MOST)]
    with pytest.raises(api_keys.KeyMistake):
        api_keys.mint(user, by=user)
    api_keys.revoke(made[0], by=user)
    assert api_keys.mint(user, by=user)[1].startswith("mjk-")
