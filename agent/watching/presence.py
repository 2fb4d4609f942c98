"""Does somebody work at this computer now, and is it on the charger: what the agent's budget hangs on.

Asked of the terminals (when something was last typed on them) and of logind (whether the sessions at the desktop are
idle). Where neither knows, nobody is taken to be there only if nobody is logged in.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
from jeepney import DBusAddress, Properties
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
POWER = Path("/sys/class/power_supply")
ANSWER_SECONDS = 1.0
_LOGIND = DBusAddress(
    "/org/freedesktop/login1", bus_name="org.freedesktop.login1", interface="org.freedesktop.login1.Manager"
)


@dataclass(frozen=True, slots=True)
class Presence:
    """How it stands at the computer."""

    working: bool
    """Whether somebody typed or moved something lately."""
    on_battery: bool
    idle_seconds: float = float("inf")
    """How long ago that was."""

    @property
    def limited(self) -> bool:
        """Whether the agent has to hold back."""
        return self.working or self.on_battery


class Watcher:
    """Asks at most every few seconds."""

    EVERY_SECONDS = 5.0

    def __init__(self, idle_seconds: float, bus: str = SYSTEM_BUS, power: Path = POWER) -> None:
        self._idle = idle_seconds
        self._bus = bus
        self._power = power
        self._at = -self.EVERY_SECONDS
        self._last = Presence(False, False)

    def now(self) -> Presence:
        """How it stands, a few seconds old at most."""
        if time.monotonic() - self._at >= self.EVERY_SECONDS:
            self._at = time.monotonic()
            idle = self._idle_seconds()
            self._last = Presence(idle < self._idle, on_battery(self._power), idle)
        return self._last

    def _idle_seconds(self) -> float:
        terminals = terminals_idle_seconds()
        if terminals < self._idle:
            return terminals
        desktop = desktop_idle_seconds(self._bus)
        return terminals if desktop is None else min(terminals, desktop)


def terminals_idle_seconds() -> float:
    """Seconds since something was typed on a terminal of somebody who is logged in; infinite where nobody is."""
    newest = 0.0
    for user in psutil.users():
        if not user.terminal:
            continue
        try:
            newest = max(newest, (Path("/dev") / user.terminal).stat().st_atime)
        except OSError:
            continue
    return max(0.0, time.time() - newest) if newest else float("inf")


def desktop_idle_seconds(bus: str = SYSTEM_BUS) -> float | None:
    """Seconds since all desktop sessions are idle, 0 where one is not; None where logind is not there to say.

    logind counts a computer without any session as idle since it was started.
    """
    properties = Properties(_LOGIND)
    try:
        with closing(open_dbus_connection(bus=bus, auth_timeout=ANSWER_SECONDS)) as connection:
            ((_, idle),) = unwrap_msg(connection.send_and_get_reply(properties.get("IdleHint"), timeout=ANSWER_SECONDS))
            if not idle:
                return 0.0
            ((_, since),) = unwrap_msg(
                connection.send_and_get_reply(properties.get("IdleSinceHint"), timeout=ANSWER_SECONDS)
            )
    except (OSError, DBusErrorResponse, RuntimeError, ValueError, KeyError):
        return None
    return max(0.0, time.time() - since / 1e6) if since else float("inf")


def on_battery(power: Path = POWER) -> bool:
    """Whether the computer runs from its battery: it has mains adapters, and none of them is on."""
    online = []
    try:
        for supply in power.iterdir():
            if _line(supply / "type") == "Mains":
                online.append(_line(supply / "online"))
    except OSError:
        return False
    return bool(online) and "1" not in online


def _line(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
