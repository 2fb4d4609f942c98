"""Speaks to systemd (sd_notify(3)): up, alive, what it is at, stopping. Silent where nobody asked.

The agent never listens; it only sends datagrams to the socket that systemd named when it started us.
"""

from __future__ import annotations

import os
import socket


class Supervisor:
    """The service manager that started us, if one did."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        values = dict(os.environ) if environment is None else environment
        self._address = values.get("NOTIFY_SOCKET", "")
        usec = values.get("WATCHDOG_USEC", "")
        self.watchdog_seconds = int(usec) / 1e6 if usec.isdigit() else 0.0
        """How often it wants to hear from us at least; 0 where it does not."""

    def ready(self) -> None:
        """The service is up."""
        self._send("READY=1")

    def alive(self) -> None:
        """The service works; to be called at least twice in `watchdog_seconds`."""
        if self.watchdog_seconds:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; no path, no content."""
        self._send("STATUS=" + text.replace("\n", " "))

    def stopping(self) -> None:
        """The service ends."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(1)
                line.sendto(message.encode(), name)
        except OSError:
            return  # the manager has gone, or is restarting: nothing to be done about it
