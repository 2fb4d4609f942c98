"""The walk: every file below the given paths, hidden ones too, each once, and a word on what cannot be entered.

Symbolic links are not followed (what they point to is met in its own place, or is none of this scan's business),
special files are named and never opened, other file systems are entered only when asked, and the pseudo file
systems of the kernel (/proc, /sys …) never. Names are kept byte for byte (surrogateescape).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from protocol.records import Reason

Order = Literal["tree", "newest"]

# fmt: off
PSEUDO = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts",
    "devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore",
    "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
})
# fmt: on
"""File systems that hold no files of people's; reading some of them blocks or changes the machine."""

NEWEST_AT_ONCE = 100_000
"""How many files are held at once to be put in order, newest first; bounds the memory of a walk."""


TO_SHARE = 8
"""Folders that wait, from which on half of them can be given to another process."""

FILES_TOGETHER = 4096
"""How many files of one folder are looked at together; bounds the memory of a walk through a folder of millions."""


class Found(msgspec.Struct, frozen=True, eq=False):
    """A regular file that was met; no other is equal to it."""

    path: str
    """As given on the command line joined with the walk; undecodable bytes as surrogates."""
    folder: str
    """The folders between the start and the file, the start's own name first; for markings in folder names."""
    status: os.stat_result
    target: str = ""
    """Where ``path`` leads, for a link that the person named; empty for everything met on the way."""
    listing: Listing | None = None
    """The folder's files it was met with; None for one that the person named."""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rpartition("/")[2]


class Listing(msgspec.Struct):
    """The regular files of one folder, or the next few thousand of them, as they were met together."""

    path: str
    inside: str
    """As `Found.folder`."""
    device: int
    files: list[tuple[str, os.stat_result]]
    """Their names and what the file system says of them, in the order of their names."""
    part: bool = False
    """Whether there are more files in the folder than these."""

    def found(self) -> Iterator[Found]:
        """The files one by one."""
        for name, status in self.files:
            yield Found(f"{self.path}{name}", self.inside, status, listing=self)


class NotEntered(msgspec.Struct, frozen=True):
    """Something that was met and cannot be examined: an unreadable folder, a special file."""

    path: str
    reason: Reason
    media_type: str


@dataclass
class Walk:
    """One walk over some paths. Iterating it yields `Found` and `NotEntered`.

    Raises `MissingPath` at the start, before anything is yielded, where a path does not exist.
    """

    paths: Sequence[str]
    cross_file_systems: bool = False
    order: Order = "tree"
    skip: tuple[int, int] | None = None
    """Device and inode of one file to leave out: the scan's own output, being written."""
    share: Callable[[list[Folder], int], None] | None = None
    """Takes, once, every second folder off the walk, with all below (see `agent.scanning.abreast`)."""
    other_file_systems: list[str] = field(default_factory=list)
    """Mount points that were met and not entered, as the walk goes; for a note to the person."""

    def __iter__(self) -> Iterator[Found | NotEntered]:
        return in_order(_one_by_one(self.listings()), self.order)

    def once_more(self, path: str, inside: str, device: int) -> Iterator[Listing | NotEntered]:
        """The files of a folder that was met before; what else is in it was told then."""
        real = os.path.realpath(path) if self._own else ""
        folder = Folder(path.rstrip("/") or "/", inside, real, (device, 0), None)
        mounts = len(self.other_file_systems)
        for met in self._folder(folder, device, []):
            if isinstance(met, Listing) or met.path == folder.path:
                yield met
        del self.other_file_systems[mounts:]

    def listings(self) -> Iterator[Listing | Found | NotEntered]:
        """The walk folder by folder, in the order of the tree: what is known of a whole folder need not be asked anew.

        Raises `MissingPath` at once where a path does not exist.
        """
        starts = [_start(path) for path in self.paths]
        self._own = {start.real for start in starts} if len(starts) > 1 else set()
        self._pseudo = _pseudo_devices()
        return self._all(starts)

    def _all(self, starts: Sequence[_Start]) -> Iterator[Listing | Found | NotEntered]:
        seen: set[str] = set()
        for start in starts:
            if start.real in seen:
                continue
            seen.add(start.real)
            if stat.S_ISDIR(start.status.st_mode):
                yield from self._tree(start)
            else:
                yield _file(start.path, "", start.status, start.real if Path(start.path).is_symlink() else "")

    def _tree(self, start: _Start) -> Iterator[Listing | NotEntered]:
        """One directory given by the person and all below it, without recursion: depth costs no stack."""
        name = Path(start.real).name or start.real
        home = start.status.st_dev
        if home in self._pseudo:
            yield NotEntered(start.path, Reason.SPECIAL_FILE, "inode/directory")
            return
        yield from self.below([Folder(start.path, name, start.real, (home, start.status.st_ino), None)], home)

    def below(self, waiting: list[Folder], home: int) -> Iterator[Listing | NotEntered]:
        """Some folders and all below them, on the file system ``home``."""
        while waiting:
            if self.share is not None and len(waiting) >= TO_SHARE:
                share, self.share = self.share, None
                share(waiting[0::2], home)
                waiting = waiting[1::2]
            below: list[Folder] = []
            yield from self._folder(waiting.pop(), home, below)
            waiting.extend(reversed(below))

    def _folder(self, folder: Folder, home: int, below: list[Folder]) -> Iterator[Listing | NotEntered]:
        """One folder; those in it are added to ``below``."""
        try:
            # By its descriptor: each file in it is then looked up by its name alone.
            descriptor = os.open(folder.path, _FOLDER if folder.parent is None else _FOLDER | os.O_NOFOLLOW)
            try:
                with os.scandir(descriptor) as entries:
                    yield from self._entries(entries, folder, home, below)
            finally:
                os.close(descriptor)
        except OSError as error:
            yield NotEntered(folder.path, _why(error), "inode/directory")

    def _entries(
        self, entries: Iterator[os.DirEntry[str]], folder: Folder, home: int, below: list[Folder]
    ) -> Iterator[Listing | NotEntered]:
        path = folder.path if folder.path.endswith("/") else f"{folder.path}/"
        files: list[tuple[str, os.stat_result]] = []
        part = False
        own, place = self._own, folder.real.rstrip("/")
        for entry in entries:
            try:
                if own and f"{place}/{entry.name}" in own:
                    continue  # given by the person as a start of its own
                if entry.is_file(follow_symlinks=False):
                    files.append((entry.name, entry.stat(follow_symlinks=False)))
                    if len(files) >= FILES_TOGETHER:
                        yield self._listing(path, folder, files, part=True)
                        files, part = [], True
                    continue
                if entry.is_symlink():
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                yield NotEntered(f"{path}{entry.name}", _why(error), "application/octet-stream")
                continue
            if not stat.S_ISDIR(status.st_mode):
                yield _special(f"{path}{entry.name}", status)
            elif self._enters(f"{path}{entry.name}", status, folder, home):
                real = f"{folder.real.rstrip('/')}/{entry.name}" if self._own else ""
                identity = (status.st_dev, status.st_ino)
                below.append(Folder(f"{path}{entry.name}", f"{folder.inside}/{entry.name}", real, identity, folder))
        if files:
            yield self._listing(path, folder, files, part=part)

    def _listing(self, path: str, folder: Folder, files: list[tuple[str, os.stat_result]], *, part: bool) -> Listing:
        if self.skip is not None:
            files = [(name, status) for name, status in files if (status.st_dev, status.st_ino) != self.skip]
        files.sort()
        return Listing(path, folder.inside, folder.identity[0], files, part)

    def _enters(self, path: str, status: os.stat_result, folder: Folder, home: int) -> bool:
        if folder.is_or_is_below((status.st_dev, status.st_ino)):
            return False  # only a damaged or hostile file system has a folder inside itself
        if status.st_dev != home and (status.st_dev in self._pseudo or not self.cross_file_systems):
            self.other_file_systems.append(path)
            return False
        return True


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NONBLOCK


class MissingPath(Exception):
    """A path given by the person does not exist or cannot be looked at."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror}")
        self.path = path
        self.missing = isinstance(error, FileNotFoundError | NotADirectoryError)


class _Start(msgspec.Struct, frozen=True):
    path: str
    real: str
    status: os.stat_result


class Folder(msgspec.Struct, frozen=True):
    """A folder that is to be entered."""

    path: str
    inside: str
    """As `Found.folder`."""
    real: str
    """Its path without links; empty where there is only one start and nobody asks."""
    identity: tuple[int, int]
    """Device and inode."""
    parent: Folder | None

    def is_or_is_below(self, identity: tuple[int, int]) -> bool:
        """Whether the folder with this device and inode is this one or stands above it."""
        folder: Folder | None = self
        while folder is not None:
            if folder.identity == identity:
                return True
            folder = folder.parent
        return False


def _start(path: str) -> _Start:
    """A path as given: here, and only here, a link is followed, for the person named it."""
    if not path:  # to `Path` that is the folder we are in, and to the system no name at all
        raise MissingPath(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    try:
        return _Start(path, os.path.realpath(path), Path(path).stat())
    except OSError as error:
        raise MissingPath(path, error) from error


def _file(path: str, folder: str, status: os.stat_result, target: str = "") -> Found | NotEntered:
    return Found(path, folder, status, target) if stat.S_ISREG(status.st_mode) else _special(path, status)


def _special(path: str, status: os.stat_result) -> NotEntered:
    return NotEntered(path, Reason.SPECIAL_FILE, _SPECIAL.get(stat.S_IFMT(status.st_mode), "application/octet-stream"))


_SPECIAL = {
    stat.S_IFIFO: "inode/fifo",
    stat.S_IFSOCK: "inode/socket",
    stat.S_IFCHR: "inode/chardevice",
    stat.S_IFBLK: "inode/blockdevice",
}


def _why(error: OSError) -> Reason:
    return Reason.VANISHED if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE) else Reason.UNREADABLE


def in_order(walked: Iterator[Found | NotEntered], order: Order) -> Iterator[Found | NotEntered]:
    """What a walk met, in the order wanted; ``newest`` holds so many at once as `NEWEST_AT_ONCE`."""
    return walked if order == "tree" else _newest_first(walked)


def _one_by_one(walked: Iterator[Listing | Found | NotEntered]) -> Iterator[Found | NotEntered]:
    for met in walked:
        if isinstance(met, Listing):
            yield from met.found()
        else:
            yield met


def _newest_first(walked: Iterator[Found | NotEntered]) -> Iterator[Found | NotEntered]:
    held: list[Found] = []
    for met in walked:
        if isinstance(met, NotEntered):
            yield met
            continue
        held.append(met)
        if len(held) >= NEWEST_AT_ONCE:
            yield from sorted(held, key=lambda file: -file.status.st_mtime_ns)
            held.clear()
    yield from sorted(held, key=lambda file: -file.status.st_mtime_ns)


def _pseudo_devices() -> set[int]:
    """Device numbers of the kernel's own file systems that are mounted; empty where that cannot be told."""
    devices: set[int] = set()
    try:
        with Path("/proc/self/mountinfo").open("rb") as lines:
            for line in lines:
                fields, _, rest = line.partition(b" - ")
                if rest.split(b" ", 1)[0].decode("ascii", "replace") in PSEUDO:
                    major, minor = fields.split()[2].split(b":")
                    devices.add(os.makedev(int(major), int(minor)))
    except (OSError, ValueError, IndexError):
        return devices
    return devices


def shown(path: str) -> str:
    """A path as text that any encoding of Unicode takes: undecodable bytes are written ``\\xNN``."""
    if path.isascii() or path.isprintable():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
