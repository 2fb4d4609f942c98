"""A list of keywords that is read anew when its file changes; a broken new version never takes the old one's place."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from signatures.keywords.lists import KeywordList
from signatures.keywords.reading import LARGEST, parse
from signatures.strict_yaml import FileMistake


class Watched:
    """Keeps one list current. May be asked by several threads; each sees one whole list or the next, never a mixture.

    Raises `FileMistake` or `OSError` when made for a file that cannot be used: there is no old version to keep then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._refreshing = threading.Lock()
        self._stamp, data = _look(path)
        self._looked = _hash(data)
        self._current = parse(data, path)
        self._data = data
        self._refusal: str | None = None
        self._missing: str | None = None

    @property
    def current(self) -> KeywordList:
        """The list in force."""
        return self._current

    @property
    def data(self) -> bytes:
        """The bytes of the list in force: for whoever must hand it on to a process of its own."""
        return self._data

    @property
    def problem(self) -> str | None:
        """Why the file as it now is was refused, with file and line; None where the list in force is that file."""
        return self._missing or self._refusal

    def refresh(self) -> bool:
        """Look whether the file has changed, and take its new version. True where another list is in force now.

        Cheap while nothing changed: one look at size, times and identity of the file. Call it before each scan, or
        every few seconds; what was caught half written is refused and taken at the next look.
        """
        with self._refreshing:
            try:
                if self._missing is None and _stamp(self._path) == self._stamp:
                    return False
                self._stamp, data = _look(self._path)
            except OSError as error:
                self._missing = f"{self._path}: {error.strerror or 'cannot be read'}; the last list stays in force"
                return False
            self._missing = None
            looked = _hash(data)
            if looked == self._looked:
                return False
            self._looked = looked
            try:
                fresh = parse(data, self._path)
            except FileMistake as error:
                self._refusal = f"{error}; the last list stays in force"
                return False
            self._refusal = None
            changed = fresh.digest != self._current.digest
            self._current, self._data = fresh, data
            return changed


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _stamp(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns


def _look(path: Path) -> tuple[tuple[int, ...], bytes]:
    """The bytes of a file, and its stamp from before they were read: what is written meanwhile is seen next time."""
    stamp = _stamp(path)
    with path.open("rb") as file:
        return stamp, file.read(LARGEST + 1)
