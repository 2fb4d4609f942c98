"""A system tree that checks read through: the running system, or an offline one below some directory.

Every name is resolved component by component inside the root, symbolic links included, as if the root were ``/``.
Nothing is ever written, a FIFO or device is never opened, and every read has a bound: what cannot be read ends as
`Unreadable` with a fixed sentence, never as a hang, a crash or a silent "nothing there".
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TypeVar

from signatures.controls import Text

T = TypeVar("T")
MiB = 1024 * 1024
MOST_HOPS = 40
MOST_NAMES = 20_000
"""Names of one directory that are looked at; a directory with more is told as too large."""

NO_PERMISSION = Text(zh="没有读取权限：请以管理员身份运行", en="not permitted to read it: run as administrator")
LOOP = Text(zh="符号链接成环", en="symbolic links lead in a circle")
NOT_A_FILE = Text(zh="不是普通文件（管道、设备或目录）", en="not an ordinary file (a pipe, device or directory)")
TOO_LARGE = Text(zh="文件过大，未读取", en="too large to be read here")
DAMAGED = Text(zh="内容损坏，无法解析", en="damaged: its content cannot be understood")
FAULT = Text(zh="读取时发生磁盘或系统错误", en="the system failed to read it")


class Unreadable(Exception):
    """Something is there and cannot be read; ``why`` is a fixed sentence, ``path`` the name below the root."""

    def __init__(self, path: str, why: Text) -> None:
        super().__init__(f"{path}: {why.en}")
        self.path = path
        self.why = why


class Tree:
    """The files below one root."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.live = root.resolve() == Path("/")
        """Whether this is the system that is running: only then do ``proc`` and ``sys`` speak of it."""

    def read(self, path: str, limit: int = MiB) -> str | None:
        """The text of a file, decoded kindly; None where there is none. Raises `Unreadable`, also above ``limit``."""
        data = self.read_bytes(path, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def read_bytes(self, path: str, limit: int = MiB) -> bytes | None:
        """The bytes of a file; None where there is none. Raises `Unreadable`, also where it has more than ``limit``."""
        with self._file(path) as descriptor:
            if descriptor is None:
                return None
            data = _read(descriptor, path, limit + 1)
        if len(data) > limit:
            raise Unreadable(path, TOO_LARGE)
        return data

    def head(self, path: str, count: int) -> bytes | None:
        """The first bytes of a file of any size; None where there is none. Raises `Unreadable`."""
        with self._file(path) as descriptor:
            return None if descriptor is None else _read(descriptor, path, count)

    def tail(self, path: str, limit: int = MiB) -> list[str]:
        """The last whole lines of a log within ``limit`` bytes, oldest first; none where there is no such file."""
        with self._file(path) as descriptor:
            if descriptor is None:
                return []
            size = os.fstat(descriptor).st_size
            if size > limit:
                os.lseek(descriptor, size - limit, os.SEEK_SET)
            lines = _read(descriptor, path, limit).decode("utf-8", "replace").splitlines()
        return lines[1:] if size > limit else lines

    def opened(self, path: str) -> AbstractContextManager[int | None]:
        """A descriptor on an ordinary file, for what is read in pieces; None where there is none."""
        return self._file(path)

    def lines(self, path: str, limit: int = MiB) -> list[str]:
        """The lines of a settings file without those that are empty or comments (``#``, ``;``)."""
        stripped = (line.strip() for line in (self.read(path, limit) or "").splitlines())
        return [line for line in stripped if line and line[0] not in "#;"]

    def status(self, path: str) -> os.stat_result | None:
        """What the file system says of a file or directory; None where there is none. Raises `Unreadable`."""
        with self._resolved(path) as (descriptor, _, _):
            return None if descriptor is None else os.fstat(descriptor)

    def exists(self, path: str) -> bool:
        """Whether there is something of this name, links followed. Raises `Unreadable`."""
        return self.status(path) is not None

    def first(self, *paths: str) -> str | None:
        """The first of these names that exists. Raises `Unreadable`."""
        return next((path for path in paths if self.exists(path)), None)

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted; none where there is no such directory. Raises `Unreadable`."""
        return self._listed(path, _names)

    def _listed(self, path: str, act: Callable[[int, str], list[T]]) -> list[T]:
        with self._resolved(path) as (descriptor, _, _):
            if descriptor is None or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                return []
            try:
                opened = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=descriptor)
            except PermissionError as error:
                raise Unreadable(path, NO_PERMISSION) from error
            try:
                return act(opened, path)
            finally:
                os.close(opened)

    def kinds(self, path: str) -> list[tuple[str, int]]:
        """Names in a directory, each with its kind as ``stat.S_IFMT`` tells it (a link stands for all others).

        Raises `Unreadable`.
        """
        return self._listed(path, _kinds)

    def glob(self, pattern: str) -> list[str]:
        """Names that fit a pattern with ``*`` in any component; links are followed within the root."""
        found = [""]
        for part in pattern.strip("/").split("/"):
            if "*" in part:
                found = [_join(folder, name) for folder in found for name in self._fitting(folder, part)]
            else:
                found = [_join(folder, part) for folder in found]
        return [name for name in found if self.exists(name)]

    def _fitting(self, folder: str, part: str) -> list[str]:
        return [name for name in self.names(folder) if fnmatchcase(name, part) and (name[0] != "." or part[0] == ".")]

    @contextmanager
    def _file(self, path: str) -> Iterator[int | None]:
        """An ordinary file, open for reading. The type is known before it is opened: opening a device can change it."""
        with self._resolved(path) as (descriptor, folder, name):
            if descriptor is None:
                yield None
                return
            known = os.fstat(descriptor)
            if not stat.S_ISREG(known.st_mode):
                raise Unreadable(path, NOT_A_FILE)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            opened = _told(partial(os.open, name, flags, dir_fd=folder), path)
            if opened is None:
                yield None
                return
            try:
                now = os.fstat(opened)
                if (now.st_dev, now.st_ino) != (known.st_dev, known.st_ino) or not stat.S_ISREG(now.st_mode):
                    raise Unreadable(path, NOT_A_FILE)
                yield opened
            finally:
                os.close(opened)

    @contextmanager
    def _resolved(self, path: str) -> Iterator[tuple[int | None, int, str]]:
        """A handle on what a name means (None where nothing), with the directory and name it was found by."""
        walk = _Walk(self.root, path)
        try:
            walk.go()
            yield walk.found, walk.folder, walk.name
        finally:
            walk.close()


class _Walk:
    """One resolution of a name inside a root, by handles, so that nobody can move it elsewhere meanwhile."""

    def __init__(self, root: Path, path: str) -> None:
        self._path = path
        self._stack = [os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)]
        self._pending = path.split("/")[::-1]
        self.found: int | None = self._stack[0]
        self.folder = self._stack[0]
        self.name = "."

    def go(self) -> None:
        """Resolve. Raises `Unreadable`."""
        hops, flags = 0, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
        while self._pending:
            part = self._pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                self._up()
                continue
            opened = _told(partial(os.open, part, flags, dir_fd=self._stack[-1]), self._path)
            if opened is None:
                self.found = None
                return
            if stat.S_ISLNK(os.fstat(opened).st_mode):
                hops += 1
                self._follow(opened)
                if hops > MOST_HOPS:
                    raise Unreadable(self._path, LOOP)
                continue
            self.folder, self.name = self._stack[-1], part
            self._stack.append(opened)
            self.found = opened

    def _up(self) -> None:
        if len(self._stack) > 1:
            os.close(self._stack.pop())
        self._here()

    def _follow(self, link: int) -> None:
        try:
            target = os.readlink("", dir_fd=link)
        finally:
            os.close(link)
        if target.startswith("/"):
            while len(self._stack) > 1:
                os.close(self._stack.pop())
            self._here()
        self._pending.extend(target.split("/")[::-1])

    def _here(self) -> None:
        self.found, self.folder, self.name = self._stack[-1], self._stack[-1], "."

    def close(self) -> None:
        """Close every handle."""
        for descriptor in self._stack:
            os.close(descriptor)


def _told(open_it: Callable[[], int], path: str) -> int | None:
    """A descriptor, or None where there is nothing of that name. Raises `Unreadable`."""
    try:
        return open_it()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise Unreadable(path, NO_PERMISSION) from error
    except OSError as error:
        raise Unreadable(path, LOOP if error.errno == errno.ELOOP else FAULT) from error


def _read(descriptor: int, path: str, limit: int) -> bytes:
    """Up to ``limit`` bytes. Files of ``proc`` say they are empty and are not, so the size is not asked."""
    pieces = []
    try:
        while limit > 0 and (piece := os.read(descriptor, min(limit, 256 * 1024))):
            pieces.append(piece)
            limit -= len(piece)
    except PermissionError as error:
        raise Unreadable(path, NO_PERMISSION) from error
    except OSError as error:
        raise Unreadable(path, FAULT) from error
    return b"".join(pieces)


def _names(opened: int, path: str) -> list[str]:
    names = []
    with os.scandir(opened) as entries:
        for entry in entries:
            names.append(entry.name)
            if len(names) > MOST_NAMES:
                raise Unreadable(path, TOO_LARGE)
    return sorted(names)


def _kinds(opened: int, path: str) -> list[tuple[str, int]]:
    found = []
    with os.scandir(opened) as entries:
        for entry in entries:
            kind = stat.S_IFDIR if entry.is_dir(follow_symlinks=False) else 0
            found.append((entry.name, kind or (stat.S_IFREG if entry.is_file(follow_symlinks=False) else stat.S_IFLNK)))
            if len(found) > MOST_NAMES:
                raise Unreadable(path, TOO_LARGE)
    return found


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
