"""Property sets of OLE files (MS-OLEPS): title, subject, keywords, and the properties a user or a system has added."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from agent.scanning.formats.base import MiB, Reading
from agent.scanning.formats.charset import plausibility
from agent.scanning.formats.ole import CompoundFile
from protocol.records import Place
from signatures.passages import Passage, Zone

_SUMMARY = "\x05SummaryInformation"
_DOCUMENT = "\x05DocumentSummaryInformation"
_NAMES = {
    _SUMMARY: {2: "title", 3: "subject", 5: "keywords", 6: "description", 7: "Template", 12: "created"},
    _DOCUMENT: {2: "category", 14: "Manager", 15: "Company", 26: "contentType", 27: "contentStatus"},
}
_PARTS = {_SUMMARY: "core-properties", _DOCUMENT: "app-properties"}
_USER_DEFINED = bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")
_MOST_PROPERTIES = 1_000
_LONGEST = 400
_UTF8 = frozenset({"utf-8"})
_STREAM_BYTES = 4 * MiB
"""Bytes of a set that are looked at; a preview picture may make it longer."""
_BYTES, _WIDE, _TIME, _VECTOR = 0x1E, 0x1F, 0x40, 0x1000
_EPOCH = date(1601, 1, 1)
_LATEST = 2**61
"""Ticks that are still in a calendar; more are damage."""
_CODE_PAGES = {
    936: "gb18030", 54936: "gb18030", 10008: "gb18030", 950: "big5hkscs", 65001: "utf-8", 1200: "utf-16-le",
    10000: "mac_roman",
}  # fmt: skip


class Property(msgspec.Struct, frozen=True):
    """One property with a text."""

    name: str
    value: str
    part: str


def read_properties(file: CompoundFile) -> list[Property]:
    """The properties with text of both sets; an empty list where there are none or they are damaged."""
    return [
        found
        for stream in (_SUMMARY, _DOCUMENT)
        for found in _read_stream(file.beginning(stream, count=_STREAM_BYTES), stream)
    ]


def passages(properties: list[Property]) -> Iterator[Passage]:
    """Each property as a passage of zone doc_property, its name in ``name``."""
    for each in properties:
        yield Passage(Zone.DOC_PROPERTY, each.value[:_LONGEST], Place(part=each.part), name=each.name)


def worthy_passages(properties: list[Property], reading: Reading) -> Iterator[Passage]:
    """The same where a rule's literal is in one of them: all there is of a file that is encrypted otherwise."""
    text = "\n".join(each.value for each in properties)
    if reading.worth(text.encode("utf-8", "replace"), encodings=_UTF8):
        yield from passages(properties)


def code_page_codec(number: int) -> str:
    """The Python codec of a Windows code page; that of Western text where there is none of that number."""
    if number in _CODE_PAGES:
        return _CODE_PAGES[number]
    name = f"cp{number}"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def decoded(data: bytes, codec: str) -> str:
    """8-bit text in the code page it is said to be in, or in GB18030 where that makes more of it.

    Chinese editions of old programs wrote their own code page and said it was Western.
    """
    text = data.decode(codec, "replace")
    if codec in ("gb18030", "utf-8", "big5hkscs", "utf-16-le") or data.isascii():
        return text
    chinese = data.decode("gb18030", "replace")
    return chinese if "\ufffd" not in chinese and plausibility(chinese) > plausibility(text) + 0.1 else text


def _read_stream(data: bytes, stream: str) -> Iterator[Property]:
    if len(data) < 48:
        return
    for number in range(min(struct.unpack_from("<I", data, 24)[0], 2)):
        at = 28 + 20 * number
        if at + 20 > len(data):
            return
        section = struct.unpack_from("<I", data, at + 16)[0]
        custom = data[at : at + 16] == _USER_DEFINED
        if section + 8 <= len(data):
            yield from _section(data[section:], {} if custom else _NAMES[stream], stream, custom=custom)


def _section(data: bytes, names: dict[int, str], stream: str, *, custom: bool) -> Iterator[Property]:
    count = min(struct.unpack_from("<I", data, 4)[0], _MOST_PROPERTIES, (len(data) - 8) // 8)
    offsets = dict(struct.unpack_from("<II", data, 8 + 8 * index) for index in range(count))
    codec = "cp1252"
    if 1 in offsets and offsets[1] + 6 <= len(data):
        codec = code_page_codec(struct.unpack_from("<H", data, offsets[1] + 4)[0])
    if custom:
        names = _dictionary(data, offsets.get(0, len(data)), codec)
    for identifier, offset in offsets.items():
        name = names.get(identifier, "")
        if identifier > 1 and name and (value := _text(data, offset, codec)):
            yield Property(name, value, "custom-properties" if custom else _PARTS[stream])


def _dictionary(data: bytes, at: int, codec: str) -> dict[int, str]:
    """The names of a user's properties."""
    names: dict[int, str] = {}
    if at + 4 > len(data):
        return names
    count = min(struct.unpack_from("<I", data, at)[0], _MOST_PROPERTIES)
    at += 4
    for _ in range(count):
        if at + 8 > len(data):
            break
        identifier, length = struct.unpack_from("<II", data, at)
        size = length * 2 if codec == "utf-16-le" else length
        raw = data[at + 8 : at + 8 + size]
        names[identifier] = _cut(decoded(raw, codec))
        at += 8 + size
        if codec == "utf-16-le":
            at += -size % 4
    return names


def _text(data: bytes, at: int, codec: str) -> str:
    """The text of one property; empty where it holds something else."""
    if at + 8 > len(data):
        return ""
    kind, length = struct.unpack_from("<II", data, at)
    if kind == _TIME:
        return _date(int.from_bytes(data[at + 4 : at + 12], "little"))
    if kind & _VECTOR:
        return ""
    raw = data[at + 8 : at + 8 + min(length, len(data)) * (2 if kind == _WIDE or codec == "utf-16-le" else 1)]
    if kind == _WIDE:
        return _cut(raw.decode("utf-16-le", "replace"))
    return _cut(decoded(raw, codec)) if kind == _BYTES else ""


def _date(ticks: int) -> str:
    """The day of a time in 100 ns since 1601; empty for a time that was never set."""
    return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat() if 0 < ticks < _LATEST else ""


def _cut(text: str) -> str:
    return text.partition("\0")[0].strip().encode("utf-8", "replace").decode()
