"""The throttle: a scan in the background waits for the person who uses the computer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

import psutil

SHARE = 0.10
"""Share of one processor that a scan in the background may take."""

WINDOW = 12.0
"""Seconds over which the share is taken."""


class Throttle:
    """Holds the workers of one scan to a share of the processor, by handing out no files while they are over it."""

    def __init__(self, share: float = SHARE, window: float = WINDOW) -> None:
        self._share = share
        self._window = window
        self._spent: deque[tuple[float, float]] = deque([(time.monotonic(), 0.0)])
        """Moments and the processor seconds spent until then, as far back as the window."""
        self._known: dict[int, float] = {}
        self._ended = 0.0

    @staticmethod
    def humble(pid: int) -> None:
        """Give a worker the lowest priority for processor and disk, as far as this system has such."""
        try:
            worker = psutil.Process(pid)
            worker.nice(19)
            if hasattr(psutil, "IOPRIO_CLASS_IDLE"):
                worker.ionice(psutil.IOPRIO_CLASS_IDLE)
        except (psutil.Error, OSError):
            return  # it has ended, or may not be changed: the share still holds

    def over(self, pids: Iterable[int]) -> bool:
        """Whether the workers have had their share of the last seconds."""
        now = time.monotonic()
        running: dict[int, float] = {}
        for pid in pids:
            try:
                times = psutil.Process(pid).cpu_times()
                running[pid] = times.user + times.system
            except (psutil.Error, OSError):
                continue
        self._ended += sum(spent for pid, spent in self._known.items() if pid not in running)
        self._known = running
        total = self._ended + sum(running.values())
        self._spent.append((now, total))
        while len(self._spent) > 1 and now - self._spent[1][0] >= self._window:
            self._spent.popleft()
        return total - self._spent[0][1] > self._share * self._window
