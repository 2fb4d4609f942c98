"""What a worker is at, on a page of memory that it shares with its keeper: read when the worker can no longer speak.

One byte for each format that has begun to read the file in hand or something inside it, and one for the grammar. The
worker is not believed more than that: whatever it writes there is a set of names of ours.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from agent.scanning.formats import FORMATS

GRAMMAR = "grammar"
"""What is told where passages are judged: no name of a format."""

_NAMES = (GRAMMAR, *sorted(set(FORMATS.values())))
_PLACE = {name: place for place, name in enumerate(_NAMES)}
_NOTHING = bytes(len(_NAMES))


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_FAILED = ctypes.c_void_p(-1).value


class AtWork:
    """One worker's page."""

    def __init__(self, descriptor: int) -> None:
        """Map the page behind a descriptor of `page`, which is closed. Raises OSError.

        Not by `mmap.mmap`, which holds a descriptor open as long as the page: a worker is to have none.
        """
        try:
            flags = mmap.PROT_READ | mmap.PROT_WRITE
            self._at = _libc.mmap(None, mmap.PAGESIZE, flags, mmap.MAP_SHARED, descriptor, 0)
            if self._at == _FAILED:
                raise OSError(ctypes.get_errno(), "a worker's page cannot be mapped")
        finally:
            os.close(descriptor)
        self._page = memoryview((ctypes.c_ubyte * mmap.PAGESIZE).from_address(self._at)).cast("B")

    def anew(self) -> None:
        """A new file begins: nobody has had a hand in it."""
        self._page[: len(_NAMES)] = _NOTHING

    def begin(self, name: str) -> None:
        """A format, or the grammar, begins with its work."""
        self._page[_PLACE[name]] = 1

    def told(self) -> frozenset[str]:
        """Who has had a hand in the file so far; names of formats, and `GRAMMAR`."""
        return frozenset(name for name, mark in zip(_NAMES, self._page[: len(_NAMES)], strict=True) if mark)

    def close(self) -> None:
        """Let go of the page."""
        if self._at:
            self._page.release()
            _libc.munmap(self._at, mmap.PAGESIZE)
            self._at = 0


def page() -> int:
    """A descriptor for a new page of memory that has no name anywhere. Raises OSError."""
    descriptor = os.memfd_create("at work", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, mmap.PAGESIZE)
    return descriptor
