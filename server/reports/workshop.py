"""Where reports are made: a process of its own, so that pages stay quick and what breaks breaks one report.

A serving process looks every few seconds whether a report waits, and starts ``python -m server.reports.workshop`` for
it. One such process works at a time (a lock in the home); what its predecessor left unfinished is made once more.
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils.translation import gettext as _
from django.utils.translation import override

LOOK_EVERY = 2.0
"""Seconds."""
LONGEST = 1800.0
"""Seconds after which a process that makes reports is ended: it hangs."""
MOST_ATTEMPTS = 2

_log = logging.getLogger(__name__)


class Workshop(threading.Thread):
    """Looks for reports that wait for as long as the process lives, or until `stop`."""

    def __init__(self) -> None:
        super().__init__(name="reports", daemon=True)
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """End after the process in hand."""
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        """Look, start, wait; nothing but `stop` ends it."""
        while not self._stop_asked.wait(LOOK_EVERY):
            try:
                close_old_connections()
                if pending():
                    start_process()
            except (OSError, DatabaseError, subprocess.SubprocessError) as error:
                _log.error("reports cannot be made just now: %s", type(error).__name__)
                connection.close()


def pending() -> bool:
    """Whether a report waits, or was left unfinished."""
    from server.reports.models import Report

    return Report.objects.filter(state__in=(Report.State.WAITING, Report.State.WORKING)).exists()


def start_process() -> None:
    """Make what waits in a process of its own, and wait for its end. Raises `subprocess.TimeoutExpired`, `OSError`."""
    subprocess.run([sys.executable, "-m", "server.reports.workshop"], timeout=LONGEST, check=False)


@contextmanager
def alone(*, wait: bool) -> Iterator[bool]:
    """Hold the lock of those who make reports; gives False where another holds it and ``wait`` is False."""
    handle = os.open(Path(settings.MIJIAN_HOME) / "reports.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def work() -> int:
    """Make every report that waits, those first that were left unfinished; how many. Only under the lock."""
    from server.reports.making import fail, make
    from server.reports.models import Report

    for left in Report.objects.filter(state=Report.State.WORKING):
        if left.attempts < MOST_ATTEMPTS:
            Report.objects.filter(pk=left.pk).update(state=Report.State.WAITING)
        else:
            with override(left.language):
                fail(left, _("Its making was broken off twice: the collector was stopped, or it took too long."))
    count = 0
    while report := Report.objects.filter(state=Report.State.WAITING).order_by("id").first():
        make(report)
        count += 1
    return count


def main() -> int:
    """The process: lower in rank than those that answer."""
    import django

    django.setup()
    os.nice(10)
    with alone(wait=False) as mine:
        if mine:
            work()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")
    sys.exit(main())
