"""Waits for a change of the network: a cable, a telephone, an address, a route. Told by the kernel, else by the clock.

Where the kernel will not tell (no netlink in a container, for instance) `wait` is an ordinary wait: the caller looks
every few seconds anyway, so a change is seen late instead of at once, and never not at all.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
import threading
import time

from agent.checks.isolation_netlink import subscribe
from agent.watching.waiting import wait_for

_SETTLE = 0.05
"""Seconds that the rest of a burst is waited for: one cable is a dozen messages."""
_LONGEST_BURST = 0.5

log = logging.getLogger(__name__)


class LinkWatch:
    """A subscription to the changes of this network namespace; use it in a ``with``."""

    def __init__(self) -> None:
        self._told: socket.socket | None = None

    def __enter__(self) -> LinkWatch:
        try:
            self._told = subscribe()
            self._told.setblocking(False)
        except OSError as error:
            log.warning("the kernel does not tell changes of the network (%s): looking by the clock", error.strerror)
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._told is not None:
            self._told.close()
            self._told = None

    @property
    def told(self) -> bool:
        """Whether the kernel tells changes; False where they are looked for by the clock."""
        return self._told is not None

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until something changes, at most ``seconds`` or until ``stop``; whether something changed."""
        if self._told is None:
            stop.wait(seconds)
            return False
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            if wait_for(stop, left, self._told):
                self._settle(self._told)
                return True
        return False

    def _settle(self, told: socket.socket) -> None:
        """Read the burst to its end; it only says that something changed, the look says what."""
        end = time.monotonic() + _LONGEST_BURST
        while time.monotonic() < end and select.select([told], [], [], _SETTLE)[0]:
            try:
                told.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # more was told than fits: what changed is seen by looking
                    log.warning("the kernel stopped telling changes of the network (%s)", error.strerror)
                    self._close()
                    return
