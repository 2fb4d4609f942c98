"""PostgreSQL: sealed envelopes are not tried to be compressed, and their digests have one index, not two."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_FORWARDS = (
    "ALTER TABLE intake_spoolentry ALTER COLUMN raw SET STORAGE EXTERNAL",
    "DROP INDEX IF EXISTS intake_spoolentry_digest_98b72205_like",
)
_BACKWARDS = (
    "ALTER TABLE intake_spoolentry ALTER COLUMN raw SET STORAGE EXTENDED",
    "CREATE INDEX intake_spoolentry_digest_98b72205_like ON intake_spoolentry (digest varchar_pattern_ops)",
)


def _on_postgresql(*statements: str) -> object:
    def run(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            for statement in statements:
                editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """Does nothing with SQLite."""

    dependencies = [("intake", "0001_initial")]

    operations = [migrations.RunPython(_on_postgresql(*_FORWARDS), _on_postgresql(*_BACKWARDS))]
