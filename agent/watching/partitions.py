"""Mounts where the kernel's own table cannot be read (another system, or ``/proc`` is hidden): as psutil lists them.

What the list does not say is made up for: there is no number of a mount, so a mount is known by its source and place;
a part of a file system that is mounted once more looks like the whole; and changes are looked for once a second.
"""

from __future__ import annotations

import os
import select
import stat
import threading
import zlib
from contextlib import suppress

import psutil

from agent.watching.mounts import Mount
from agent.watching.waiting import wait_for

TICK_SECONDS = 1.0


class Partitions:
    """The table of mounts by psutil; used as `agent.watching.mounts.MountTable` is."""

    sign = select.POLLIN

    def __init__(self, tick_seconds: float = TICK_SECONDS) -> None:
        """Raises `OSError` where psutil cannot list them either."""
        self._tick = tick_seconds
        self._last = self._list()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._ear, self._mouth = os.pipe()
        for end in (self._ear, self._mouth):
            os.set_blocking(end, False)

    def read(self) -> list[Mount]:
        """All mounts now. Raises `OSError`."""
        with suppress(BlockingIOError):  # what was told is heard
            os.read(self._ear, 4096)
        found = self._list()
        with self._lock:
            self._last = found
        return list(found)

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait for a change, at most ``seconds`` or until ``stop`` is set; says whether there was one."""
        return wait_for(stop, seconds, self, self.sign)

    def fileno(self) -> int:
        """What poll(2) takes: readable once something has changed since the last look."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="partitions", daemon=True)
            self._thread.start()
        return self._ear

    def close(self) -> None:
        """End the looking and let go of the descriptors."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        os.close(self._ear)
        os.close(self._mouth)

    def _look(self) -> None:
        while not self._closed.wait(self._tick):
            with suppress(OSError), self._lock:  # a list that cannot be had now is had at the next look
                if self._list() != self._last:
                    os.write(self._mouth, b"x")

    def _list(self) -> list[Mount]:
        return [_mount(one.device, one.mountpoint, one.fstype, one.opts) for one in psutil.disk_partitions(all=True)]


def _mount(source: str, path: str, filesystem: str, options: str) -> Mount:
    number = zlib.crc32(os.fsencode(f"{source}\0{path}"))
    return Mount(number, _device(source, number), "/", path, filesystem, source, options, options)


def _device(source: str, number: int) -> str:
    """``major:minor`` of what is mounted; of what is no device, a number of its own with major 0, as of the kernel.

    Never asked of the place itself: the server of a share may not answer.
    """
    if source.startswith("/dev/"):
        with suppress(OSError):
            status = os.stat(source)  # noqa: PTH116 (the bytes of the name are kept)
            if stat.S_ISBLK(status.st_mode):
                return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return f"0:{number}"
