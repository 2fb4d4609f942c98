"""The migrations tell the same as the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from server.commands.base import CommandError, migrate
from server.violations.models import Group


@pytest.mark.django_db
def test_no_change_of_a_model_lacks_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    assert "violations_group" in connection.introspection.table_names()


@pytest.mark.django_db
@pytest.mark.parametrize("alias", ["default", "spool"])
def test_a_database_of_a_version_unknown_here_is_refused_with_its_step_named(alias: str) -> None:
    if alias not in connections:
        alias = "default"  # PostgreSQL has one database for both
    migrate()  # nothing to do, and no complaint
    MigrationRecorder(connections[alias]).record_applied("intake", "0999_of_a_later_version")
    with pytest.raises(CommandError, match=r"intake\.0999_of_a_later_version.*--home"):
        migrate()


@pytest.mark.django_db
def test_every_commit_of_the_database_is_synced() -> None:
    with connection.cursor() as cursor:
        found = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys"):
            cursor.execute(f"PRAGMA {pragma}")
            found[pragma] = cursor.fetchone()[0]
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.django_db(transaction=True)
def test_violations_of_an_older_version_stand_where_they_came_up(
    deliver: Callable[..., Any], sender: Any, file_seen: Callable[..., Any]
) -> None:
    now = timezone.now()
    deliver(sender.next(file_seen("a"), file_seen("b")))
    regressed, other = Group.objects.order_by("pk")
    Group.objects.filter(pk=regressed.pk).update(regressed_at=now)
    try:
        MigrationExecutor(connection).migrate([("violations", "0006_postgresql_fingerprint")])
    finally:
        MigrationExecutor(connection).migrate([("violations", "0007_lists_by_when_it_came_up")])
    told = dict(Group.objects.values_list("pk", "opened_at"))
    assert told == {regressed.pk: now, other.pk: other.first_seen_at}
