"""What the ledger keeps of a whole folder: how each of its files ended, in few bytes and without a name."""

from __future__ import annotations

import os

import msgspec

from agent.scanning.versions import made_by
from agent.scanning.walk import Found, Listing
from agent.scanning.wire import Examined
from protocol.records import Verdict

_MOST_TYPES = 256


class _Folder(msgspec.Struct, frozen=True, array_like=True):
    made_by: bytes
    types: list[str]
    """The media types of its files, each once."""
    type_of: bytes
    """For each file, in the order of the names, the place of its media type."""
    others: list[tuple[int, list[Examined]]]
    """Files that are not simply clean: their place in the order of the names, and their rows."""


_decoder = msgspec.msgpack.Decoder(_Folder)
_encode = msgspec.msgpack.Encoder().encode


class Settled(msgspec.Struct):
    """How the files of a folder ended of which none has changed."""

    size: int
    """Bytes of all its files."""
    others: dict[int, list[Examined]]
    """The rows of those that are not simply clean, by their place among the files."""
    types: list[str]
    type_of: bytes

    def media_type(self, place: int) -> str:
        """The media type of the file at a place."""
        return self.types[self.type_of[place]]


class Account(msgspec.Struct):
    """What is known so far of the files of a folder that are being examined."""

    listing: Listing
    key: bytes
    seal: bytes
    ended: dict[str, str] = msgspec.field(default_factory=dict)
    """The media type of each file that is done with, by its name."""
    others: dict[str, list[Examined]] = msgspec.field(default_factory=dict)
    at: int = 0
    """When the first of them was examined, in seconds since 1970; 0 while there is none."""
    spoiled: bool = False
    """Whether something of it may not be remembered."""

    def add(self, file: Found, status: os.stat_result, rows: list[Examined], *, lasting: bool, at: int) -> bool:
        """Note how a file ended, and when that was found out; whether that is known now of all."""
        name, met = file.name, file.status
        self.at = min(self.at or at, at)
        self.ended[name] = rows[0].media_type if rows else ""
        self.spoiled = self.spoiled or not lasting or not rows or facts(status) != facts(met)
        if len(rows) != 1 or rows[0].verdict is not Verdict.CLEAN or rows[0].sha256 is not None:
            self.others[name] = rows
        return len(self.ended) == len(self.listing.files)


def kept(account: Account) -> bytes | None:
    """The record of a folder, or None where it is not to be remembered."""
    types = sorted(set(account.ended.values()))
    if account.spoiled or len(types) > _MOST_TYPES:
        return None
    places = {media_type: place for place, media_type in enumerate(types)}
    names = [name for name, _ in account.listing.files]
    others = [(place, account.others[name]) for place, name in enumerate(names) if name in account.others]
    within = [row.media_type for _, rows in others for row in rows]
    type_of = bytes(places[account.ended[name]] for name in names)
    return _encode(_Folder(made_by([*types, *within]), types, type_of, others))


def settled(record: bytes, size: int) -> Settled | None:
    """What a record says, or None where another version of a format would read one of the files now.

    Raises `msgspec.DecodeError` where it is no such record.
    """
    folder = _decoder.decode(record)
    within = [row.media_type for _, rows in folder.others for row in rows]
    if folder.made_by != made_by([*folder.types, *within]):
        return None
    return Settled(size, dict(folder.others), folder.types, folder.type_of)


def facts(status: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when a file does, as far as its status tells."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
