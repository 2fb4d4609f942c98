"""What serves beside the answering: fan-out, reports, the ways out, and an end when the parent of a process is gone."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.conf import settings

from server import outward
from server.intake.fanout import FanOut
from server.reports.workshop import Workshop
from server.web import packs

FAN_OUT = "mijian-fan-out"
"""Name under which these processes stand in the list of the system."""
_SELDOM = (100_000, 20, 100)
"""How often a process that works the spool off looks for garbage that refers to itself: a batch makes many objects that
all go with it, and none of that kind."""
WARM = 5.0
"""Seconds after its start in which a process that answers reads what the first page about rules would wait for."""
LOOK = 0.5
"""Seconds between looks at parents and children."""


def start() -> None:
    """Start the threads of a process that answers requests."""
    if parent := _parent():
        _watch(parent)
    elif settings.MIJIAN_FANOUT:  # served by another program than `mijian-server serve`
        FanOut().start()
    if settings.MIJIAN_FANOUT:
        if todo := outward.jobs():
            outward.Outward(todo).start()
        Workshop().start()
    warming = threading.Timer(WARM, packs.read_ahead)
    warming.daemon = True
    warming.start()


class FanOutProcesses(threading.Thread):
    """Keeps so many processes that work the spool off, each begun anew when it ends, until `stop`.

    They are forked: no connection to a database may be open when one is begun.
    """

    def __init__(self, count: int) -> None:
        super().__init__(name="fan-out-processes", daemon=True)
        self._fork = multiprocessing.get_context("fork")
        self._stopped = threading.Event()
        self._processes: list[BaseProcess] = [self._begun() for _ in range(count)]

    def _begun(self) -> BaseProcess:
        process = self._fork.Process(target=_work_off, args=(os.getpid(),), name="fan-out", daemon=True)
        process.start()
        return process

    def run(self) -> None:
        """Look after them."""
        while not self._stopped.wait(LOOK):
            self._processes = [each if each.is_alive() else self._begun() for each in self._processes]

    def stop(self) -> None:
        """End them after the batch in hand."""
        self._stopped.set()
        if self.is_alive():
            self.join()
        for each in self._processes:
            each.terminate()
        for each in self._processes:
            each.join(10)


def _work_off(parent: int) -> None:
    """The life of one process that works the spool off."""
    worker = FanOut(ahead=True)
    with suppress(OSError):  # for people who look at the list of processes; nothing hangs on it
        Path("/proc/self/comm").write_text(FAN_OUT, "ascii")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends us
    signal.signal(signal.SIGTERM, lambda *_: worker.ask_to_stop())
    _watch(parent)
    gc.set_threshold(*_SELDOM)
    worker.run()


def _parent() -> int:
    """Process id of the ``mijian-server serve`` this process belongs to; 0 where it belongs to none."""
    told = os.environ.get("MIJIAN_SERVE_PID", "")
    return int(told) if told.isdigit() and int(told) == os.getppid() else 0


def _watch(parent: int) -> None:
    threading.Thread(target=_follow, args=(parent,), name="parent-watch", daemon=True).start()


def _follow(parent: int) -> None:
    """End this process when ``mijian-server serve`` was killed: an orphan would keep the port and the lock."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    os._exit(1)
