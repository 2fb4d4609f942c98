"""Opening a file that is to be examined: reading it alters nothing, and whatever else it may be is not waited for."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from functools import lru_cache

import msgspec

from agent.scanning.walk import Found, shown
from agent.scanning.wire import Examined, Job, Reply
from agent.scanning.workforce import Known, Task
from protocol.records import Reason, Verdict

MiB = 1024 * 1024

SLOWEST = 4 * MiB
"""Bytes a second that every medium is taken to deliver and every reader to get through."""

LookUp = Callable[[Found, os.stat_result, int], Known | bytes | None]
"""Says what the content behind a file's descriptor was found to be before, or gives its text where that was kept."""

_NOT_THE_FILES_FAULT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class OutOfDescriptors(Exception):
    """This computer has none left just now, or no memory for one: that says nothing of the file."""


class Done(msgspec.Struct, frozen=True):
    """One file that was examined, or that could not be."""

    file: Found
    status: os.stat_result
    """Of the descriptor that was read, where one could be opened; else as the walk met it."""
    reply: Reply
    known: Known | None = None
    """What its content was found to be before, where that stands for it."""
    fatal: bool = False
    """Whether it was the end of the worker that read it: it is not to be tried again."""
    at_work: frozenset[str] = frozenset()
    """Which formats had a hand in it then."""


def opened(
    file: Found, patience: float, *, explain: bool = False, look_up: LookUp | None = None, keep: bool = False
) -> Task | Done:
    """A file opened to be handed to a worker, or how it ended. Raises `OutOfDescriptors`.

    ``look_up`` says what a content was found to be before. ``keep``: have its text handed back.
    """
    try:
        descriptor = open_to_read(file.target or file.path)
    except OSError as error:
        if error.errno in _NOT_THE_FILES_FAULT:
            raise OutOfDescriptors from error
        return unopened(file, _why_unopened(error))
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return unopened(file, Reason.SPECIAL_FILE)
    before = look_up(file, status, descriptor) if look_up is not None else None
    known, kept = (None, before) if isinstance(before, bytes) else (before, b"")
    seconds = patience + status.st_size / SLOWEST
    name, folder = _as_text(file.name), _folder_as_text(file.folder)
    job = Job(name, folder, status.st_size, seconds, status.st_mtime, explain, known is not None, keep, kept)
    return Task(file, status, job, descriptor, known=known)


def open_to_read(path: str) -> int:
    """A descriptor for a file that is to be read and in no way altered: not even its time of last access, if we may.

    Does not follow a link, wait for a FIFO or take a terminal. Raises OSError.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:
        return os.open(path, flags)  # O_NOATIME is for the owner and for root only


def _why_unopened(error: OSError) -> Reason:
    gone = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ELOOP, errno.ENODEV, errno.ENXIO)
    return Reason.VANISHED if error.errno in gone else Reason.UNREADABLE


def unopened(file: Found, reason: Reason) -> Done:
    """A file that could not be handed to anybody."""
    return Done(file, file.status, row(reason, file.status.st_size))


def row(reason: Reason, size: int) -> Reply:
    """The one row of a file of which nothing is known but why."""
    return Reply([Examined(Verdict.NOT_EXAMINED, "application/octet-stream", size, reason)])


def _as_text(name: str) -> str:
    """A name for the grammar: bytes that are no UTF-8 are tried as GB18030, as old Chinese media have them."""
    if name.isascii() or not _UNDECODABLE.search(name):
        return name
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return shown(name)


@lru_cache(maxsize=8)
def _folder_as_text(folder: str) -> str:
    return "/".join(map(_as_text, folder.split("/")))


_UNDECODABLE = re.compile("[\ud800-\udfff]")
