"""One registry hive, read by its own documented format through a descriptor, in bounded pieces.

The format: https://github.com/msuhanov/regf/blob/master/Windows%20registry%20file%20format%20specification.md. Only
what is asked for is read, so that a hive of 200 MB costs a few kilobytes; a list that leads in a circle, a count that
lies or a cell outside the file ends as `Unreadable`. Changes that still lie in a transaction log (``.LOG1``) are not
seen: `Hive.unfinished` says that there are some.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agent.checks.tree import DAMAGED, TOO_LARGE, Unreadable

Value = int | str | bytes | tuple[str, ...]
"""A number, text, bytes, or several texts, by the type of the value."""

_BASE = 4096
"""Bytes of the header; offsets of cells are counted from its end."""
_MOST_DATA = 1 << 20
"""Bytes of one value or list that are read."""
_MOST_STEPS = 400_000
"""Keys and values that are looked at in one opened hive: a real one is asked for some thousands."""
_SEGMENT = 16344
"""Bytes of data above which a value lies in several cells (``db``)."""
_COMPRESSED = 0x20
"""Flag of a key whose name is Latin-1, not UTF-16; of a value it is 1."""
_NONE = 0xFFFFFFFF
_SZ, _EXPAND_SZ, _DWORD, _DWORD_BE, _LINK, _MULTI_SZ, _QWORD = 1, 2, 4, 5, 6, 7, 11
_1601 = datetime(1601, 1, 1, tzinfo=UTC)


def filetime(count: int) -> datetime | None:
    """A time from steps of 100 ns since 1601, as Windows counts; None where it is no time of a computer's life."""
    if not 0x0190_0000_0000_0000 < count < 0x0300_0000_0000_0000:  # 1970 … 2339
        return None
    return _1601 + timedelta(microseconds=count // 10)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a hive, by where it lies."""

    name: str
    written: datetime | None
    """When it, one of its values or the list of its subkeys was last changed."""
    subkeys: int
    subkey_list: int
    values: int
    value_list: int


class Hive:
    """A hive that is open. Names are found whatever their case, as Windows does."""

    def __init__(self, path: str, descriptor: int) -> None:
        """Raises `Unreadable` where this is no hive."""
        self.path = path
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._steps = 0
        head = self._bytes(0, 512) if self._size >= _BASE else b""
        if not head.startswith(b"regf"):
            raise self._damaged()
        first, second = struct.unpack_from("<II", head, 4)
        self.unfinished = first != second
        """Whether its last changes lie in its transaction log alone."""
        self._root = struct.unpack_from("<I", head, 0x24)[0]

    def key(self, path: str) -> Key | None:
        r"""The key of a name such as ``Microsoft\Windows NT``; None where there is none. Raises `Unreadable`."""
        return self.key_below(self._key(self._root), path)

    def key_below(self, key: Key, path: str) -> Key | None:
        """The key of a name below another; None where there is none. Raises `Unreadable`."""
        found: Key | None = key
        for part in filter(None, path.split("\\")):
            if found is None:
                return None
            wanted = part.upper()
            found = next((one for one in self._below(found) if one.name.upper() == wanted), None)
        return found

    def keys(self, path: str | Key) -> Iterator[Key]:
        """The keys below one; none where it is not there. Raises `Unreadable`."""
        above = self.key(path) if isinstance(path, str) else path
        if above is not None:
            yield from self._below(above)

    def values(self, path: str | Key) -> dict[str, Value]:
        """All values of a key by name, in lower case; the nameless one is ``""``. Raises `Unreadable`."""
        key = self.key(path) if isinstance(path, str) else path
        if key is None or not key.values or key.value_list == _NONE:
            return {}
        places = self._cell(key.value_list, 4 * key.values)
        return dict(self._value(struct.unpack_from("<I", places, 4 * index)[0]) for index in range(key.values))

    def value(self, path: str | Key, name: str) -> Value | None:
        """One value; None where there is none. Raises `Unreadable`."""
        return self.values(path).get(name.lower())

    def number(self, path: str | Key, name: str) -> int | None:
        """A number, also where it was written as text; None where there is none. Raises `Unreadable`."""
        found = self.value(path, name)
        if isinstance(found, str):
            return int(found) if found.strip().isascii() and found.strip().isdigit() else None
        return found if isinstance(found, int) else None

    def text(self, path: str | Key, name: str) -> str:
        """A text; empty where there is none. Raises `Unreadable`."""
        found = self.value(path, name)
        return found if isinstance(found, str) else ""

    # --- cells ---------------------------------------------------------------------------------------------------

    def _key(self, offset: int) -> Key:
        self._step()
        cell = self._cell(offset, 0x4C)
        if cell[:2] != b"nk":
            raise self._damaged()
        flags, written = struct.unpack_from("<HQ", cell, 2)
        subkeys, _, subkey_list, _, values, value_list = struct.unpack_from("<6I", cell, 0x14)
        length = struct.unpack_from("<H", cell, 0x48)[0]
        name = self._cell(offset, 0x4C + length)[0x4C:]
        text = name.decode("latin-1" if flags & _COMPRESSED else "utf-16-le", "replace")
        return Key(text, filetime(written), subkeys, subkey_list, values, value_list)

    def _below(self, key: Key) -> Iterator[Key]:
        if not key.subkeys or key.subkey_list == _NONE:
            return
        for offset in self._list(key.subkey_list):
            yield self._key(offset)

    def _list(self, offset: int, *, nested: bool = False) -> Iterator[int]:
        """Places of the keys of a list: ``lf``, ``lh`` (with hashes), ``li``, or ``ri``, a list of such lists."""
        head = self._cell(offset, 4)
        kind, count = head[:2], struct.unpack_from("<H", head, 2)[0]
        width = {b"lf": 8, b"lh": 8, b"li": 4, b"ri": 4}.get(kind)
        if width is None or (kind == b"ri" and nested):  # only one level of lists of lists is allowed
            raise self._damaged()
        items = self._cell(offset, 4 + width * count)
        for index in range(count):
            place = struct.unpack_from("<I", items, 4 + width * index)[0]
            if kind == b"ri":
                yield from self._list(place, nested=True)
            else:
                yield place

    def _value(self, offset: int) -> tuple[str, Value]:
        self._step()
        cell = self._cell(offset, 0x14)
        if cell[:2] != b"vk":
            raise self._damaged()
        length, size, place, kind, flags = struct.unpack_from("<HIIIH", cell, 2)
        raw = self._cell(offset, 0x14 + length)[0x14:]
        name = raw.decode("latin-1" if flags & 1 else "utf-16-le", "replace").lower()
        return name, _typed(kind, self._data(size, place))

    def _data(self, size: int, place: int) -> bytes:
        if size & 0x80000000:  # up to four bytes lie in place of their offset
            return struct.pack("<I", place)[: min(4, size & 0x7FFFFFFF)]
        if size == 0:
            return b""
        if size > _SEGMENT and self._cell(place, 2) == b"db":
            return self._segments(size, place)
        return self._cell(place, size)

    def _segments(self, size: int, place: int) -> bytes:
        count, places = struct.unpack_from("<HI", self._cell(place, 8), 2)
        if count * _SEGMENT < size:
            raise self._damaged()
        if size > _MOST_DATA:
            raise Unreadable(self.path, TOO_LARGE)
        offsets = struct.unpack(f"<{count}I", self._cell(places, 4 * count))
        taken = bytearray()
        for offset in offsets:
            taken += self._cell(offset, min(_SEGMENT, size - len(taken)))
            if len(taken) >= size:
                break
        return bytes(taken)

    def _cell(self, offset: int, count: int) -> bytes:
        """The first bytes of a cell. Raises `Unreadable` where it is free, shorter, or not within the file."""
        length = -struct.unpack("<i", self._bytes(_BASE + offset, 4))[0] - 4
        if length < count:
            raise self._damaged()
        return self._bytes(_BASE + offset + 4, count)

    def _bytes(self, at: int, count: int) -> bytes:
        if at + count > self._size:
            raise self._damaged()
        if count > _MOST_DATA:
            raise Unreadable(self.path, TOO_LARGE)
        try:
            found = os.pread(self._descriptor, count, at)
        except OSError as error:
            raise self._damaged() from error
        if len(found) < count:
            raise self._damaged()
        return found

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Unreadable(self.path, TOO_LARGE)

    def _damaged(self) -> Unreadable:
        return Unreadable(self.path, DAMAGED)


def _typed(kind: int, data: bytes) -> Value:
    """Data by the type of its value; what is not of the length its type asks for stays bytes."""
    if kind in (_SZ, _EXPAND_SZ, _LINK):
        return _text(data).partition("\0")[0]
    if kind == _MULTI_SZ:
        return tuple(part for part in _text(data).split("\0") if part)
    if kind in (_DWORD, _DWORD_BE) and len(data) == 4:
        return int.from_bytes(data, "big" if kind == _DWORD_BE else "little")
    if kind == _QWORD and len(data) == 8:
        return int.from_bytes(data, "little")
    return data


def _text(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "replace")
