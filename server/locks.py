"""Locks between the processes of one collector, on files of its home; the system drops them with the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def between_commits(place: Path) -> Iterator[None]:
    """Keep the two commits of a batch, that of its records and that of its envelopes, from being seen apart.

    The fan-out holds this lock over both; a backup holds it while it begins to read both databases.
    Raises `OSError` where the home cannot be written to.
    """
    handle = os.open(place / "commits.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
