"""Which database a table lives in: the spool has a file of its own, so that taking in never waits for anything else.

SQLite lets one writer at a time into a file. Envelopes are stored in one, everything else in another: what the fan-out
or a page writes holds up no receipt. PostgreSQL has one database for both; there rows are what is locked.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models

SPOOL = "spool"
"""Name of the spool's own database, where there is one."""
_KEPT_APART = frozenset({"spoolentry", "sequence"})


def spool_alias() -> str:
    """Name of the database that holds the spool."""
    return SPOOL if SPOOL in settings.DATABASES else DEFAULT_DB_ALIAS


def apart() -> bool:
    """Whether the spool is a database of its own: what concerns both then takes two commits."""
    return spool_alias() != DEFAULT_DB_ALIAS


class SpoolRouter:
    """Sends the spool's tables to the spool's database, and all others to the first one (Django's router protocol)."""

    def db_for_read(self, model: type[models.Model], **_hints: Any) -> str:
        """Where rows of a model are read."""
        meta = model._meta
        return spool_alias() if meta.app_label == "intake" and meta.model_name in _KEPT_APART else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[models.Model], **_hints: Any) -> str:
        """Where rows of a model are written."""
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool:
        """Whether a step of a migration concerns this database."""
        kept_apart = app_label == "intake" and (model_name or "").lower() in _KEPT_APART
        return db == (spool_alias() if kept_apart else DEFAULT_DB_ALIAS)
