"""Parts of packages in which no literal of any rule is, known again by their packed bytes.

Documents made with one template share settings, layouts, masters and styles byte for byte: an office has a few of
each in thousands of files. A part that was unpacked once and held nothing need be neither unpacked nor searched again.
What is remembered is a keyed hash: nothing of a document, and nothing that the maker of a hostile one could
aim at, for the key is made anew in every run and the checksum that a zip gives of itself is not believed.
"""

from __future__ import annotations

import hashlib
import os

LARGEST = 64 * 1024
"""Packed bytes above which a part is not remembered: it is a document's own."""
_MOST = 8_192


class KnownParts:
    """What one worker has met, for one sieve."""

    def __init__(self, sieve: object) -> None:
        self.sieve = sieve
        """Nothing is known for any other."""
        self._key = os.urandom(32)
        self._empty: set[bytes] = set()

    def mark_of(self, packed: bytes) -> bytes:
        """What stands for a part of these packed bytes."""
        return hashlib.blake2b(packed, digest_size=16, key=self._key).digest()

    def __contains__(self, mark: bytes) -> bool:
        return mark in self._empty

    def add(self, marks: list[bytes]) -> None:
        """Remember that these parts, read whole, hold no literal, neither in their text nor in a value of a tag."""
        if len(self._empty) + len(marks) > _MOST:
            self._empty.clear()  # whatever is common is soon met again
        self._empty.update(marks[:_MOST])
