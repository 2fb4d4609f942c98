"""SQLite knows how its indexes narrow, so that no list is sorted whole for one page."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from server.ledger.models import Computer
from server.violations import statistics
from server.violations.models import Group, State
from server.web.filters import ViolationFilter

pytestmark = pytest.mark.django_db


def many(count: int, since: int = 0) -> None:
    now = timezone.now()
    computer, _ = Computer.objects.get_or_create(name="pc", defaults={"id": uuid.uuid4(), "computer_class": "internal"})
    Group.objects.bulk_create(
        Group(
            fingerprint=f"{number:064x}", control="NPC-01", severity="high", severity_rank=1, state=State.NEW,
            state_at=now, computer=computer, first_seen_at=now, opened_at=now,
            last_seen_at=now - timedelta(seconds=number), occurrence_count=1 + number % 7, updated_at=now,
        )
        for number in range(since, count)
    )  # fmt: skip


def plan() -> str:
    """How SQLite goes about the open violations, those seen last first."""
    rows = ViolationFilter(sort="last").in_tab(Group.objects.all())[:51]
    return str(rows.explain())


def test_once_counted_no_page_of_the_list_sorts_all_open_violations(sqlite_only: None) -> None:
    many(1500)
    assert statistics.renew()
    assert "group_last" in plan()


def test_it_is_counted_again_only_when_there_are_twice_as_many(sqlite_only: None) -> None:
    many(1100)
    assert statistics.renew()
    assert not statistics.renew()
    many(2300, since=1100)
    assert statistics.renew()


def test_an_index_made_since_has_it_counted_again(sqlite_only: None) -> None:
    many(1100)
    statistics.renew()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_stat1 WHERE idx = 'group_last'")
    assert statistics.renew()


def test_a_few_rows_are_not_counted() -> None:
    many(20)
    assert not statistics.renew()


@pytest.fixture
def sqlite_only() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL sees to its statistics by itself")
