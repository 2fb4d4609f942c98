"""Fixtures for the API: a program with a key of a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from server.accounts import api_keys
from server.accounts.models import ApiScope, User
from server.intake.spool import spool


class Program:
    """Asks as a program does, with a key that holds all scopes or those that are named."""

    def __init__(self, user: User, scopes: tuple[str, ...] = tuple(ApiScope.values)) -> None:
        self.user = user
        self.key, self.text = api_keys.mint(user, scopes=scopes)
        self._client = Client(headers={"accept-language": "en"})

    def ask(self, method: str, path: str, sent: Any = None, status: int | None = None) -> Any:
        """The answer's JSON; ``status`` is what it must have."""
        raw = isinstance(sent, bytes)
        answer = self._client.generic(
            method,
            f"/api/v1{path}",
            sent if raw else b"" if sent is None else json.dumps(sent).encode(),
            content_type="application/octet-stream" if raw else "application/json",
            headers={"Authorization": f"Bearer {self.text}"},
        )
        if status is not None:
            assert answer.status_code == status, answer.content
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
        content = answer.getvalue()
        return (
            json.loads(content)
            if answer.headers["Content-Type"].startswith(("application/json", "application/problem")) and content
            else content
        )

    def get(self, path: str, status: int = 200) -> Any:
        return self.ask("GET", path, status=status)

    def post(self, path: str, sent: Any = None, status: int = 200) -> Any:
        return self.ask("POST", path, sent if sent is not None else {}, status=status)


@pytest.fixture(autouse=True)
def clean_slate(transactional_db: None) -> Iterator[None]:
    """Envelopes are stored by a thread of its own: it must see what a test has committed."""
    yield
    spool.stop()


@pytest.fixture
def program() -> Callable[..., Program]:
    """Makes a program: ``program(user, ("read",))``."""
    return Program
