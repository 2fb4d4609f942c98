"""Waiting that costs nothing: a thread sleeps until the kernel has something to tell, or until it is to stop.

A watch that wakes twice a second to see whether it is to stop keeps a processor from its rest; a dozen of them are what
an idle agent would spend its time on.
"""

from __future__ import annotations

import os
import select
import threading
from typing import Protocol

SLICE_SECONDS = 0.5
"""How late a stop is noticed where the event has no descriptor that can be waited for."""


class HasDescriptor(Protocol):
    """Something that poll(2) takes."""

    def fileno(self) -> int:
        """The descriptor; readable, or with urgent data, once there is something to tell."""


class Bell:
    """Wakes a thread that waits in `wait_for`. Safe to use from several threads."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def ring(self) -> None:
        """Wake who waits, now or next."""
        os.eventfd_write(self._descriptor, 1)

    def hush(self) -> None:
        """It was heard: the next wait is a wait again."""
        try:
            os.eventfd_read(self._descriptor)
        except BlockingIOError:
            return  # it had not rung

    def fileno(self) -> int:
        """What poll(2) takes."""
        return self._descriptor


class Stop(threading.Event):
    """An event that also wakes those who wait for the kernel; it is set once and never cleared."""

    def __init__(self) -> None:
        super().__init__()
        self._bell = Bell()

    def set(self) -> None:
        """Set it."""
        super().set()
        self._bell.ring()

    def fileno(self) -> int:
        """What poll(2) takes."""
        return self._bell.fileno()


def wait_for(stop: threading.Event, seconds: float, told: HasDescriptor, sign: int = select.POLLIN) -> bool:
    """Wait until ``told`` shows its ``sign``, at most ``seconds`` or until ``stop`` is set; whether it has shown it.

    A plain event can be waited for only in slices of half a second: then it ends early, and the caller waits again.
    """
    return bool(wait_for_any(stop, seconds, (told, sign)))


def wait_for_any(stop: threading.Event, seconds: float, *told: tuple[HasDescriptor, int]) -> list[HasDescriptor]:
    """The same for several things, each with its sign; those that have shown theirs, none once ``stop`` is set."""
    poll = select.poll()
    for each, sign in told:
        poll.register(each.fileno(), sign)
    if isinstance(stop, Stop):
        poll.register(stop.fileno(), select.POLLIN)
    else:
        seconds = min(seconds, SLICE_SECONDS)
    ready = {descriptor for descriptor, _ in poll.poll(max(0, int(seconds * 1000)))}
    return [] if stop.is_set() else [each for each, _ in told if each.fileno() in ready]
