"""``mijian-server secondfactor``: the way back for who has lost everything."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.accounts import second_factor as factors
from server.accounts.models import Factor, Role, User
from server.audit.models import Entry
from server.commands import secondfactor
from server.commands.base import CommandError

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], collector_home: Path) -> Any:
    """Runs a subcommand in the home and the database of the tests; what it prints as JSON."""
    monkeypatch.setattr(secondfactor, "open_home", lambda _options: collector_home)

    def run(kind: Callable[[argparse.Namespace], int], **more: str) -> Any:
        assert kind(argparse.Namespace(format="json", **more)) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def alice(person: Callable[..., User]) -> User:
    """Somebody with a security key."""
    user = person(Role.ADMIN, "alice")
    factors.add(user, kind=Factor.Kind.PASSKEY, name="key", secret=b"x", counter=0)
    factors.renew_codes(user)
    return user


def test_a_lost_factor_is_taken_away_with_the_recovery_codes_and_the_sessions(told: Any, alice: User) -> None:
    before = alice.get_session_auth_hash()
    assert told(secondfactor.run_reset, name="alice") == {"user": "alice", "removed": 1}
    alice.refresh_from_db()
    assert not alice.factors.exists()
    assert not alice.recovery_codes.exists()
    assert alice.get_session_auth_hash() != before
    assert Entry.objects.get(action="factor.reset").actor is None


def test_the_list_says_who_has_one_and_who_needs_one(
    told: Any, alice: User, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_SECOND_FACTOR = ("admin", "officer")
    person(Role.OFFICER, "bob")
    assert told(secondfactor.run_list)["users"] == [
        {"user": "alice", "role": "admin", "factors": ["passkey"], "demanded": True},
        {"user": "bob", "role": "officer", "factors": [], "demanded": True},
    ]


def test_an_account_that_does_not_exist_is_told(told: Any) -> None:
    with pytest.raises(CommandError, match="no account nobody"):
        secondfactor.run_reset(argparse.Namespace(format="json", name="nobody"))
