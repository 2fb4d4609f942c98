"""Whose turn it is: one process at a time does what is not for several to do.

With SQLite that is working the spool off, and a lock on a file of the home says who may. With PostgreSQL all workers
do that (`server.intake.claims`), on several computers if need be; an advisory lock of the database says which of them
looks at the clock beside it. Both locks are dropped by the system with the process that holds them.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

_TURN = 0x6D696A69
"""Number of the advisory lock."""


@contextmanager
def turn_to_work() -> Iterator[Callable[[], bool]]:
    """Asks, as often as it is called, whether it is this process's turn; having said so once it holds to the end."""
    if connection.vendor == "postgresql":
        try:
            yield _advisory
        finally:
            connection.close()  # the lock lives as long as the connection
        return
    handle = os.open(Path(settings.MIJIAN_HOME) / "fanout.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lambda: _flocked(handle)
    finally:
        os.close(handle)


def _advisory() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_TURN])
        return bool(cursor.fetchone()[0])


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
