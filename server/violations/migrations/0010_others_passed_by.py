"""Lists by time of one control, or of what is open: others are passed by in the index, without a look at their rows."""

from django.db import migrations, models

_LAST = ("last_seen_at", "control", "is_open")
_FIRST = ("first_seen_at", "is_open", "severity_rank", "control")


class Migration(migrations.Migration):
    """Makes the two indexes by time anew, with what those lists ask for in them."""

    dependencies = [("violations", "0009_postgresql_checks_once")]

    operations = [
        migrations.RemoveIndex("group", "group_last"),
        migrations.RemoveIndex("group", "group_first"),
        migrations.AddIndex("group", models.Index(fields=_LAST, name="group_last")),
        migrations.AddIndex("group", models.Index(fields=_FIRST, name="group_first")),
    ]
