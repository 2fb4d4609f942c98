"""Drawings of Windows: texts in EMF, EMF+ and WMF, by themselves and inside documents."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import metafile
from agent.scanning.formats.base import Source
from signatures.passages import Zone

MARK = "机密★10年"
Zipped = Callable[[Mapping[str, bytes | str]], bytes]


def record(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, 8 + len(body)) + body


def text_out(words: str, x: int = 10, y: int = 10, *, wide: bool = True, step: int = 12) -> bytes:
    """EMR_EXTTEXTOUTW or A, with the advance of each letter."""
    raw = words.encode("utf-16-le" if wide else "gbk")
    raw += bytes(-len(raw) % 4)
    count = len(words) if wide else len(words.encode("gbk"))
    body = struct.pack("<4iIff", 0, 0, 99, 20, 1, 1.0, 1.0)
    body += struct.pack("<iiIII4iI", x, y, count, 76, 0, 0, 0, 0, 0, 76 + len(raw)) + raw
    return record(84 if wide else 83, body + struct.pack(f"<{count}I", *[step] * count))


def enhanced(*records: bytes) -> bytes:
    body = b"".join(records) + record(14, struct.pack("<III", 0, 16, 20))
    head = struct.pack("<8i", 0, 0, 100, 100, 0, 0, 1000, 1000) + b" EMF"
    head += struct.pack("<IIIHHIIIiiii", 0x10000, 108 + len(body), len(records) + 2, 2, 0, 0, 0, 0, 800, 600, 300, 200)
    return record(1, head + bytes(12)) + body


def plus(words: str) -> bytes:
    """EMF+ DrawString in a comment."""
    raw = words.encode("utf-16-le")
    data = struct.pack("<IIIffff", 0xFF000000, 0, len(words), 0, 30, 100, 20) + raw + bytes(-len(raw) % 4)
    inner = struct.pack("<HHII", 0x401C, 0x8000, 12 + len(data), len(data)) + data
    return record(70, struct.pack("<I", 4 + len(inner)) + b"EMF+" + inner)


def small(words: str) -> bytes:
    return record(108, struct.pack("<iiIIIff", 5, 5, len(words), 0x100, 1, 1.0, 1.0) + words.encode("utf-16-le"))


def poly(words: str) -> bytes:
    place = struct.pack("<iiIII4iI", 5, 5, len(words), 80, 0, 0, 0, 0, 0, 0)
    body = struct.pack("<4iIffI", 0, 0, 9, 9, 1, 1.0, 1.0, 1) + place
    return record(97, body + words.encode("utf-16-le"))


def old_record(kind: int, body: bytes) -> bytes:
    body += bytes(len(body) % 2)
    return struct.pack("<IH", 3 + len(body) // 2, kind) + body


def old(words: str, *, placeable: bool = True, simple: bool = False) -> bytes:
    raw = words.encode("gbk")
    even = raw + bytes(len(raw) % 2)
    if simple:
        drawn = old_record(0x0521, struct.pack("<h", len(raw)) + even + struct.pack("<hh", 10, 10))
    else:
        drawn = old_record(0x0A32, struct.pack("<hhhH", 10, 10, len(raw), 0) + even)
    body = drawn + old_record(0, b"")
    head = struct.pack("<HHHIHIH", 1, 9, 0x300, 9 + len(body) // 2, 1, len(drawn) // 2, 0)
    return (struct.pack("<IHhhhhHIH", 0x9AC6CDD7, 0, 0, 0, 999, 999, 96, 0, 0) if placeable else b"") + head + body


DRAWINGS = {
    "one text": enhanced(text_out("采购"), text_out(MARK, y=40)),
    "single bytes": enhanced(text_out(MARK, wide=False)),
    "letter by letter": enhanced(*(text_out(each, x=10 + 12 * at) for at, each in enumerate(MARK))),
    "down a column": enhanced(*(text_out(each, y=12 * at) for at, each in enumerate(MARK))),
    "at an angle": enhanced(text_out("机密★", 0, 0), text_out("10", 30, 30), text_out("年", 50, 50)),
    "EMF+": enhanced(plus(MARK)),
    "small text": enhanced(small(MARK)),
    "several texts": enhanced(poly(MARK)),
    "WMF": old(MARK),
    "WMF without a place": old(MARK, placeable=False),
    "WMF of old": old(MARK, simple=True),
}


@pytest.mark.parametrize("how", DRAWINGS)
def test_a_marking_drawn_in_any_way_is_found(examiner: Examiner, how: str) -> None:
    (row,) = examiner.examine(Source.of(DRAWINGS[how]), "a.bin").rows
    assert row.media_type in metafile.MEDIA_TYPES
    assert {each.marking for each in row.findings} == {MARK}


def test_what_stands_far_beside_at_the_same_height_is_another_text(read_pieces: Any) -> None:
    drawing = enhanced(text_out("机密", 0), text_out("以上的内容", 300), text_out("不得填写", 24))
    assert read_pieces(metafile, drawing).texts(Zone.BODY) == ["机密", "以上的内容", "不得填写"]


@pytest.mark.parametrize("said", ["凡标有机密★10年字样的文件须专柜保存", "采购示意图", "密级：内部"])
def test_a_drawing_that_only_talks_of_secrecy_is_clean(examiner: Examiner, said: str) -> None:
    (row,) = examiner.examine(Source.of(enhanced(text_out(said))), "a.emf").rows
    assert (row.verdict, row.findings) == ("clean", ())


def test_a_drawing_without_text_is_told(examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(enhanced(record(76, bytes(100)))), "a.emf").rows
    assert (row.verdict, row.reason) == ("not-examined", "unsupported")


def test_a_drawing_that_was_cut_off_gives_what_is_left(read_pieces: Any) -> None:
    whole = enhanced(text_out(MARK), text_out("甲"))
    for size in range(108, len(whole), 7):
        texts = read_pieces(metafile, whole[:size]).texts(Zone.BODY)
        assert all(each.startswith("机密") or each == "甲" for each in texts)


def blip(kind: str) -> bytes:
    """A record of Office drawings with a packed metafile (MS-ODRAW 2.2.24, 2.2.25)."""
    data = DRAWINGS["one text"] if kind == "emf" else old(MARK)
    packed = zlib.compress(data)
    head = struct.pack("<I4iiiIBB", len(data), 0, 0, 9, 9, 100, 100, len(packed), 0, 0xFE)
    first, number = ((0x3D4 << 4), 0xF01A) if kind == "emf" else ((0x217 << 4), 0xF01B)
    body = bytes(16 if kind == "emf" else 32) + head + packed
    return b"\0" * 9 + struct.pack("<HHI", first, number, len(body)) + body


@pytest.mark.parametrize("kind", ["emf", "wmf"])
def test_drawings_among_the_records_of_old_office_documents_are_read(kind: str, read_pieces: Any) -> None:
    records = SimpleNamespace(pieces=lambda source, reading: metafile.in_records(source.head(1 << 20), reading))
    outcome = read_pieces(records, blip(kind))
    assert MARK in outcome.texts(Zone.BODY)


@pytest.mark.parametrize("sign", [rb"\emfblip\picw9\pich9 ", rb"{\*\blipuid 0a}\wmetafile8\picw9 "])
def test_drawings_in_rtf_are_read(examiner: Examiner, sign: bytes) -> None:
    data = DRAWINGS["one text"] if b"emf" in sign else old(MARK, placeable=False)
    document = rb"{\rtf1\ansi\pard notice\par{\pict" + sign + data.hex().encode() + rb"}\par}"
    (row,) = examiner.examine(Source.of(document), "a.rtf").rows
    assert {each.marking for each in row.findings} == {MARK}


@pytest.mark.parametrize(
    ("name", "data"),
    [("image1.emf", DRAWINGS["one text"]), ("image1.wmz", gzip.compress(DRAWINGS["WMF"]))],
    ids=["plain", "packed"],  # not from the bytes: gzip puts the time into them, and each process has its own
)
@pytest.mark.parametrize("folder", ["word", "ppt", "xl"])
def test_drawings_pasted_into_documents_are_read(
    examiner: Examiner, zipped: Zipped, folder: str, name: str, data: bytes
) -> None:
    main = {"word": "document", "ppt": "presentation", "xl": "workbook"}[folder]
    package = zipped(
        {"[Content_Types].xml": "<Types/>", f"{folder}/{main}.xml": "<a/>", f"{folder}/media/{name}": data}
    )
    rows = examiner.examine(Source.of(package), "a.bin").rows
    assert {each.marking for row in rows for each in row.findings} == {MARK}


def test_drawings_in_opendocument_are_read(examiner: Examiner, zipped: Zipped) -> None:
    parts = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}
    package = zipped({**parts, "Pictures/1.emf": DRAWINGS["one text"]})
    rows = examiner.examine(Source.of(package), "a.odt").rows
    assert {each.marking for row in rows for each in row.findings} == {MARK}
