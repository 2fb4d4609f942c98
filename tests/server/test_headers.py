"""Security headers stand on every answer, errors and static files included."""

from __future__ import annotations

import pytest
from django.test import Client

from server.headers import POLICY

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sign-in/", 200),
        ("GET", "/", 302),
        ("GET", "/nowhere/", 404),
        ("GET", "/static/web/css/base.css", 200),
        ("GET", "/static/nowhere.css", 404),
        ("GET", "/static/%2e%2e/settings.py", 404),
        ("POST", "/sign-out/", 403),
        ("PUT", "/sign-in/", 403),
        ("GET", "/api/v1/envelopes", 405),
        ("GET", "/api/v1/violations", 401),
        ("POST", "/api/v1/enroll", 411),
        ("GET", "/healthz", 200),
    ],
)
def test_the_content_security_policy_stands_on_every_answer(method: str, path: str, status: int) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_forged_host_name_gets_the_policy_and_is_told_nowhere_in_the_answer() -> None:
    answer = Client().get("/sign-in/", headers={"host": "evil.example"})
    assert (answer.status_code, answer.headers["Content-Security-Policy"]) == (400, POLICY)
    assert b"evil.example" not in answer.content
