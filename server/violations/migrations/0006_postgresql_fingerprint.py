"""PostgreSQL: fingerprints are compared byte by byte, so that one index finds them whole and by their beginning."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_TYPE = 'ALTER TABLE violations_group ALTER COLUMN fingerprint TYPE varchar(64) COLLATE "{}"'
_INDEX = "violations_group_fingerprint_5e335687_like"


def _forwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX IF EXISTS {_INDEX}")
        editor.execute(_TYPE.format("C"))


def _backwards(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(_TYPE.format("default"))
        editor.execute(f"CREATE INDEX {_INDEX} ON violations_group (fingerprint varchar_pattern_ops)")


class Migration(migrations.Migration):
    """Does nothing with SQLite, whose comparison of text is that by itself."""

    dependencies = [("violations", "0005_short_content_index")]

    operations = [migrations.RunPython(_forwards, _backwards)]
