"""Lists are in the order in which violations came up: a repeat then moves nothing in the indexes they are read from."""

from django.db import migrations, models
from django.db.models.functions import Coalesce


def _as_before(apps, _editor):  # type: ignore[no-untyped-def]
    """What is known of those that are there: when they were last seen again after they had been over, or first seen."""
    group = apps.get_model("violations", "Group")
    group.objects.update(opened_at=Coalesce("regressed_at", "first_seen_at"))


class Migration(migrations.Migration):
    """Adds a moment to each violation; makes two indexes anew with it and drops one, of how often each was seen."""

    dependencies = [("violations", "0006_postgresql_fingerprint")]

    operations = [
        migrations.RemoveIndex("group", "group_count"),
        migrations.RemoveIndex("group", "group_state"),
        migrations.RemoveIndex("group", "group_control"),
        migrations.AddField("group", "opened_at", models.DateTimeField(null=True)),
        migrations.RunPython(_as_before, migrations.RunPython.noop),
        migrations.AlterField("group", "opened_at", models.DateTimeField()),
        migrations.AlterModelOptions("group", {"ordering": ("severity_rank", "-opened_at", "-id")}),
        migrations.AddIndex(
            "group", models.Index(fields=["state", "severity_rank", "-opened_at"], name="group_state")
        ),
        migrations.AddIndex(
            "group",
            models.Index(fields=["control", "state", "severity_rank", "-opened_at"], name="group_control"),
        ),
    ]
