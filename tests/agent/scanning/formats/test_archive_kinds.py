"""Each kind of archive that libarchive reads, made here byte by byte: told by its bytes, its files handed on."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from agent.scanning.formats import archive, archive_library
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify

pytestmark = pytest.mark.skipif(not archive_library.available(), reason="libarchive13 is not installed")
DATA = "机密★20年\n".encode()


def cab() -> bytes:
    """A cabinet with one folder that is not packed."""
    name = b"a.txt\0"
    block = struct.pack("<IHH", 0, len(DATA), len(DATA)) + DATA
    files_at, data_at = 36 + 8, 36 + 8 + 16 + len(name)
    head = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, data_at + len(block), 0, files_at, 0, 3, 1, 1, 1, 0, 0, 0)
    folder = struct.pack("<IHH", data_at, 1, 0)
    return head + folder + struct.pack("<IIHHHH", len(DATA), 0, 0, 0x5A21, 0, 0x20) + name + block


def lha() -> bytes:
    """An archive of LHA with a header of level 0, its name in GBK, as Chinese programs wrote it."""
    name = "机密.txt".encode("gbk")
    body = b"-lh0-" + struct.pack("<IIIBB", len(DATA), len(DATA), 0x5A210000, 0x20, 0) + bytes([len(name)]) + name
    body += struct.pack("<H", crc16(DATA))
    return bytes([len(body), sum(body) & 0xFF]) + body + DATA + b"\0"


def crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def iso() -> bytes:
    """A disc with one file in its root."""

    def both(value: int) -> bytes:
        return struct.pack("<I", value) + struct.pack(">I", value)

    def entry(name: bytes, sector: int, size: int, folder: bool) -> bytes:
        body = b"\0" + both(sector) + both(size) + bytes(7) + bytes([2 if folder else 0]) + bytes(2)
        body += struct.pack("<H", 1) + struct.pack(">H", 1) + bytes([len(name)]) + name
        body += bytes((len(body) + 1) % 2)
        return bytes([len(body) + 1]) + body

    root = entry(b"\0", 18, 2048, True)
    volume = b"\1CD001\1\0" + b" " * 64 + bytes(8) + both(24) + bytes(32)
    for number in (1, 1, 2048):  # the set, this disc, the block
        volume += struct.pack("<H", number) + struct.pack(">H", number)
    volume += both(10) + struct.pack("<II", 20, 0) + struct.pack(">II", 20, 0) + root
    volume = volume.ljust(881, b" ") + b"\1\0"
    folder = root + entry(b"\1", 18, 2048, True) + entry(b"A.TXT;1", 19, len(DATA), False)
    sectors = [volume, b"\xffCD001\1", folder, DATA, *[b""] * 4]
    return bytes(16 * 2048) + b"".join(sector.ljust(2048, b"\0") for sector in sectors)


def rar4() -> bytes:
    """An archive of RAR 4 with one stored file."""

    def block(kind: int, flags: int, body: bytes) -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head

    sizes = struct.pack("<IIBI", len(DATA), len(DATA), 3, zlib.crc32(DATA))
    told = sizes + struct.pack("<IBBHI", 0x5A210000, 20, 0x30, 5, 0o100644) + b"a.txt"
    return b"Rar!\x1a\x07\0" + block(0x73, 0, bytes(6)) + block(0x74, 0x8000, told) + DATA + block(0x7B, 0x4000, b"")


def rar5() -> bytes:
    """An archive of RAR 5 with one stored file."""

    def block(*fields: int, name: bytes = b"") -> bytes:
        body = bytes(fields) + name
        head = bytes([len(body)]) + body
        return struct.pack("<I", zlib.crc32(head)) + head

    crc = struct.pack("<I", zlib.crc32(DATA))
    file = block(2, 2, len(DATA), 4, len(DATA), 0xA4, 0x83, 0x02, *crc, 0, 1, 5, name=b"a.txt")
    return b"Rar!\x1a\x07\1\0" + block(1, 0, 0) + file + DATA + block(5, 0, 0)


def xar() -> bytes:
    toc = (
        '<?xml version="1.0"?><xar><toc><file id="1"><name>a.txt</name><type>file</type><data><offset>0</offset>'
        f'<size>{len(DATA)}</size><length>{len(DATA)}</length><encoding style="application/octet-stream"/></data>'
        "</file></toc></xar>"
    ).encode()
    packed = zlib.compress(toc)
    return b"xar!" + struct.pack(">HHQQI", 28, 1, len(packed), len(toc), 0) + packed + DATA


@pytest.mark.parametrize("make", [cab, lha, iso, rar4, rar5, xar])
def test_the_file_in_it_comes_with_its_bytes(read_pieces: Any, make: Callable[[], bytes]) -> None:
    data = make()
    assert identify(Source(io.BytesIO(data), len(data)), "x").media_type in archive.MEDIA_TYPES
    found = read_pieces(archive, data)
    assert [member.data for member in found.members] == [DATA]
    assert found.problem is None
    expected = "机密.txt" if make is lha else "a.txt"
    assert found.members[0].name.lower() == expected


@pytest.mark.parametrize("make", [cab, lha, iso, rar4, rar5, xar])
def test_one_that_breaks_off_is_told(read_pieces: Any, make: Callable[[], bytes]) -> None:
    data = make()
    behind = {rar4: 7, rar5: 8}.get(make, 0)
    cut = read_pieces(archive, data[: len(data.rstrip(b"\0")) - behind - len(DATA) // 2])
    problems = [str(member.problem.reason) for member in cut.members if member.problem]
    assert cut.reason == "damaged" or problems == ["damaged"]


@pytest.mark.parametrize("make", [rar4, rar5])
def test_a_rar_without_a_file_that_can_be_found_is_damaged(read_pieces: Any, make: Callable[[], bytes]) -> None:
    assert read_pieces(archive, make()[:40]).reason == "damaged"
