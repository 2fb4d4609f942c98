"""One agent for one state folder: two of them would report everything twice."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

LOCK_FILE = "run.lock"


class AlreadyRunning(Exception):
    """Another agent runs with the same state folder."""


def alone(state: Path) -> TextIO:
    """Hold the lock of the state folder until what is given here is closed. Raises `AlreadyRunning`, `OSError`."""
    lock = os.fdopen(os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise AlreadyRunning(f"another agent is running with the state folder {state}") from error
    return lock


def is_running(state: Path) -> bool:
    """Whether an agent holds the lock of the state folder."""
    try:
        with (state / LOCK_FILE).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
