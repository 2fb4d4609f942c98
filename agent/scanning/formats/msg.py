"""Messages of Outlook (.msg, .oft): subject, headers, labels, texts in all forms, attachments, messages in messages."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from agent.scanning.formats import mapi, ole_objects
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.mapi import Properties
from agent.scanning.formats.ole import CompoundFile, Entry
from protocol.records import Reason

NAME = "msg"
MEDIA_TYPES = ("application/vnd.ms-outlook",)
LIMITS = {
    "text bytes": mapi.BODY_BYTES,
    "member bytes": ole_objects.MEMBER_BYTES,
    "attachments": 2_000,
    "properties": 20_000,
}
LIMITATIONS = (
    "Pictures that the text of a message shows are not read; those that are attached are handed on.",
    "Names and addresses of people are not read.",
    "Encrypted messages (S/MIME, rights management) are handed on and told as encrypted.",
)

_STREAM = re.compile(r"__substg1\.0_([0-9a-f]{4})([0-9a-f]{4})(?:-[0-9a-f]{8})?", re.IGNORECASE)
_ATTACHMENT = "__attach_version1.0_#"
_PROPERTIES = "__properties_version1.0"
_NAMES = "__nameid_version1.0"
_INNER = "__substg1.0_3701000d"
_LISTS = 0x1000
_KINDS = frozenset({mapi.NARROW, mapi.WIDE, mapi.BINARY})
_NUMBERS = frozenset({0x02, 0x03, 0x0B})
_FIRST_NAMED = 0x8000


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the attachments as members, and what of subject, headers and texts holds a literal of some rule."""
    file = CompoundFile(source)
    in_order = sorted(file, key=lambda entry: entry.path)
    top = [entry for entry in in_order if len(entry.path) == 1]
    problem: NotExamined | None = None
    number = 0
    for entry in top:
        if entry.is_storage and entry.name.lower().startswith(_ATTACHMENT):
            number += 1
            if number > LIMITS["attachments"]:
                problem = NotExamined(Reason.TOO_LARGE, "the message has too many attachments")
                break
            yield from _attachment(file, ole_objects.below(in_order, entry.path), entry.path, number, reading)
    properties = _properties(file, top, _names(file))
    yield from mapi.message(properties, reading)
    if problem is not None:
        raise problem
    if file.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the message is damaged")


def _properties(file: CompoundFile, entries: list[Entry], names: dict[int, str]) -> Properties:
    """The properties of one storage, from its own streams and from the table of those that need none."""
    found = Properties()
    for entry in entries[: LIMITS["properties"]]:
        if entry.is_storage:
            continue
        if entry.name.lower() == _PROPERTIES:
            found.numbers = _numbers(file.content(entry, MiB))
        elif told := _STREAM.fullmatch(entry.name):
            number, kind = int(told[1], 16), int(told[2], 16)
            if number == mapi.DATA or kind & ~_LISTS not in _KINDS:
                continue
            if number in names:
                found.named.append((names[number], kind & ~_LISTS, file.content(entry, mapi.BODY_BYTES)))
            elif not kind & _LISTS:
                found.add(number, kind, file.content(entry, mapi.BODY_BYTES))
    return found


def _numbers(table: bytes) -> dict[int, int]:
    """The numbers and truth values of a table of properties (MS-OXMSG 2.4); its head has one of three lengths."""
    found: dict[int, int] = {}
    for at in range(len(table) % 16, len(table) - 15, 16):
        kind, number, _, value = struct.unpack_from("<HHII", table, at)
        if kind in _NUMBERS:
            found[number] = value if kind == 0x03 else value & 0xFFFF
    return found


def _names(file: CompoundFile) -> dict[int, str]:
    """The numbers of properties that bear a name in letters, and those names (MS-OXMSG 2.2.3)."""
    table = file.read(_NAMES, "__substg1.0_00030102", limit=MiB)
    strings = file.read(_NAMES, "__substg1.0_00040102", limit=MiB)
    found: dict[int, str] = {}
    for at in range(0, len(table) - 7, 8):
        place, kind, index = struct.unpack_from("<IHH", table, at)
        if kind & 1 and place + 4 <= len(strings):
            size = struct.unpack_from("<I", strings, place)[0]
            raw = strings[place + 4 : place + 4 + size]
            found[_FIRST_NAMED + index] = raw.decode("utf-16-le", "replace").encode("utf-8", "replace").decode()
    return found


def _attachment(
    file: CompoundFile, entries: list[Entry], path: tuple[str, ...], number: int, reading: Reading
) -> Iterator[Member]:
    """One attachment: a file, a message, or an object."""
    own = [entry for entry in entries if len(entry.path) == len(path) + 1]
    name = f"attachment{number}"
    try:
        properties = _properties(file, own, {})
        name = mapi.attachment_name(properties, number)
        if mapi.is_shown_along(properties):
            return
        inner = next((entry for entry in own if entry.is_storage and entry.name.lower() == _INNER), None)
        if inner is None:
            plain = next((entry for entry in own if entry.name.lower() == f"__substg1.0_{mapi.DATA:04x}0102"), None)
            if plain is None:
                return  # a link to a file elsewhere
            data = file.content(plain, ole_objects.MEMBER_BYTES)
            reading.budget.spend(len(data))
            yield Member(name, data, len(data))
            return
        is_message = properties.numbers.get(mapi.METHOD) != mapi.OLE
        if is_message and not name.lower().endswith(".msg"):
            name += ".msg"
        whole = ole_objects.as_file(file, ole_objects.below(entries, inner.path), inner.path, name, reading)
    except NotExamined as problem:
        yield Member(name, None, 0, problem)
        return
    if is_message or whole.data is None:
        yield whole
    else:
        yield from ole_objects.unwrapped(name, whole.data, reading)
