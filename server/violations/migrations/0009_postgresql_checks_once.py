"""PostgreSQL: a sighting's violation and computer, and a violation's computer, are not looked up again at each commit.

The fan-out, which alone writes these references, holds the rows they name until its own are stored: computers by their
lock (`server.intake.fanout`), violations by their lock or because the same transaction made them. A foreign key asks
for each row again, row by row, which was a quarter of the database's work; ``mijian-server verify`` asks for all at once.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_REFERENCES = (
    ("violations_group", "computer_id", "ledger_computer"),
    ("violations_occurrence", "computer_id", "ledger_computer"),
    ("violations_occurrence", "group_id", "violations_group"),
)


def _forwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        quote = editor.connection.ops.quote_name
        for table, column, _ in _REFERENCES:
            with editor.connection.cursor() as cursor:
                known = editor.connection.introspection.get_constraints(cursor, table)
            for name, told in known.items():
                if told["foreign_key"] and told["columns"] == [column]:
                    editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quote(name)}")


def _backwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for table, column, other in _REFERENCES:
            editor.execute(
                f"ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {other} DEFERRABLE INITIALLY DEFERRED"
            )


class Migration(migrations.Migration):
    """Does nothing with SQLite, which looks a reference up where it stands in memory already."""

    dependencies = [("violations", "0008_department_sums")]

    operations = [migrations.RunPython(_forwards, _backwards)]
