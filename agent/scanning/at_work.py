"""What a worker is at, on a page of memory that it shares with its keeper: read when the worker can no longer speak.

One byte for each format that has begun to read the file in hand or something inside it, and one for the grammar. The
worker is not believed more than that: whatever it writes there is a set of names of ours.
"""

from __future__ import annotations

import mmap
import os

from agent.scanning.formats import FORMATS

GRAMMAR = "grammar"
"""What is told where passages are judged: no name of a format."""

_NAMES = (GRAMMAR, *sorted(set(FORMATS.values())))
_PLACE = {name: place for place, name in enumerate(_NAMES)}
_NOTHING = bytes(len(_NAMES))


class AtWork:
    """One worker's page."""

    def __init__(self, descriptor: int) -> None:
        """Map the page behind a descriptor of `page`, which is closed. Raises OSError."""
        try:
            self._page = mmap.mmap(descriptor, mmap.PAGESIZE)
        finally:
            os.close(descriptor)

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
        self._page.close()


def page() -> int:
    """A descriptor for a new page of memory that has no name anywhere. Raises OSError."""
    descriptor = os.memfd_create("at work", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, mmap.PAGESIZE)
    return descriptor
