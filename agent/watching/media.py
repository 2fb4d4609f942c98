"""Removable media: told within a second when one is mounted and when it goes.

A medium is a file system on a removable device (USB, memory card, optical, FireWire), or a folder that the settings
declare to be one. Bind mounts of the same file system do not double it; a stick pulled without unmounting is gone.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.settings import MediaSettings
from agent.watching import device
from agent.watching.device import Device
from agent.watching.mount_tables import mount_table
from agent.watching.mounts import Mount
from protocol import keys
from protocol.records import Medium

TICK_SECONDS = 0.5
"""How often declared folders and pulled sticks are looked at; mounts are signalled by the kernel at once."""
NOTHING_HERE_SECONDS = 60.0
"""The same while there is nothing to look at."""
SETTLING_SECONDS = 5.0
"""How long after a change of the mounts they are looked at again: a device may be described a little later."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Attached:
    """A medium that can be read now."""

    key: str
    """What makes it one attachment: the device number, or the declared folder."""
    mark: str
    """The same over a restart of the agent, and another after a restart of the computer or a new mount."""
    path: str
    """Where it is mounted; on this computer only."""
    medium: Medium


@dataclass(frozen=True, slots=True)
class MediumMounted:
    """A medium was mounted, or was there when the watch began."""

    attached: Attached


@dataclass(frozen=True, slots=True)
class MediumMoved:
    """Its first mount went, and another of the same file system is still there."""

    attached: Attached


@dataclass(frozen=True, slots=True)
class MediumGone:
    """A medium went."""

    attached: Attached
    ending: Literal["unmounted", "removed"]


MediaEvent = MediumMounted | MediumMoved | MediumGone


def changes(
    before: Mapping[str, Attached], now: Mapping[str, Attached], is_there: Callable[[Attached], bool]
) -> list[MediaEvent]:
    """What happened between two looks. ``is_there``: whether the device of a medium that went is still attached."""
    events: list[MediaEvent] = []
    for key, attached in before.items():
        successor = now.get(key)
        if successor is None or successor.medium.key != attached.medium.key:
            events.append(MediumGone(attached, "unmounted" if is_there(attached) else "removed"))
    for key, attached in now.items():
        known = before.get(key)
        if known is None or known.medium.key != attached.medium.key:
            events.append(MediumMounted(attached))
        elif known.path != attached.path:
            events.append(MediumMoved(attached))
    return events


class MediaWatch:
    """Looks at the mounts and tells what changed."""

    def __init__(
        self,
        settings: MediaSettings,
        organisation_key: bytes,
        held: Callable[[], Mapping[str, Attached]] = dict,
    ) -> None:
        """``held``: media that are here and mounted for nobody but us (see `agent.watching.holding`), by number."""
        self._settings = settings
        self._held = held
        self._organisation_key = organisation_key
        self._boot = BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else ""
        self._present: dict[str, Attached] = {}
        self._devices: dict[tuple[str, int], Device | None] = {}
        self._folders: dict[str, tuple[int, int]] = {}
        self._began = False

    def run(
        self, tell: Callable[[MediaEvent], None], stop: threading.Event, begun: Callable[[], None] = lambda: None
    ) -> None:
        """Tell what is mounted, call ``begun``, then tell every change, until ``stop`` is set."""
        table = mount_table()
        try:
            for event in self.step(table.read()):
                tell(event)
            begun()
            until = time.monotonic() + SETTLING_SECONDS
            while not stop.is_set():
                # Where nothing is here and nothing was mounted lately there is nothing that could have changed.
                looking = self._present or self._settings.declared or time.monotonic() < until
                if looking:
                    for event in self.step(table.read()):
                        tell(event)
                if table.wait(stop, TICK_SECONDS if looking else NOTHING_HERE_SECONDS):
                    self._devices.clear()  # the kernel gives numbers of mounts and devices again
                    until = time.monotonic() + SETTLING_SECONDS
        finally:
            table.close()

    def step(self, mounts: list[Mount]) -> list[MediaEvent]:
        """What changed since the last step."""
        now = self.look(mounts)
        events = changes(self._present, now, is_there)
        self._present = now
        return events

    def look(self, mounts: list[Mount]) -> dict[str, Attached]:
        """The media that can be read now, by key."""
        found: dict[str, Attached] = {}
        devices: dict[tuple[str, int], Device | None] = {}
        for mount in mounts:
            number = block_number(mount)
            if number is None:
                continue
            known = (number, mount.id)
            described = self._devices[known] if known in self._devices else self._describe(number)
            devices[known] = described
            if described is None or not described.removable or number in found or not device.exists(number):
                continue
            medium = described.medium(self._organisation_key, mount.filesystem)
            mark = f"{self._boot} {number} {mount.id} {medium.key}"
            found[number] = Attached(number, mark, mount.path, medium)
        for number, private in self._held().items():
            found.setdefault(number, private)
        self._devices = devices
        began, self._began = self._began, True
        for folder in self._settings.declared:
            if all(attached.path != folder for attached in found.values()):
                attached = self._declared(folder, mounts, began=began)
                if attached:
                    found[attached.key] = attached
        return found

    def _describe(self, number: str) -> Device | None:
        return device.describe(number, loop_devices=self._settings.loop_devices)

    def _declared(self, folder: str, mounts: list[Mount], *, began: bool) -> Attached | None:
        """A declared folder, where something is mounted on it or in it."""
        mount = next((mount for mount in reversed(mounts) if mount.path == folder), None)
        if mount is None and not self._is_settled(folder, began=began):
            return None
        described = None
        if mount and mount.root == "/" and (number := block_number(mount)):
            described = self._describe(number)
        if mount and described:
            medium = described.medium(self._organisation_key, mount.filesystem)
        else:
            name = keys.keyed_hash(self._organisation_key, b"mijian-medium/1\0declared\0" + os.fsencode(folder))
            filesystem = mount.filesystem if mount else ""
            medium = Medium(key=name, bus="declared", label=Path(folder).name[:64], filesystem=filesystem)
        return Attached(f"declared {folder}", f"{self._boot} {mount.id if mount else 0} {medium.key}", folder, medium)

    def _is_settled(self, folder: str, *, began: bool) -> bool:
        """Whether a plain folder holds something, and has been left alone since the last look.

        A folder is often filled file by file; a scan of the first one would miss the others. What is there when the
        watch begins is taken at once: after a crash its session has to go on.
        """
        newest = count = 0
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    newest = max(newest, entry.stat(follow_symlinks=False).st_mtime_ns)
        except OSError:
            count = 0
        before = self._folders.get(folder)
        if not count:
            self._folders.pop(folder, None)
            return False
        self._folders[folder] = (count, newest)
        return not began or f"declared {folder}" in self._present or before == (count, newest)


def block_number(mount: Mount) -> str | None:
    """The block device under a mount; btrfs and a few others have one of their own, and name the real one."""
    if not mount.device.startswith("0:"):
        return mount.device
    if not mount.source.startswith("/dev/"):
        return None
    try:
        status = os.stat(mount.source)  # noqa: PTH116 (the bytes of the name are kept)
    except OSError:
        return None
    if not stat.S_ISBLK(status.st_mode):
        return None
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def is_there(attached: Attached) -> bool:
    """Whether the device of a medium is still attached to the computer."""
    return attached.key.startswith("declared ") or device.exists(attached.key)
