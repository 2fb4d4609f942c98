"""What a look at the computer's own disks proves to be gone of the violations that were told before.

A place counts as looked at again only where its disk was there from beginning to end, and where neither the file nor a
folder above it could not be read: what was locked away with a password, or taken off, is not gone.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from agent.reporting.places import Place
from agent.scanning.results import FileResult
from protocol import keys
from protocol.records import FileEvidence, GoneFile, Verdict

MOST = 5_000
"""Files that one scan tells to be gone; of more, the rest by no scan: nobody mends so many one by one."""
_LENGTH = 16
"""Characters of a hash by which folders are told apart."""


class Look:
    """What one sweep came upon."""

    def __init__(self, key: bytes) -> None:
        """``key`` is the organisation key that hashes are made with."""
        self._key = key
        self._contents: set[str] = set()
        self._paths: set[str] = set()
        self._unread: set[str] = set()
        self.places: list[Place] = []
        """Where violations were found."""

    def met(self, one: FileResult) -> None:
        """Note what could not be read, or not in whole."""
        if one.unread or one.verdict is Verdict.NOT_EXAMINED:
            self._unread.add(self._hash(one.path))

    def found(self, path: str, evidence: FileEvidence, control: str) -> None:
        """Note a violation of a file."""
        self._contents.add(evidence.content_hash)
        self._paths.add(evidence.path_hash)
        above = " ".join(self._hash(one) for one in _up_to_its_disk(path))
        self.places.append(Place(evidence.content_hash, control, evidence.path_hash, above))

    def gone(self, known: Iterable[Place], roots: Iterable[str]) -> tuple[GoneFile, ...]:
        """What was known and is nowhere any more, where every place of it was looked at again below these folders."""
        looked_at = {self._hash(root) for root in roots}
        places: Mapping[tuple[str, str], list[Place]] = defaultdict(list)
        for one in known:
            if one.content_hash not in self._contents:
                places[one.control, one.content_hash].append(one)
        proven = [
            GoneFile(control=control, content_hash=content)
            for (control, content), ones in places.items()
            if all(self._clean(one, looked_at) for one in ones)
        ]
        return tuple(proven[:MOST])

    def _clean(self, one: Place, looked_at: set[str]) -> bool:
        above = set(one.above.split())
        return one.path_hash not in self._paths and not above.isdisjoint(looked_at) and above.isdisjoint(self._unread)

    def _hash(self, path: str) -> str:
        plain = "/" + "/".join(part for part in path.split("/") if part)
        return keys.keyed_hash(self._key, plain.encode("utf-8", "backslashreplace"))[:_LENGTH]


def disks_of(roots: Sequence[str]) -> dict[str, int]:
    """Which of these folders are there, each with its device: where a disk was taken off it is another, or none."""
    found = {}
    for root in roots:
        try:
            found[root] = os.lstat(root).st_dev
        except OSError:
            continue
    return found


def _up_to_its_disk(path: str) -> Iterator[str]:
    """The file and each folder above it, up to the one its disk is mounted at."""
    yield path
    while path != "/":
        path = str(Path(path).parent)
        yield path
        if os.path.ismount(path):
            return
