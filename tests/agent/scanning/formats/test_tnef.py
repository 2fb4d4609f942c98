"""winmail.dat: texts and attachments out of the envelope that Exchange wraps them in."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import tnef
from agent.scanning.formats.ole_objects import compound_file
from signatures.passages import Zone

HEAD = struct.pack("<IH", 0x223E9F78, 1)


def attribute(number: int, value: bytes, level: int = 1) -> bytes:
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*values: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(values))
    for number, kind, value in values:
        if kind == 3:
            out += struct.pack("<HH", kind, number) + value
        else:
            out += struct.pack("<HHII", kind, number, 1, len(value)) + value + bytes(-len(value) % 4)
    return out


def attached(title: str, data: bytes) -> bytes:
    return (
        attribute(0x69002, bytes(14), 2)
        + attribute(0x18010, title.encode("gbk") + b"\0", 2)
        + attribute(0x6800F, data, 2)
    )


def test_subject_text_and_attachments_are_found(read_pieces: Any) -> None:
    page = "<html><body><h1>绝密</h1></body></html>".encode()
    stream = (
        HEAD
        + attribute(0x69007, struct.pack("<II", 936, 0))
        + attribute(0x18004, "机密通知".encode("gbk") + b"\0")
        + attribute(0x69003, properties((0x1013, 0x0102, page)))
        + attached("附件.txt", b"some text")
    )
    found = read_pieces(tnef, stream)
    assert found.texts(Zone.SUBJECT) == ["机密通知"]
    assert "绝密" in "".join(each.text for each in found.passages)
    assert [(member.name, member.data) for member in found.members] == [("附件.txt", b"some text")]
    assert found.problem is None


def test_a_message_and_an_object_inside_are_members(read_pieces: Any) -> None:
    inner = HEAD + attribute(0x18004, b"SECRET\0")
    package = compound_file([(("Package",), b"PK whatever")])
    stream = HEAD
    for name, method, value in (("re", 5, inner), ("table", 6, package)):
        told = properties(
            (0x3707, 0x1F, name.encode("utf-16-le")),
            (0x3705, 3, struct.pack("<I", method)),
            (0x3701, 0x0D, bytes(16) + value),
        )
        stream += attribute(0x69002, bytes(14), 2) + attribute(0x69005, told, 2)
    members = read_pieces(tnef, stream).members
    assert [(member.name, member.data) for member in members] == [("re.msg", inner), ("table", b"PK whatever")]


def test_names_of_properties_are_passed_over_and_labels_are_read(read_pieces: Any) -> None:
    name = "Classification\0".encode("utf-16-le")
    value = "SECRET".encode("utf-16-le")
    told = struct.pack("<IHH", 1, 0x1F, 0x8001) + bytes(16) + struct.pack("<II", 1, len(name)) + name
    told += bytes(-len(name) % 4) + struct.pack("<II", 1, len(value)) + value
    found = read_pieces(tnef, HEAD + attribute(0x69003, told))
    assert [(each.name, each.text) for each in found.passages] == [("Classification", "SECRET")]


def test_an_ordinary_message_gives_nothing(read_pieces: Any) -> None:
    found = read_pieces(tnef, HEAD + attribute(0x18004, b"Lunch\0"))
    assert (found.passages, found.members, found.problem) == ([], [], None)


def test_a_stream_that_breaks_off_gives_what_there_is_and_is_damaged(read_pieces: Any) -> None:
    stream = HEAD + attribute(0x18004, b"SECRET\0") + attached("a.txt", b"x" * 100)
    found = read_pieces(tnef, stream[:-50])
    assert found.texts(Zone.SUBJECT) == ["SECRET"]
    assert found.reason == "damaged"


@pytest.mark.shared
def test_a_real_winmail_dat_gives_its_files(read_pieces: Any, shared: Path) -> None:
    data = (shared / "corpus" / "real" / "dat" / "poi__bug63955-winmail.dat").read_bytes()
    assert [member.name for member in read_pieces(tnef, data).members] == ["SI-61597.pdf", "SI-61598.pdf"]
