"""The migrations tell the same as the models."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from server.commands.base import CommandError, migrate


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
