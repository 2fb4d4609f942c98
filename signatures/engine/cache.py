"""Compiled databases on disk: loaded in milliseconds, trusted only where nobody else could have put them.

A compiled database is data that a matcher executes. So one is loaded only from a regular file that this user (or
root) owns in a directory that this user (or root) owns and nobody else may write to. What is damaged, foreign or
open to others is left alone and compiled anew: a cache never makes an error.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

_MAGIC = b"mijian-sieve-1\n"
_HEAD = len(_MAGIC) + hashlib.sha256().digest_size
_LARGEST = 256 * 1024 * 1024
_POSIX = os.name == "posix"


class Cache:
    """A folder of compiled databases, each named by the hash of all that it was compiled from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str, *, proven: bool = False) -> bytes | None:
        """The database kept under ``key``, or None where there is none that may be trusted.

        ``proven``: whoever asks sees for itself whether it is whole, so its digest need not be worked out.
        """
        if not _ours(self.folder, directory=True):
            return None
        try:
            handle = os.open(self._file(key), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        except OSError:
            return None
        with os.fdopen(handle, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not _safe(status, directory=False) or status.st_size > _LARGEST:
                return None
            try:
                head = file.read(_HEAD)
                # Read apart from its head, and told its size: most of the time to load it goes into fresh memory.
                blob = file.read(max(status.st_size - _HEAD, 0)) or b""
            except OSError:
                return None
        if len(head) != _HEAD or _HEAD + len(blob) != status.st_size or head[: len(_MAGIC)] != _MAGIC:
            return None
        return blob if proven or head[len(_MAGIC) :] == hashlib.sha256(blob).digest() else None

    def store(self, key: str, blob: bytes) -> bool:
        """Keep ``blob`` under ``key``, whole or not at all, readable by this user only. False where it cannot be."""
        import tempfile  # here: most often all is there already

        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _ours(self.folder, directory=True):
                return False
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        except OSError:
            return False
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(blob).digest() + blob)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file(key))
        except OSError:
            fresh.unlink(missing_ok=True)
            return False
        return True

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.sieve"


def _ours(path: Path, *, directory: bool) -> bool:
    try:
        return _safe(path.lstat(), directory=directory)
    except OSError:
        return False


def _safe(status: os.stat_result, *, directory: bool) -> bool:
    """Whether this is a thing of the right kind that only this user or root can have made or changed."""
    if not (stat.S_ISDIR if directory else stat.S_ISREG)(status.st_mode):
        return False
    if not _POSIX:
        return True
    return status.st_uid in (os.geteuid(), 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
