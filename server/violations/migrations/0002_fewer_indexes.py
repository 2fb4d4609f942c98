"""Indexes that another one stands in for, or that hold mostly nothing: each costs with every sighting."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_OF_REFERENCES = (
    ("violations_group", "computer_id", "51da2556"),
    ("violations_group", "medium_id", "f6a58edc"),
    ("violations_group", "assignee_id", "c2e2f941"),
    ("violations_group", "waiver_id", "c752d5af"),
    ("violations_occurrence", "group_id", "b3248157"),
    ("violations_occurrence", "computer_id", "8ca5d5b4"),
)


def _dropped(table: str, column: str, hashed: str) -> migrations.RunSQL:
    """Drop the index alone: with SQLite, changing the field would write the whole table anew."""
    return migrations.RunSQL(
        f"DROP INDEX IF EXISTS {table}_{column}_{hashed}",
        f"CREATE INDEX {table}_{column}_{hashed} ON {table} ({column})",
    )


def _reference(model: str, name: str, to: str, **more: object) -> migrations.AlterField:
    options = {"db_index": False, "on_delete": django.db.models.deletion.PROTECT} | more
    return migrations.AlterField(model, name, models.ForeignKey(to=to, **options))


class Migration(migrations.Migration):
    """Drops seven indexes; makes two that leave out what is null, one for a department's numbers, one for an order."""

    dependencies = [("violations", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.RemoveIndex("group", "group_control"),
        migrations.AddIndex(
            "group", models.Index(fields=["computer", "state", "severity_rank"], name="group_computer")
        ),
        migrations.AddIndex(
            "group", models.Index(fields=["-occurrence_count", "-last_seen_at", "-id"], name="group_count")
        ),
        migrations.AddIndex(
            "group",
            models.Index(condition=models.Q(("medium__isnull", False)), fields=["medium"], name="group_medium"),
        ),
        migrations.AddIndex(
            "group",
            models.Index(condition=models.Q(("waiver__isnull", False)), fields=["waiver"], name="group_waiver"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[_dropped(*each) for each in _OF_REFERENCES],
            state_operations=[
                _reference("group", "computer", "ledger.computer", related_name="violations"),
                _reference("group", "medium", "ledger.medium", related_name="violations", null=True),
                _reference(
                    "group",
                    "assignee",
                    settings.AUTH_USER_MODEL,
                    related_name="assigned_violations",
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                ),
                _reference(
                    "group",
                    "waiver",
                    "violations.waiver",
                    related_name="groups",
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                ),
                _reference(
                    "occurrence",
                    "group",
                    "violations.group",
                    related_name="occurrences",
                    on_delete=django.db.models.deletion.CASCADE,
                ),
                _reference("occurrence", "computer", "ledger.computer", related_name="+"),
            ],
        ),
    ]
