"""What a serving process does beside answering: the fan-out, reports, and an end when its parent is gone."""

from __future__ import annotations

import os
import signal
import threading
import time

from django.conf import settings

from server.intake.fanout import FanOut
from server.reports.workshop import Workshop


def start() -> None:
    """Start the threads of this process."""
    if settings.MIJIAN_FANOUT:
        FanOut().start()
        Workshop().start()
    parent = os.environ.get("MIJIAN_SERVE_PID", "")
    if parent.isdigit() and int(parent) == os.getppid():
        threading.Thread(target=_follow, args=(int(parent),), name="parent-watch", daemon=True).start()


def _follow(parent: int) -> None:
    """End this worker when ``mijian-server serve`` was killed: an orphan would keep the port and the lock."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)
