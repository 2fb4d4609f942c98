"""A second process that walks half of a tree which is known already: looking at files is most of a scan that finds
nothing changed, and takes one processor.

It is forked from the scanner, looks at names, sizes and times only, as the scanner would, and tells of each folder the
keys under which the ledger may know it. A folder that is not known is looked at again by the scanner itself. Should it
be killed, the scanner walks what it had not told.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from agent.scanning.walk import Folder, Listing, NotEntered, Walk
from protocol.records import Reason

_LENGTH = 4

Keys = Callable[[Listing], tuple[bytes, bytes, int]]


class Distant(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A folder's files that the other process has seen."""

    path: bytes
    inside: bytes
    device: int
    files: int
    key: bytes
    """As `Ledger.folder_keys`; empty for a folder of so many files that it is met in parts."""
    seal: bytes
    size: int


class _Refused(msgspec.Struct, frozen=True, array_like=True, tag=True):
    path: bytes
    reason: Reason
    media_type: str


class _Mount(msgspec.Struct, frozen=True, array_like=True, tag=True):
    path: bytes


_word = msgspec.msgpack.Decoder(Distant | _Refused | _Mount)
_encode = msgspec.msgpack.Encoder().encode


def possible() -> bool:
    """Whether this process can be forked here and has a processor to spare."""
    return threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


class Abreast:
    """The walk of the other process, as the scanner sees it."""

    def __init__(self, walk: Walk, keys: Keys) -> None:
        """From now on ``walk`` gives half of its folders away. Use `possible` first."""
        self._walk = walk
        self._keys = keys
        self._given: list[Folder] = []
        self._home = 0
        self._pid = 0
        self._pipe = -1
        walk.share = self._take

    def _take(self, folders: list[Folder], home: int) -> None:
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            self._given, self._home = folders, home  # then the scanner walks them itself
            return
        if pid == 0:
            status = 70
            try:
                os.close(reading)
                self._walk_there(folders, home, writing)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        self._given, self._home, self._pid, self._pipe = folders, home, pid, reading

    def _walk_there(self, folders: list[Folder], home: int, writing: int) -> None:
        """In the other process: tell of each folder, and end."""
        from agent.scanning.confining import kernel

        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._walk.other_file_systems.clear()
        with os.fdopen(writing, "wb") as out:
            before = ""
            for met in self._walk.below(folders, home):
                word: Distant | _Refused
                if isinstance(met, NotEntered):
                    word = _Refused(os.fsencode(met.path), met.reason, met.media_type)
                elif met.path != before:  # all further parts of a folder are met by the scanner itself
                    word, before = self._distant(met), met.path
                else:
                    continue
                body = _encode(word)
                out.write(len(body).to_bytes(_LENGTH, "big") + body)
            for mount in self._walk.other_file_systems:
                body = _encode(_Mount(os.fsencode(mount)))
                out.write(len(body).to_bytes(_LENGTH, "big") + body)

    def _distant(self, met: Listing) -> Distant:
        key, seal, size = (b"", b"", 0) if met.part else self._keys(met)
        return Distant(os.fsencode(met.path), os.fsencode(met.inside), met.device, len(met.files), key, seal, size)

    def results(self) -> Iterator[Distant | Listing | NotEntered]:
        """What the other process met; what it did not come to is walked here. Call it when the own walk is over."""
        told: set[bytes] = set()
        if self._pid:
            stream, self._pipe = os.fdopen(self._pipe, "rb"), -1
            with stream:
                yield from self._told(stream, told)
            _, status = os.waitpid(self._pid, 0)
            self._pid = 0
            if status == 0:
                return
        for met in self._walk.below(list(self._given), self._home):
            if os.fsencode(met.path) not in told:
                yield met

    def _told(self, stream: BinaryIO, told: set[bytes]) -> Iterator[Distant | NotEntered]:
        """The words that came in whole; ``told`` notes what they were about."""
        while len(head := stream.read(_LENGTH)) == _LENGTH:
            wanted = int.from_bytes(head, "big")
            body = stream.read(wanted)
            if len(body) < wanted:
                return
            match _word.decode(body):
                case Distant() as distant:
                    told.add(distant.path)
                    yield distant
                case _Refused(path, reason, media_type):
                    told.add(path)
                    yield NotEntered(os.fsdecode(path), reason, media_type)
                case _Mount(path):
                    self._walk.other_file_systems.append(os.fsdecode(path))

    def close(self) -> None:
        """End the other process, where it has not come to its end."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._pid = 0
            if self._pipe >= 0:
                os.close(self._pipe)
