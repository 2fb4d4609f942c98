"""Pages, Numbers and Keynote: texts in records that nobody describes, packed by Snappy, and the XML of 2009."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from agent.scanning.formats import iwork, snappy
from agent.scanning.formats.base import NotExamined, Source
from agent.scanning.identify import identify

MARK = "机密★10年"


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(text: str) -> bytes:
    raw = text.encode()
    return b"\x1a" + varint(len(raw)) + raw


def archive(*texts: str) -> bytes:
    """Records in one chunk of Snappy, every fourth byte of them a literal of its own."""
    raw = b"\x12\x08\x08\xd1\x0f" + b"".join(map(field, texts)) + b"\x28\x01"
    packed = varint(len(raw)) + b"".join(
        bytes([(len(part) - 1) << 2]) + part for part in (raw[at : at + 4] for at in range(0, len(raw), 4))
    )
    return b"\0" + len(packed).to_bytes(3, "little") + packed


@pytest.mark.parametrize("name", ["Index/Document.iwa", "Index/Tables/DataList-7.iwa", "a.key/Index/Slide.iwa"])
def test_a_text_is_found_as_it_stands(read_pieces: Any, zipped: Any, name: str) -> None:
    data = zipped({name: archive("采购", MARK, "办法"), "Metadata/DocumentIdentifier": "x"})
    assert identify(Source.of(data), "").media_type in iwork.MEDIA_TYPES
    found = read_pieces(iwork, data)
    assert [each.text for each in found.passages] == [MARK]
    assert found.problem is None


@pytest.mark.parametrize("padding", [0, 20, 29, 60, 130, 5000])
def test_the_length_before_a_text_is_no_part_of_it(read_pieces: Any, zipped: Any, padding: int) -> None:
    text = "\n".join([MARK, "一" * padding, "末行"])
    found = read_pieces(iwork, zipped({"Index/Document.iwa": archive("前", text, "后")}))
    assert [each.text for each in found.passages] == [text]


def test_an_archive_that_lies_by_itself_is_read(read_pieces: Any) -> None:
    data = archive(MARK)
    assert identify(Source.of(data), "Document.iwa").media_type in iwork.MEDIA_TYPES
    assert [each.text for each in read_pieces(iwork, data).passages] == [MARK]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_xml_of_2009_is_read(read_pieces: Any, zipped: Any, pack: Any) -> None:
    xml = f"<?xml version='1.0'?><sl:document xmlns:sl='sl'><sl:p>{MARK}</sl:p></sl:document>".encode()
    name = "index.xml.gz" if pack is gzip.compress else "index.xml"
    found = read_pieces(iwork, zipped({name: pack(xml), "buildVersionHistory.plist": "<plist/>"}))
    assert MARK in [each.text for each in found.passages]


def test_the_pages_that_it_shows_at_a_glance_are_a_file_inside(read_pieces: Any, zipped: Any) -> None:
    found = read_pieces(iwork, zipped({"index.xml": "<a/>", "QuickLook/Preview.pdf": b"%PDF-1.4"}))
    assert [each.name for each in found.members] == ["QuickLook/Preview.pdf"]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"Index/Document.iwa": archive(MARK), ".iwpv2": b"x"}, "encrypted"),
        ({"Index/Document.iwa": archive(MARK)[:-9]}, "damaged"),
        ({"Metadata/a.plist": b"x"}, "unsupported"),
    ],
)
def test_what_cannot_be_read_is_told(read_pieces: Any, zipped: Any, parts: Any, reason: str) -> None:
    assert read_pieces(iwork, zipped(parts)).reason == reason


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x05\x10hello", b"hello"),
        (b"\x0b\x00a\x25\x01", None),
        (b"\x09\x00a\x11\x01", b"a" * 9),
        (b"\x08\x04ab\x16\x02\x00", b"abababab"),
        (b"\x08\x04ab\x17\x02\x00\x00\x00", b"abababab"),
        (b"\x40\xf0\x3f" + b"b" * 64, b"b" * 64),
        (b"\x05\x01\x09", None),
        (b"\xff\xff\xff\xff\xff\xff", None),
        (b"\x05\x10hell", None),
    ],
)
def test_snappy_gives_what_was_packed_or_says_that_it_is_damaged(packed: bytes, plain: bytes | None) -> None:
    if plain is None:
        with pytest.raises(NotExamined, match="damaged"):
            snappy.unpacked(packed, 1000)
    else:
        assert snappy.unpacked(packed, 1000) == plain


def test_what_says_it_is_larger_than_allowed_is_not_unpacked() -> None:
    with pytest.raises(NotExamined, match="too-large"):
        snappy.unpacked(varint(2000) + b"\0a", 1000)
