"""The health page: numbers, and nothing that must stay inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from server.intake.models import SpoolEntry
from server.intake.sql import connection_of


def test_it_tells_what_waits_and_what_is_held(
    client: Client, deliver: Callable[..., Any], sender: Any, file_seen: Callable[..., Any]
) -> None:
    deliver(sender.next(file_seen()), work=False)
    deliver(sender.build(file_seen(), sequence=9), work=False)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "spool_waiting": 1, "spool_held": 1, "spool_bad": 0}


def test_it_says_so_when_the_database_does_not_answer(client: Client) -> None:
    with connection_of(SpoolEntry).cursor() as cursor:
        cursor.execute("ALTER TABLE intake_spoolentry RENAME TO elsewhere")
    try:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"ok": False})
    finally:
        with connection_of(SpoolEntry).cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO intake_spoolentry")


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    headers = client.get("/healthz").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert headers["Referrer-Policy"] == "same-origin"
