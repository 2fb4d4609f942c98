"""TNEF (winmail.dat): the envelope in which Exchange sends what plain mail cannot carry: texts and attachments."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from agent.scanning.formats import mapi, ole_objects
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.mapi import Properties
from agent.scanning.formats.ole import MAGIC
from protocol.records import Reason

NAME = "tnef"
MEDIA_TYPES = ("application/vnd.ms-tnef",)
LIMITS = {"bytes": 128 * MiB, "attributes": 20_000, "properties": 20_000}
LIMITATIONS = (
    "Names and addresses of people are not read.",
    "Pictures that the text of a message shows are not read; those that are attached are handed on.",
)

_SUBJECT, _BODY, _PROPERTIES, _CODE_PAGE = 0x18004, 0x2800C, 0x69003, 0x69007
_NEW_ATTACHMENT, _DATA, _TITLE, _ATTACHMENT = 0x69002, 0x6800F, 0x18010, 0x69005
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({mapi.NARROW, mapi.WIDE, mapi.BINARY, mapi.OBJECT})
_NUMBERS = frozenset({0x02, 0x03, 0x0B})
_LISTS = 0x1000
_IDENTIFIER = 16
"""Bytes before an object that say what it is."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the attachments as members, and what of subject and texts holds a literal of some rule.

    Raises `NotExamined` ``damaged`` where the stream breaks off.
    """
    stream = _Stream(source.read(LIMITS["bytes"]))
    message = Properties()
    waiting: list[Properties] = []
    for kind, value in stream.attributes():
        if kind == _NEW_ATTACHMENT:
            waiting.append(Properties(code_page=message.code_page))
        elif kind == _CODE_PAGE and len(value) >= 4:
            message.code_page = struct.unpack_from("<I", value)[0]
        elif kind == _PROPERTIES:
            stream.damaged |= not _read_properties(value, message)
        elif kind == _ATTACHMENT and waiting:
            stream.damaged |= not _read_properties(value, waiting[-1])
        elif kind == _DATA and waiting:
            waiting[-1].add(mapi.DATA, mapi.BINARY, value)
        elif kind == _TITLE and waiting:
            waiting[-1].add(mapi.FILE_NAME, mapi.NARROW, value)
        elif kind in (_SUBJECT, _BODY):
            message.add(mapi.SUBJECT if kind == _SUBJECT else mapi.BODY, mapi.NARROW, value)
    for number, each in enumerate(waiting, 1):
        yield from _attachment(each, number, reading)
    yield from mapi.message(message, reading)
    if stream.damaged:
        raise NotExamined(Reason.DAMAGED, "the message breaks off, or a part of it is damaged")


class _Stream:
    """The attributes of a TNEF stream (MS-OXTNEF 2.1.3)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.damaged = False

    def attributes(self) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each."""
        data, at = self._data, 6
        for _ in range(LIMITS["attributes"]):
            if at + 9 > len(data):
                break
            kind, size = struct.unpack_from("<II", data, at + 1)
            if data[at] not in (1, 2) or at + 11 + size > len(data):
                self.damaged = True
            if data[at] not in (1, 2):
                return
            yield kind, data[at + 9 : at + 9 + size]
            at += 11 + size
        self.damaged |= at < len(data) - 4


def _read_properties(data: bytes, into: Properties) -> bool:
    """Take in a list of MAPI properties; False where it breaks off."""
    if len(data) < 4:
        return False
    at = 4
    for _ in range(min(struct.unpack_from("<I", data)[0], LIMITS["properties"])):
        if at + 4 > len(data):
            return False
        kind, number = struct.unpack_from("<HH", data, at)
        name, at = _name(data, at + 4, number)
        values, at = _values(data, at, kind)
        if at < 0:
            return False
        kind &= ~_LISTS
        for value in values:
            if name and kind in (mapi.NARROW, mapi.WIDE):
                into.named.append((name, kind, value))
            elif kind in _NUMBERS:
                into.numbers.setdefault(number, int.from_bytes(value[:4], "little") & (0xFFFF if kind != 3 else ~0))
            elif kind in _VARIABLE:
                into.add(number, kind, value)
    return True


def _name(data: bytes, at: int, number: int) -> tuple[str, int]:
    """The name in letters of a property that has one, and where its value begins."""
    if number < 0x8000 or at + 24 > len(data):
        return "", at
    kind, size = struct.unpack_from("<II", data, at + 16)
    if not kind:
        return "", at + 24
    raw = data[at + 24 : at + 24 + size]
    name = raw.decode("utf-16-le", "replace").encode("utf-8", "replace").decode().rstrip("\0")
    return name, at + 24 + size + -size % 4


def _values(data: bytes, at: int, kind: int) -> tuple[list[bytes], int]:
    """The values of a property and where the next one begins; -1 where they break off."""
    count = 1
    base = kind & ~_LISTS
    if kind & _LISTS or base in _VARIABLE:
        if at + 4 > len(data):
            return [], -1
        count = struct.unpack_from("<I", data, at)[0]
        at += 4
    found: list[bytes] = []
    for _ in range(min(count, LIMITS["properties"])):
        size = _FIXED.get(base, -1)
        if base in _VARIABLE:
            if at + 4 > len(data):
                return [], -1
            size = struct.unpack_from("<I", data, at)[0]
            at += 4
        if size < 0 or at + size > len(data):
            return [], -1
        found.append(data[at : at + size])
        at += size + -size % 4
    return found, at


def _attachment(properties: Properties, number: int, reading: Reading) -> Iterator[Member]:
    if mapi.is_shown_along(properties):
        return
    name = mapi.attachment_name(properties, number)
    whole = properties.values.get(mapi.DATA, {})
    inner = whole.get(mapi.OBJECT, b"")[_IDENTIFIER:]
    data = inner or whole.get(mapi.BINARY, b"")
    if properties.numbers.get(mapi.METHOD) == mapi.EMBEDDED_MESSAGE and not name.lower().endswith(".msg"):
        name += ".msg"
    try:
        reading.budget.spend(len(data))
    except NotExamined as problem:
        yield Member(name, None, len(data), problem)
        return
    if inner.startswith(MAGIC):
        yield from ole_objects.unwrapped(name, inner, reading)
    elif whole:
        yield Member(name, data, len(data))
