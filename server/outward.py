"""The thread that sends of its own accord: notices, and the live export. Not started unless the settings name a way
out; beside it the watch folder and the purge, which send nothing."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection

PAUSE = 5.0
"""Seconds between rounds."""
_log = logging.getLogger(__name__)


def jobs() -> list[Callable[[], int]]:
    """What is to be done in each round, by the settings: nothing where they name nothing."""
    found: list[Callable[[], int]] = []
    if settings.MIJIAN_WATCH_FOLDER:
        from server.intake.folder import take_in

        found.append(take_in)
    if settings.MIJIAN_CHANNELS:
        from server.notifications.queue import send_due
        from server.web.watching import look

        found += [look, send_due]
    if settings.MIJIAN_SIEM is not None:
        from server.exports.live import export_due

        found.append(export_due)
    if settings.MIJIAN_RETENTION.days:
        from server.retention.purge import purge_daily

        found.append(purge_daily)
    return found


class Outward(threading.Thread):
    """Does the jobs round by round, in one process of this home at a time."""

    def __init__(self, todo: list[Callable[[], int]], pause: float = PAUSE) -> None:
        super().__init__(name="outward", daemon=True)
        self._todo = todo
        self._pause = pause
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """End after the job that is under way."""
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        """Wait for the lock, which the system drops with the process; then do the jobs until told to stop."""
        place = Path(settings.MIJIAN_HOME) / "outward.lock"
        lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(lock):
                if self._stop_asked.wait(1.0):
                    return
            while not self._stop_asked.is_set():
                for job in self._todo:
                    self._do(job)
                self._stop_asked.wait(self._pause)
        finally:
            os.close(lock)
            connection.close()

    def _do(self, job: Callable[[], int]) -> None:
        close_old_connections()
        try:
            job()
        except Exception as error:  # noqa: BLE001 (the edge of a thread that must go on: one job costs no other)
            _log.error("%s cannot be done just now: %s", job.__name__, type(error).__name__)
            connection.close()


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
