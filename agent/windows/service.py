"""The agent as a Windows service: tells the service manager what `agent.systemd.Supervisor` tells systemd.

Numbers as in winsvc.h.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

START_PENDING, RUNNING, STOP_PENDING, STOPPED = 2, 4, 3, 1
ACCEPT_STOP, ACCEPT_SHUTDOWN = 1, 4
CONTROL_STOP, CONTROL_INTERROGATE, CONTROL_SHUTDOWN = 1, 4, 5
STOP_WAIT_MS = 45_000
"""How long the manager is asked to wait for our end, as in the unit of systemd."""

SetStatus = Callable[[int, int, int, int], None]
"""Hands on a state, the controls that are accepted, an exit code and a wait in milliseconds (SetServiceStatus)."""


class Supervisor:
    """The service manager of Windows."""

    watchdog_seconds = 0.0
    """Windows asks for no sign of life: it starts a service anew that has ended."""

    def __init__(self, set_status: SetStatus, stop: threading.Event) -> None:
        """``stop`` is set once the manager wants the service to end."""
        self._set = set_status
        self._stop = stop
        self._state = START_PENDING
        self._report(START_PENDING)

    def ready(self) -> None:
        """The service is up."""
        self._report(RUNNING)

    def alive(self) -> None:
        """Nothing to be told."""

    def status(self, text: str) -> None:
        """Windows has no line for it: `mijian status` says how it stands."""

    def stopping(self) -> None:
        """The service ends."""
        self._report(STOP_PENDING)

    def stopped(self, code: int) -> None:
        """The service has ended; with a code other than 0 the manager starts it anew."""
        self._report(STOPPED, code)

    def control(self, code: int) -> None:
        """What the manager asks for; called by it, in a thread of its own."""
        if code in (CONTROL_STOP, CONTROL_SHUTDOWN):
            self._report(STOP_PENDING)
            self._stop.set()
        elif code == CONTROL_INTERROGATE:
            self._report(self._state)

    def _report(self, state: int, code: int = 0) -> None:
        self._state = state
        accepted = ACCEPT_STOP | ACCEPT_SHUTDOWN if state == RUNNING else 0
        self._set(state, accepted, code, STOP_WAIT_MS if state in (START_PENDING, STOP_PENDING) else 0)
