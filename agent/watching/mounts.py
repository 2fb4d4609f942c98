"""Mounts of this computer, as the kernel tells them in ``/proc/self/mountinfo`` (proc(5))."""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent.scanning.walk import PSEUDO
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


class Table(Protocol):
    """What of the table of mounts is asked: `MountTable`, or `agent.watching.partitions.Partitions` in its place."""

    sign: int
    """What poll(2) shows of the descriptor once there was a change."""

    def read(self) -> list[Mount]:
        """All mounts now."""

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait for a change, at most ``seconds`` or until ``stop`` is set; says whether there was one."""

    def fileno(self) -> int:
        """What poll(2) takes."""

    def close(self) -> None:
        """Let go of what it holds."""


class MountTable:
    """The table of mounts, with a wait for changes that costs nothing: the kernel signals them with POLLPRI."""

    sign = select.POLLPRI

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
        return wait_for(stop, seconds, self, self.sign)

    def fileno(self) -> int:
        """What poll(2) takes."""
        return self._descriptor

    def close(self) -> None:
        """Let go of the descriptor."""
        os.close(self._descriptor)


NOT_FILES = PSEUDO | {"squashfs", "iso9660", "udf", "fuse.gvfsd-fuse", "fuse.portal", "nfsd"}
"""Types of file systems in which nobody's files lie, or those of the system alone."""
REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.vmhgfs-fuse", "fuse.davfs2", "davfs", "fuse.rclone"}
)
"""Types of file systems that others write to as well: the kernel tells only what is written from this computer."""
MEMORY = frozenset({"tmpfs", "ramfs"})
_OF_THE_SYSTEM = ("/run/", "/dev/", "/proc/", "/sys/")
"""What is mounted in memory below these is the system's own, but for ``/dev/shm``, which is everybody's."""


def fixed_roots(mounts: Iterable[Mount], media: Iterable[str]) -> list[str]:
    """Where the computer's own file systems are mounted, each once: disks, their subvolumes, and disks in memory.

    ``media``: where media are mounted; what else is mounted of them counts as theirs. Shares of servers are none of
    ours: a schedule has to name them. A part of a file system that is mounted once more is not looked at twice.
    """
    found = list(mounts)
    away = set(media)
    gone = {mount.device for mount in found if mount.path in away}
    roots: dict[tuple[str, str], str] = {}
    for mount in sorted(found, key=lambda mount: (mount.path != "/", mount.root != "/")):  # the whole before its parts
        if mount.filesystem in NOT_FILES or mount.device in gone or not (mount.path == "/" or _is_own(mount)):
            continue
        whole = (mount.device, "/") in roots and mount.filesystem != "btrfs"  # its subvolumes are not walked into
        if not whole:
            roots.setdefault((mount.device, mount.root), mount.path)
    return sorted(roots.values()) or ["/"]


def _is_own(mount: Mount) -> bool:
    if mount.filesystem in MEMORY:
        return mount.path == "/dev/shm" or not f"{mount.path}/".startswith(_OF_THE_SYSTEM)  # noqa: S108
    return mount.filesystem == "zfs" or mount.source.startswith("/dev/")


def below(folders: Iterable[str], mounts: Iterable[Mount]) -> list[str]:
    """Where other file systems are mounted below some folders: the kernel's file events of the folders end there."""
    tops = tuple(folder.rstrip("/") + "/" for folder in folders)
    return sorted({mount.path for mount in mounts if mount.path.startswith(tops) and mount.filesystem not in NOT_FILES})


def on_servers(folders: Iterable[str], mounts: Iterable[Mount]) -> list[str]:
    """Those of some folders that lie on a share."""
    kinds = {mount.path: mount.filesystem for mount in mounts}  # of several on one place, the last is what is seen

    def kind(path: str) -> str:
        return next((kinds[above] for above in (path, *map(str, Path(path).parents)) if above in kinds), "")

    return [folder for folder in folders if kind(folder) in REMOTE]
