"""What is hidden behind the end of a picture or PDF is read, and a name that turns around is read as it is seen."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas

from agent.scanning import disguises
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png() -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def gif() -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    note = b"\x21\xfe\x03abc\x00"
    return head + note + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00" + b"\x3b"


def jpeg() -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xd9\xff\xd9"
    return b"\xff\xd8" + comment + b"\xff\xda" + struct.pack(">H", 2) + b"\x12\xff\x00\x34" + b"\xff\xd9"


def pdf() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 720, "text")
    canvas.save()
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "some text")
    return out.getvalue()


def behind(data: bytes) -> bytes | None:
    source = Source(io.BytesIO(data), len(data))
    member = disguises.behind(source, identify(source, "x").media_type)
    return None if member is None else member.data


@pytest.mark.parametrize("whole", [png, gif, jpeg, pdf])
def test_a_document_behind_the_end_is_handed_on(whole: Callable[[], bytes]) -> None:
    hidden = b"{\\rtf1\\ansi some words and some more words}"
    assert behind(whole() + hidden) == hidden
    assert behind(whole() + b"\0\0\r\n" + hidden) == hidden
    note = "机密★10年\n关于某事项的通知\n".encode() * 3
    assert behind(whole() + note) == note


@pytest.mark.parametrize("whole", [png, gif, jpeg, pdf])
def test_nothing_is_behind_an_ordinary_file_nor_mere_filling_nor_bytes_that_are_no_document(
    whole: Callable[[], bytes],
) -> None:
    assert behind(whole()) is None
    assert behind(whole() + b"\r\n" + bytes(500)) is None
    assert behind(whole() + bytes(range(256)) * 4) is None


@pytest.mark.parametrize("whole", [png, gif, jpeg])
def test_a_zip_behind_a_picture_makes_it_a_zip(whole: Callable[[], bytes]) -> None:
    data = whole() + zipped()
    assert identify(Source(io.BytesIO(data), len(data)), "x.jpg").media_type == "application/zip"


@pytest.mark.parametrize("whole", [png, gif, jpeg, pdf])
def test_a_file_cut_at_any_place_raises_nothing(whole: Callable[[], bytes]) -> None:
    data = whole()
    assert all(behind(data[:cut]) is None for cut in range(1, len(data), 3))


def test_more_than_is_handed_on_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disguises, "TAIL_BYTES", 100)
    data = png() + b"some words\n" * 20
    member = disguises.behind(Source(io.BytesIO(data), len(data)), "image/png")
    assert member is not None
    assert member.data is None
    assert str(member.problem.reason if member.problem else "") == "too-large"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("plain.pdf", None),
        ("a\u202efdp.exe", "aexe.pdf"),
        ("x\u2067密机\u2069y", "x机密y"),
        ("\u202etxt.密机", "机密.txt"),
    ],
)
def test_a_name_that_turns_around_is_also_read_as_it_is_seen(name: str, seen: str | None) -> None:
    assert disguises.shown(name) == [name] + ([seen] if seen else [])
