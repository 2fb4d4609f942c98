"""Drive arrival on Windows: the same events as `agent.watching.media` tells, from the drive letters there are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from agent.watching.media import Attached, MediaEvent, changes
from agent.windows.storage import Drive, identify

TICK_SECONDS = 0.5
"""How often the letters are looked at: one call that reads a word of 26 bits."""


class Drives(Protocol):
    """What of Windows is asked."""

    def letters(self) -> int:
        """A bit for each drive letter in use (GetLogicalDrives)."""

    def all(self) -> Sequence[Drive]:
        """The drives with a medium in them."""


class DriveWatch:
    """Looks at the drives and tells what changed; used as `agent.watching.media.MediaWatch` is."""

    def __init__(self, drives: Drives, organisation_key: bytes, boot: str = "") -> None:
        """``boot``: another word after each start of the computer."""
        self._drives = drives
        self._organisation_key = organisation_key
        self._boot = boot
        self._present: dict[str, Attached] = {}

    def run(
        self, tell: Callable[[MediaEvent], None], stop: threading.Event, begun: Callable[[], None] = lambda: None
    ) -> None:
        """Tell what is there, call ``begun``, then tell every change, until ``stop`` is set."""
        for event in self.step():
            tell(event)
        begun()
        while not stop.wait(TICK_SECONDS):
            for event in self.step():
                tell(event)

    def step(self) -> list[MediaEvent]:
        """What changed since the last step."""
        now = self.look()
        letters = self._drives.letters()
        events = changes(self._present, now, lambda attached: bool(letters >> (ord(attached.path[0]) - ord("A")) & 1))
        self._present = now
        return events

    def look(self) -> dict[str, Attached]:
        """The media that can be read now, by the lasting name of their volume."""
        found: dict[str, Attached] = {}
        for drive in self._drives.all():
            device = identify(drive)
            if device.removable and drive.volume not in found:
                medium = device.medium(self._organisation_key, drive.filesystem.lower())
                mark = f"{self._boot} {drive.volume} {medium.key}"
                found[drive.volume] = Attached(drive.volume, mark, drive.root, medium)
        return found
