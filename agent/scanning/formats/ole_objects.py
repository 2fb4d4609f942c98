"""Files embedded in OLE files: packages and documents in storages of their own, handed on as members."""

from __future__ import annotations

import io
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise, takewhile

from agent.scanning.formats.base import Member, MiB, NotExamined, Reading, Source
from agent.scanning.formats.ole import MAGIC, CompoundFile, Entry

MEMBER_BYTES = 64 * MiB
"""Bytes of one embedded file."""
_NATIVE = "\x01Ole10Native"
_WHOLE = frozenset({"package", "contents", "package_stream"})
"""Streams that are a file as it stands: Office Open XML, OpenDocument, PDF and the like."""
_MAINS = {
    "worddocument": "doc",
    "workbook": "xls",
    "book": "xls",
    "powerpoint document": "ppt",
    "visiodocument": "vsd",
    "__properties_version1.0": "msg",
}
ACTIVE_MIME = b"ActiveMime"
_PACKED = 0x32
"""Where the packed bytes begin in an ActiveMime file."""
_LONGEST_NAME = 240
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def members(file: CompoundFile, reading: Reading) -> Iterator[Member]:
    """The embedded files of every storage but the root, each spending from the budget."""
    storages: dict[tuple[str, ...], list[Entry]] = {}
    for entry in file:
        if not entry.is_storage and len(entry.path) > 1:
            storages.setdefault(entry.path[:-1], []).append(entry)
    in_order = sorted(file, key=lambda entry: entry.path) if storages else []
    inside: set[tuple[str, ...]] = set()
    for path in sorted(storages, key=len):
        if any(path[:length] in inside for length in range(1, len(path))):
            continue  # part of a document that is handed on whole
        for entry in storages[path]:
            name = entry.name.lower()
            if name == _NATIVE.lower() or name in _WHOLE:
                yield _member(file, entry, reading)
            elif name in _MAINS:
                inside.add(path)
                own = f"{_readable('/'.join(path))}.{_MAINS[name]}"
                yield as_file(file, below(in_order, path), path, own, reading)
                break


def unwrapped(name: str, data: bytes, reading: Reading) -> Iterator[Member]:
    """The file in a compound file that holds just one object, or that file itself where it is a document."""
    if not data.startswith(MAGIC):
        yield Member(name, data, len(data))
        return
    try:
        file = CompoundFile(Source(io.BytesIO(data), len(data)))
    except NotExamined as problem:
        yield Member(name, None, len(data), problem)
        return
    roots = [entry for entry in file if len(entry.path) == 1 and not entry.is_storage]
    for entry in roots:
        if entry.name.lower() in _MAINS:
            yield Member(f"{name}.{_MAINS[entry.name.lower()]}", data, len(data))
            return
    yield from inside(file, name, reading)


def inside(file: CompoundFile, name: str, reading: Reading) -> Iterator[Member]:
    """The file that a compound file is wrapped around (``name``: where it has none of its own); those in storages."""
    for entry in file:
        if len(entry.path) > 1 or entry.is_storage:
            continue
        if entry.name.lower() == _NATIVE.lower() or entry.name.lower() in _WHOLE:
            member = _member(file, entry, reading)
            own = member.name.rpartition("/")[2] if "/" in member.name else ""
            yield Member(f"{name}/{own}" if own else name, member.data, member.size, member.problem)
    yield from members(file, reading)


def active_mime(data: bytes, limit: int) -> bytes:
    """The compound file that Word packs into ``oledata.mso``; empty where it is none or is damaged."""
    if not data.startswith(ACTIVE_MIME):
        return b""
    try:
        return zlib.decompressobj().decompress(data[_PACKED:], limit)
    except zlib.error:
        return b""


def native_file(data: bytes) -> tuple[str, bytes]:
    """Name and bytes of the file in an ``Ole10Native`` stream (MS-OLEDS 2.3.6); the name may be empty."""
    size = int.from_bytes(data[:4], "little")
    body = data[4 : 4 + size] if size else data[4:]
    if body[:2] != b"\x02\x00":
        return "", body
    label, rest = _string(body[2:])
    path, rest = _string(rest)
    length = int.from_bytes(rest[4:8], "little")  # after two unused numbers, the name of a temporary file
    rest = rest[8 + length :] if length < len(rest) else b""
    count = int.from_bytes(rest[:4], "little")
    raw = label or path.replace(b"\\", b"/").rpartition(b"/")[2]
    return raw.decode("gb18030", "replace"), rest[4 : 4 + count]


def _string(data: bytes) -> tuple[bytes, bytes]:
    raw, _, rest = data.partition(b"\0")
    return raw[:_LONGEST_NAME], rest


def _member(file: CompoundFile, entry: Entry, reading: Reading) -> Member:
    name = _readable("/".join(entry.path))
    try:
        data = file.content(entry, MEMBER_BYTES)
        reading.budget.spend(len(data))
    except NotExamined as problem:
        return Member(name, None, entry.size, problem)
    if entry.name.lower() == _NATIVE.lower():
        own, data = native_file(data)
        name = _readable("/".join(entry.path[:-1])) + (f"/{_readable(own)}" if own else "")
    return Member(name, data, len(data))


def below(entries: list[Entry], path: tuple[str, ...]) -> list[Entry]:
    """Of all entries, in the order of their paths, those in this storage, at any depth."""
    first = bisect_right(entries, path, key=lambda entry: entry.path)
    return list(takewhile(lambda entry: entry.path[: len(path)] == path, islice(entries, first, None)))


def as_file(file: CompoundFile, entries: list[Entry], path: tuple[str, ...], name: str, reading: Reading) -> Member:
    """What lies in this storage, with all its ``entries``, as a compound file of its own.

    Without bytes, and with its problem, where a stream is too large or the budget is spent.
    """
    try:
        streams = []
        for entry in entries:
            data = b"" if entry.is_storage else file.content(entry, MEMBER_BYTES)
            reading.budget.spend(len(data))
            streams.append((entry.path[len(path) :], None if entry.is_storage else data))
    except NotExamined as problem:
        return Member(name, None, 0, problem)
    data = compound_file(streams)
    return Member(name, data, len(data))


def _readable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable()).replace("\\", "/").strip("/") or "object"


def compound_file(streams: Iterable[tuple[tuple[str, ...], bytes | None]]) -> bytes:
    """A compound file of these streams (None: a storage), so that a storage can be read like any other file.

    Names hang in one line from left to right and small streams are kept like large ones: plain, not small.
    """
    nodes: list[tuple[str, bytes | None]] = [("Root Entry", None)]
    children: dict[tuple[str, ...], list[int]] = {(): []}
    numbers: dict[tuple[str, ...], int] = {(): 0}
    for path, data in sorted(streams, key=lambda each: len(each[0])):
        if path in numbers or path[:-1] not in children:
            continue
        numbers[path] = len(nodes)
        children[path[:-1]].append(len(nodes))
        if data is None:
            children[path] = []
        nodes.append((path[-1], data))
    links = {first: second for each in children.values() for first, second in pairwise(each)}
    heads = {numbers[path]: each[0] for path, each in children.items() if each}
    body, table, starts = bytearray(), list[int](), list[int]()
    for _, data in nodes:
        starts.append(len(table) if data else _END)
        _append(body, table, data or b"")
    directory = b"".join(
        _row(number, name, data, links.get(number, _FREE), heads.get(number, _FREE), starts[number])
        for number, (name, data) in enumerate(nodes)
    )
    begin = len(table)
    _append(body, table, directory)
    return _with_tables(body, table, begin)


def _row(number: int, name: str, data: bytes | None, right: int, child: int, start: int) -> bytes:
    raw = name.encode("utf-16-le", "replace")[:62]
    kind = 5 if number == 0 else 1 if data is None else 2
    head = raw.ljust(64, b"\0") + struct.pack("<HBB3I", len(raw) + 2, kind, 1, _FREE, right, child)
    return head.ljust(116, b"\0") + struct.pack("<IQ", start, len(data or b""))


def _append(body: bytearray, table: list[int], data: bytes) -> None:
    """Put data at the end in whole sectors, each pointing to the next."""
    count = (len(data) + 511) // 512
    body += data.ljust(count * 512, b"\0")
    table += [len(table) + step + 1 for step in range(count)]
    if count:
        table[-1] = _END


def _with_tables(body: bytearray, table: list[int], directory: int) -> bytes:
    tables = 1
    while tables * 128 < len(table) + tables + (extra := max(0, (tables - 109 + 126) // 127)):
        tables += 1
    first = len(table)
    places = [first + step for step in range(tables)]
    more = [first + tables + step for step in range(extra)]
    table = table + [_TABLE] * tables + [0xFFFFFFFC] * extra
    table += [_FREE] * (tables * 128 - len(table))
    chained = b""
    for step in range(extra):
        named = places[109 + 127 * step : 109 + 127 * (step + 1)]
        following = more[step + 1] if step + 1 < extra else _END
        chained += struct.pack("<128I", *named, *[_FREE] * (127 - len(named)), following)
    head = MAGIC + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, tables, directory, 0, 0, _END, 0, more[0] if more else _END, extra)
    head += struct.pack("<109I", *(places[:109] + [_FREE] * (109 - len(places[:109]))))
    return bytes(head + body + struct.pack(f"<{len(table)}I", *table) + chained)
