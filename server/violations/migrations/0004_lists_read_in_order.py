"""Lists are read state by state from one index; those of one control from another; the drawings count from a third."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Drops two indexes that another stands in for, makes one, and makes one anew with what is counted from it."""

    dependencies = [("violations", "0003_indexes_read_backwards")]

    operations = [
        migrations.RemoveIndex("group", "group_worst"),
        migrations.RemoveIndex("group", "group_open"),
        migrations.AddIndex(
            "group",
            models.Index(fields=["control", "state", "severity_rank", "-last_seen_at"], name="group_control"),
        ),
        migrations.RemoveIndex("group", "group_first"),
        migrations.AddIndex(
            "group", models.Index(fields=["first_seen_at", "is_open", "severity_rank"], name="group_first")
        ),
    ]
