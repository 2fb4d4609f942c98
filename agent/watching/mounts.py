"""Mounts of this computer, as the kernel tells them in ``/proc/self/mountinfo`` (proc(5))."""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.watching.waiting import wait_for

MOUNTINFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    id: int
    device: str
    """``major:minor``."""
    root: str
    """Which directory of the file system is mounted; ``/`` but for bind mounts of a part."""
    path: str
    """Mount point; bytes that are not UTF-8 as surrogates."""
    filesystem: str
    source: str
    options: str = ""
    """Of this mount: ``rw,nosuid,nodev``."""
    own_options: str = ""
    """Of the file system, wherever it is mounted; ``ro`` where nobody can write to it."""


def parse(data: bytes) -> list[Mount]:
    """The mounts in the order of the kernel. Lines of a shape not known are left out."""
    mounts = []
    for line in data.splitlines():
        left, dash, right = line.partition(b" - ")
        head, tail = left.split(b" "), right.split(b" ")
        if not dash or len(head) < 6 or len(tail) < 2:
            continue
        names = (_plain(head[3]), _plain(head[4]), tail[0].decode(), _plain(tail[1]))
        own = _plain(tail[2]) if len(tail) > 2 else ""
        mounts.append(Mount(int(head[0]), head[2].decode(), *names, head[5].decode(), own))
    return mounts


def _plain(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field))


class MountTable:
    """The table of mounts, with a wait for changes that costs nothing: the kernel signals them with POLLPRI."""

    def __init__(self, file: Path = MOUNTINFO) -> None:
        self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> list[Mount]:
        """All mounts now."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        data = b""
        while piece := os.read(self._descriptor, 1 << 16):
            data += piece
        return parse(data)

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait for a change, at most ``seconds`` or until ``stop`` is set; says whether there was one."""
        return wait_for(stop, seconds, self, select.POLLPRI)

    def fileno(self) -> int:
        """What poll(2) takes."""
        return self._descriptor

    def close(self) -> None:
        """Let go of the descriptor."""
        os.close(self._descriptor)


def current() -> list[Mount]:
    """All mounts now, where nobody waits for them to change. Raises `OSError`."""
    return parse(MOUNTINFO.read_bytes())


_NOT_FILES = frozenset({"squashfs", "iso9660", "udf", "fuse.gvfsd-fuse", "fuse.portal", "nsfs", "autofs"})


def fixed_roots(mounts: Iterable[Mount], media: Iterable[str]) -> list[str]:
    """Where the computer's own file systems are mounted: the root, and every block device that is no medium, once."""
    away = set(media)
    roots: dict[str, str] = {}
    for mount in mounts:
        own = mount.path == "/" or (mount.source.startswith("/dev/") and not mount.device.startswith("0:"))
        if own and mount.root == "/" and mount.filesystem not in _NOT_FILES and mount.path not in away:
            roots.setdefault(mount.device, mount.path)
    return sorted(roots.values()) or ["/"]
