"""Moving what is committed from SQLite's log into its file, beside the one that writes: it waits for one sync, not two.

Every commit goes into the log; what the log holds must come into the file some time (a checkpoint), or the log grows.
SQLite has the commit do it that finds the log long. While envelopes are piled up the process that opens ahead does it.
"""

from __future__ import annotations

import logging
import threading

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from server.intake.routing import spool_alias

PAGES = 16384
"""Pages in the log (128 MiB) from which the one that works a pile off moves them itself, most being moved by then.
Other connections begin at the number that `server.settings` sets."""
USUAL, CACHE = 16384, 32768
"""KiB of pages that the connection of who works the spool off keeps in memory, and while there is a pile: what does not
fit is written twice in the same transaction."""

_log = logging.getLogger(__name__)


def keep_more(connection: BaseDatabaseWrapper) -> None:
    """Have a connection that was just made keep as many pages as one needs that writes many."""
    if connection.vendor == "sqlite" and connection.alias == DEFAULT_DB_ALIAS:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size=-{USUAL}")


def prepare_for_pile() -> None:
    """Have this thread's connection leave the moving to others as long as they get on, and keep more in memory."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"PRAGMA wal_autocheckpoint={PAGES}")
        cursor.execute(f"PRAGMA cache_size=-{CACHE}")


class Checkpoints(threading.Thread):
    """Moves what is committed whenever it is asked to, without holding up anybody who writes or reads."""

    def __init__(self) -> None:
        super().__init__(name="checkpoints", daemon=True)
        self._asked = threading.Event()

    def ask(self) -> None:
        """Something was committed."""
        self._asked.set()

    def run(self) -> None:
        """Wait to be asked, for as long as the process lives."""
        while self._asked.wait():
            self._asked.clear()
            try:
                move()
            except DatabaseError as error:  # disk full or locked: the commits do it then, and tell of it
                _log.warning("the log is not moved into the file: %s", type(error).__name__)
                connections.close_all()


def move() -> None:
    """Move what nobody reads from the log any more, of every database. Raises `django.db.DatabaseError`."""
    for alias in dict.fromkeys((DEFAULT_DB_ALIAS, spool_alias())):
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            cursor.fetchone()
