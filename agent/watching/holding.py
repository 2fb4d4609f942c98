"""Holding media that no register vouches for: read-only or unmounted, until they were scanned or approved.

Off unless settings or policy ask for it. What is done can always be undone (`mijian media --release`), also while no
agent runs: how each medium was mounted stands in ``STATE/held.json``. What is told is how it is found to stand, not
what was wanted: a medium that is being written to cannot be made read-only, and is told as writable.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from agent.watching import device, mounting
from agent.watching.media import Attached, block_number
from agent.watching.mount_tables import current
from agent.watching.mounts import Mount
from protocol.records import Medium

FILE = "held.json"
PRIVATE = "/proc/self/fd/"
"""Where the paths of blocked media lie."""
Access = Literal["writable", "read-only", "unmounted"]
How = Literal["read-only", "block"]

log = logging.getLogger(__name__)


class Held(msgspec.Struct, kw_only=True):
    """A medium that is held, and all that is needed to undo it."""

    number: str
    """``major:minor``, and below how often something was put into the device since the computer was started."""
    count: str
    how: How
    mark: str
    medium: Medium
    mounts: tuple[Mount, ...]
    """Where and how it was mounted."""


class Hands(Protocol):
    """What a system must be able to do; each raises `OSError`."""

    def mounts(self) -> list[Mount]:
        """All mounts now."""

    def make_read_only(self, path: str, options: str) -> None:
        """Nobody can write any more."""

    def make_writable(self, path: str, options: str) -> None:
        """The other way round."""

    def private_view(self, path: str) -> int:
        """A descriptor of the folder that stays readable for us alone."""

    def unmount(self, path: str) -> None:
        """Nobody can read any more."""

    def mount_again(self, source: str, path: str, filesystem: str, options: str, data: str) -> None:
        """The other way round."""

    def mounted_in_private(self, source: str, filesystem: str, below: Path) -> int:
        """A descriptor of a file system that is mounted nowhere, readable for us alone."""


class Linux:
    """By the kernel's own calls (`agent.watching.mounting`)."""

    mounts = staticmethod(current)
    make_read_only = staticmethod(mounting.make_read_only)
    make_writable = staticmethod(mounting.make_writable)
    private_view = staticmethod(mounting.private_view)
    unmount = staticmethod(mounting.unmount)
    mount_again = staticmethod(mounting.mount_again)
    mounted_in_private = staticmethod(mounting.mounted_in_private)


class Holding:
    """The media that are held. Safe to use from several threads."""

    def __init__(self, state: Path, hands: Hands | None = None) -> None:
        self._file = state / FILE
        self._state = state
        self._hands: Hands = hands or Linux()
        self._lock = threading.RLock()
        self._complained: set[int | None] = set()
        self._views: dict[str, int] = {}
        """Number of a blocked medium → descriptor by which we still read it."""
        self._held = {held.number: held for held in _read(self._file) if device.count(held.number) == held.count}

    # --- what stands --------------------------------------------------------------------------------------------

    def views(self) -> dict[str, Attached]:
        """Blocked media that are still plugged in, by number, with the path at which only we can read them."""
        with self._lock:
            return {
                number: Attached(number, held.mark, self._view(held), held.medium)
                for number, held in self._held.items()
                if held.how == "block" and device.count(number) == held.count
            }

    def how(self, number: str) -> How | None:
        """How a medium is held; None where it is not."""
        with self._lock:
            held = self._held.get(number)
            return held.how if held else None

    def all(self) -> Iterable[Held]:
        """What is held."""
        with self._lock:
            return list(self._held.values())

    def access(self, number: str) -> Access:
        """How a medium is found to stand now, whatever was wanted."""
        mounts = self._mounts(number)
        if not mounts:
            return "unmounted"
        return (
            "read-only"
            if all("ro" in (one.own_options.split(",")[0], one.options.split(",")[0]) for one in mounts)
            else "writable"
        )

    # --- doing and undoing --------------------------------------------------------------------------------------

    def hold(self, attached: Attached, how: How) -> Access:
        """Hold a medium, or hold it again where somebody has mounted it meanwhile; how it stands after that."""
        number = attached.key
        with self._lock:
            mounts = tuple(self._mounts(number))
            if mounts:
                count = device.count(number)
                if number not in self._held:
                    self._held[number] = Held(
                        number=number, count=count, how=how, mark=attached.mark, medium=attached.medium, mounts=mounts
                    )
                    self._write()  # first: what was done must be known, or nobody could undo it
                self._try(lambda: self._close(number, mounts, how))
            return self.access(number)

    def release(self, number: str) -> Access:
        """Undo it; how the medium stands after that."""
        with self._lock:
            held = self._held.pop(number, None)
            if held is None:
                return self.access(number)
            if not self._try(lambda: self._open(held)):
                self._held[number] = held
                return self.access(number)
            self._forget_view(number)
            self._write()
            return self.access(number)

    def forget(self, number: str) -> None:
        """The medium has gone: there is nothing to be undone."""
        with self._lock:
            if self._held.pop(number, None) is not None:
                self._forget_view(number)
                self._write()

    def _close(self, number: str, mounts: tuple[Mount, ...], how: How) -> None:
        if how == "read-only":
            for mount in mounts[:1]:  # the file system itself, wherever it is mounted
                self._hands.make_read_only(mount.path, mount.options)
            return
        if number not in self._views:
            self._views[number] = self._hands.private_view(mounts[0].path)
        for mount in reversed(mounts):
            self._hands.unmount(mount.path)

    def _open(self, held: Held) -> None:
        there = self._mounts(held.number)
        if held.how == "read-only":
            for mount in (there and held.mounts)[:1]:
                if "ro" not in mount.own_options.split(","):
                    self._hands.make_writable(there[0].path, mount.options)
            return
        for mount in held.mounts if not there else ():
            own = mounting.data_of(mount.own_options)
            try:
                self._hands.mount_again(mount.source, mount.path, mount.filesystem, mount.options, own)
            except OSError:  # an option that is told and not taken
                self._hands.mount_again(mount.source, mount.path, mount.filesystem, mount.options, "")

    # --- below --------------------------------------------------------------------------------------------------

    def _mounts(self, number: str) -> list[Mount]:
        return [mount for mount in self._hands.mounts() if block_number(mount) == number]

    def _view(self, held: Held) -> str:
        """The path by which only we read a blocked medium; empty where that cannot be had."""
        if held.number not in self._views:
            first = held.mounts[0]
            self._try(
                lambda: self._views.update(
                    {held.number: self._hands.mounted_in_private(first.source, first.filesystem, self._state)}
                )
            )
        descriptor = self._views.get(held.number)
        return "" if descriptor is None else f"{PRIVATE}{descriptor}"

    def _forget_view(self, number: str) -> None:
        descriptor = self._views.pop(number, None)
        if descriptor is not None:
            os.close(descriptor)

    def _try(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except OSError as error:
            if error.errno not in self._complained:  # it is tried again every few seconds
                self._complained.add(error.errno)
                log.warning("a medium could not be held or released: %s", os.strerror(error.errno or 0))
            return False
        self._complained.clear()
        return True

    def _write(self) -> None:
        beside = self._file.with_suffix(".new")
        with suppress(OSError):
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(list(self._held.values())))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._file)


def _read(file: Path) -> list[Held]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Held])
    except (OSError, msgspec.DecodeError):
        return []
