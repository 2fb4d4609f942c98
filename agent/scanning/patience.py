"""How a scan shares the processor with its own workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def patiently() -> Iterator[None]:
    """Have this thread, when it is woken, wait until a processor is free, instead of breaking in on a worker.

    Each answer of a worker wakes the thread that keeps them. Where there are as many workers as processors, that takes
    one of them off its processor for each file, and costs a scan of small files a seventh of its time. On systems
    without such a policy (``SCHED_BATCH``, sched(7)) nothing is changed.
    """
    changed = False
    with suppress(AttributeError, OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
            changed = True
    try:
        yield
    finally:
        if changed:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
