"""Block devices as they come, before anything of them is mounted, and those that nobody can mount: locked containers.

The kernel tells when a device comes or goes (uevents over netlink); where it does not tell us, we look now and then.
A container is known by its own first bytes, or by what udev says. VeraCrypt's bear no sign of what they are, and are
seen only once they are unlocked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.settings import MediaSettings
from agent.watching import device
from agent.watching.media import BOOT_ID, Attached
from agent.watching.uevents import Uevents

BLOCKS = Path("/sys/class/block")
TICK_SECONDS, FALLBACK_SECONDS = 120.0, 5.0
"""How often devices are looked at although the kernel told of none, and where it never tells."""


@dataclass(frozen=True, slots=True)
class DeviceCame:
    """A removable device came: something may be mounted in a moment."""

    number: str


@dataclass(frozen=True, slots=True)
class LockedSeen:
    """A locked container is there; its files cannot be examined. `Medium.filesystem` names the kind."""

    attached: Attached


@dataclass(frozen=True, slots=True)
class LockedGone:
    """It was unlocked, or went."""

    attached: Attached
    unlocked: bool


BlockEvent = DeviceCame | LockedSeen | LockedGone


class BlockWatch:
    """Looks at the block devices and tells what came, and which containers are locked."""

    def __init__(self, settings: MediaSettings, organisation_key: bytes, blocks: Path = BLOCKS) -> None:
        self._settings = settings
        self._organisation_key = organisation_key
        self._blocks = blocks
        self._boot = BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else ""
        self._known: dict[tuple[str, str, str], Attached | None] = {}
        self._locked: dict[str, Attached] = {}

    def run(self, tell: Callable[[BlockEvent], None], stop: threading.Event) -> None:
        """Tell what is there, then every change, until ``stop`` is set."""
        uevents = Uevents("block")
        every = TICK_SECONDS if uevents.told else FALLBACK_SECONDS
        due = 0.0
        while not stop.is_set():
            now = time.monotonic()
            if now >= due:
                due = now + every
                for event in self.step():
                    tell(event)
            if uevents.wait(stop, due - time.monotonic()):
                due = 0.0

    def step(self) -> list[BlockEvent]:
        """What changed since the last step."""
        events: list[BlockEvent] = []
        known: dict[tuple[str, str, str], Attached | None] = {}
        for folder, identity in self._devices():
            if identity not in self._known:
                found = self._look(identity[0])
                known[identity] = found[1]
                events += [DeviceCame(identity[0])] if found[0] else []
            else:
                known[identity] = self._known[identity]
            attached = known[identity]
            if attached and any((folder / "holders").glob("*")):
                if self._locked.pop(attached.key, None):
                    events.append(LockedGone(attached, unlocked=True))
            elif attached and attached.key not in self._locked:
                self._locked[attached.key] = attached
                events.append(LockedSeen(attached))
        there = {attached.key for attached in known.values() if attached}
        for key in [key for key in self._locked if key not in there]:
            events.append(LockedGone(self._locked.pop(key), unlocked=False))
        self._known = known
        return events

    def _devices(self) -> list[tuple[Path, tuple[str, str, str]]]:
        """Devices that hold something, each with its number, size, and the kernel's count of what was put into it."""
        found = []
        try:
            folders = sorted(self._blocks.iterdir())
        except OSError:
            return []
        for folder in folders:
            number, size = device.line(folder / "dev"), device.line(folder / "size")
            if not number or size in ("", "0") or folder.name.startswith(("dm-", "ram", "zram", "md")):
                continue
            found.append((folder, (number, size, device.count(number))))
        return found

    def _look(self, number: str) -> tuple[bool, Attached | None]:
        """Whether a device is removable, and what is to be told where it is a locked container."""
        described = device.describe(number, loop_devices=self._settings.loop_devices)
        if described is None or not described.removable:
            return False, None
        if not described.locked:
            return True, None
        medium = described.medium(self._organisation_key, described.locked)
        mark = f"{self._boot} locked {number} {medium.key}"
        return True, Attached(f"locked {number}", mark, "", medium)
