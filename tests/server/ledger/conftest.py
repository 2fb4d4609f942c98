"""Fixtures for the ledgers: entries as people type them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.accounts.models import Role, User
from server.ledger.actions import save
from server.ledger.kinds import LEDGERS, Entry

TYPED: dict[str, dict[str, str]] = {
    "computers": {"number": "BG-001", "name": "pc-1", "computer_class": "internal", "status": "in-use"},
    "media": {"number": "U-001", "kind": "U盘", "medium_class": "internal", "status": "in-use"},
    "people": {"number": "1001", "name": "张三", "clearance": "none"},
}


@pytest.fixture
def officer(person: Callable[..., User]) -> User:
    """A secrecy officer of the whole house."""
    return person(Role.OFFICER, username="ledger-officer")


@pytest.fixture
def typed(officer: User) -> Callable[..., Any]:
    """Enters something: ``typed("media", number="U-2")``."""

    def enter_it(ledger: str, by: User | None = None, **more: str) -> Entry:
        return save(LEDGERS[ledger], None, TYPED[ledger] | more, by=by or officer)[0]

    return enter_it
