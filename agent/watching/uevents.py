"""The kernel's word that a device has come, gone or changed (uevents over netlink), through pyudev."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pyudev

from agent.watching.waiting import wait_for

UDEV = Path("/run/udev/control")
SETTLE_MS = 50
"""How long the rest of a burst is waited for: one device comes with several words."""
MOST = 10_000
"""Words of one burst that are read."""

log = logging.getLogger(__name__)


class Uevents:
    """A subscription to what happens to the devices of one subsystem."""

    def __init__(self, subsystem: str) -> None:
        """``subsystem`` as the kernel names it: ``block``, ``usb``."""
        self._monitor: pyudev.Monitor | None = None
        try:
            # After udev has looked at a device, where there is one: then it knows what the device is.
            monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="udev" if UDEV.exists() else "kernel")
            monitor.filter_by(subsystem)
            monitor.start()
        except (OSError, ImportError):
            log.warning("the kernel does not tell of %s devices here: they are looked at every few seconds", subsystem)
            return
        self._monitor = monitor

    @property
    def told(self) -> bool:
        """Whether the kernel tells; False where devices have to be looked at by the clock."""
        return self._monitor is not None

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until something happens, at most ``seconds`` or until ``stop`` is set; whether something has."""
        if self._monitor is None:
            stop.wait(seconds)
            return False
        if not wait_for(stop, seconds, self._monitor):
            return False
        for _ in range(MOST):
            if self._monitor.poll(SETTLE_MS / 1000) is None:
                break
        return True
