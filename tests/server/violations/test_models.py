"""Hashes of contents are found by an index of their first characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from server.ledger.models import Computer
from server.violations.models import Group, content_begins

pytestmark = pytest.mark.django_db
HASH = "0123456789abcdef" * 4


@pytest.fixture
def group(computer: Computer) -> Callable[..., Group]:
    """Make a violation of the computer."""
    now = timezone.now()

    def make(**fields: Any) -> Group:
        return Group.objects.create(
            fingerprint=f"{Group.objects.count():064x}",
            control="MEDIA-05",
            severity="high",
            severity_rank=1,
            computer=computer,
            state_at=now,
            first_seen_at=now,
            opened_at=now,
            last_seen_at=now,
            updated_at=now,
            **fields,
        )

    return make


@pytest.mark.parametrize("digits", [4, 11, 12, 13, 64])
def test_a_violation_is_found_by_the_first_digits_of_its_content_and_by_all(
    digits: int, group: Callable[..., Group]
) -> None:
    wanted = group(content_hash=HASH)
    group(content_hash=HASH[: digits - 1] + "0" * (65 - digits))
    group(content_hash="")
    assert list(Group.objects.filter(content_begins(HASH[:digits]))) == [wanted]


@pytest.mark.parametrize("digits", [4, 64])
def test_an_index_finds_it(digits: int) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("of a short table PostgreSQL reads the whole")
    assert "INDEX group_content" in Group.objects.filter(content_begins(HASH[:digits])).explain()
