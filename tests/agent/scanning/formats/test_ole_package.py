"""Compound files of unknown programs: what is wrapped in them is handed on, and what is not known is said."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from agent.scanning.formats import format_for, ole_package
from agent.scanning.formats.base import Source
from agent.scanning.formats.ole_objects import compound_file
from agent.scanning.identify import identify


def native(name: bytes, data: bytes) -> bytes:
    body = b"\x02\x00" + name + b"\0C:\\" + name + b"\0" + struct.pack("<HHI", 0, 3, 2) + b"t\0"
    body += struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(body)) + body


def test_the_file_in_a_package_is_a_member_under_its_own_name(read_pieces: Any) -> None:
    found = read_pieces(ole_package, compound_file([(("\x01Ole10Native",), native("通知.txt".encode("gbk"), b"text"))]))
    assert [(member.name, member.data) for member in found.members] == [("object/通知.txt", b"text")]
    assert found.problem is None


def test_a_compound_file_that_nobody_knows_is_unsupported(read_pieces: Any) -> None:
    assert read_pieces(ole_package, compound_file([(("Data",), b"something")])).reason == "unsupported"
    own_form = bytes([0x8F, 0x91, 0, 0xFE, 0x13]) * 99
    assert read_pieces(ole_package, compound_file([(("CONTENTS",), own_form)])).reason == "unsupported"


def test_a_package_that_breaks_off_is_damaged(read_pieces: Any) -> None:
    whole = compound_file([(("Package",), b"x" * 3000)])
    assert read_pieces(ole_package, whole[:600]).reason == "damaged"


def test_the_objects_of_a_page_that_word_saved_are_members(read_pieces: Any) -> None:
    inside = compound_file([(("_1",), None), (("_1", "Package"), b"PK whatever")])
    data = b"ActiveMime\0".ljust(0x32, b"\0") + zlib.compress(inside)
    assert format_for(identify(Source(io.BytesIO(data), len(data)), "oledata.mso").media_type) is ole_package
    assert [member.data for member in read_pieces(ole_package, data).members] == [b"PK whatever"]
    assert read_pieces(ole_package, data[:60]).reason == "damaged"


def test_the_objects_that_libreoffice_wraps_are_members(read_pieces: Any) -> None:
    inner = b"PK\3\4" + bytes(40)
    found = read_pieces(ole_package, compound_file([(("package_stream",), inner), (("properties_stream",), bytes(16))]))
    assert [member.data for member in found.members] == [inner]
