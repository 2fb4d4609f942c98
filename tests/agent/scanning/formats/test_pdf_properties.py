"""The properties of a PDF are read as viewers read them, or left to PDFium where the file is not understood."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import pytest

from agent.scanning.formats.pdf_objects import CannotTell
from agent.scanning.formats.pdf_properties import XMP, information, metadata, opened


def put_together(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF of the given objects, the first being the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"", *, packed: bool = True) -> bytes:
    if packed:
        data, entries = zlib.compress(data), entries + b" /Filter /FlateDecode"
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def document(info: bytes = b"<< /Title (plan) >>", *more: bytes, catalog: bytes = b"") -> bytes:
    """A document of no page whose information dictionary is object 3."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog, b"<< /Type /Pages /Kids [] /Count 0 >>", info, *more]
    return put_together(objects, trailer=b"/Info 3 0 R")


def told(data: bytes) -> dict[str, str]:
    """Its properties; raises `CannotTell` where they are left to PDFium."""
    file = opened(data)
    if file is None:
        raise CannotTell
    return information(file)


@pytest.mark.parametrize(
    ("info", "name", "value"),
    [
        (b"<< /Title (SECRET) >>", "Title", "SECRET"),
        (b"<< /Title (SE\\103RET \\(1\\)) >>", "Title", "SECRET (1)"),
        (b"<< /Title <FEFF673A5BC6> >>", "Title", "机密"),
        (b"<< /Title (\xef\xbb\xbf" + "机密".encode() + b") >>", "Title", "机密"),
        (b"<< /SECRET (yes) >>", "SECRET", "yes"),
        (b"<< /#E5#AF#86#E7#BA#A7 <FEFF673A5BC6> >>", "密级", "机密"),
        (b"<< /Title 4 0 R >>", "Title", "机密"),
    ],
)
def test_properties_are_read_in_every_way_of_writing_them(info: bytes, name: str, value: str) -> None:
    assert told(document(info, b"<FEFF673A5BC6>")) == {name: value}


def test_a_property_that_was_written_in_gbk_is_read_in_gbk_too() -> None:
    assert "机密" in told(document(b"<< /Title <BBFAC3DC> >>"))["Title"]


def test_the_packet_that_the_catalogue_names_is_unpacked() -> None:
    packet = "<x:xmpmeta><a>机密</a></x:xmpmeta>".encode()
    file = opened(document(b"<< >>", stream(packet), catalog=b"/Metadata 4 0 R"))
    assert file is not None
    assert metadata(file) == [packet]
    assert XMP.findall(b"..." + packet + b"...") == [packet]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-40],
        lambda data: data.replace(b"startxref\n", b"startxref\n1"),
        lambda data: b"junk" + data,
        lambda data: data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"),
        lambda data: data.replace(b"3 0 obj", b"9 0 obj"),
        lambda data: data.replace(b"(plan)", b"(plan"),
    ],
)
def test_what_is_not_understood_is_left_to_pdfium(damage: Callable[[bytes], bytes]) -> None:
    data = document()
    assert told(data) == {"Title": "plan"}
    assert damage(data) != data
    with pytest.raises(CannotTell):
        told(damage(data))


def test_cross_reference_streams_and_object_streams_are_read() -> None:
    members = [b"<< /Type /Catalog >>", b"<< /Title (quarter) >>"]
    index = b"1 0 2 %d " % (len(members[0]) + 1)
    packed = stream(index + b" ".join(members), b"/Type /ObjStm /N 2 /First %d" % len(index))
    out, rows = bytearray(b"%PDF-1.7\n"), [bytes(4), bytes((2, 0, 3, 0)), bytes((2, 0, 3, 1))]
    rows.append(b"\1" + len(out).to_bytes(2, "big") + b"\0")
    out += b"3 0 obj\n%s\nendobj\n" % packed
    start = len(out)
    rows.append(b"\1" + start.to_bytes(2, "big") + b"\0")
    flat, above = bytearray(), bytes(4)
    for row in rows:  # PNG prediction "Up", as every producer writes it
        flat += b"\2" + bytes((one - other) & 0xFF for one, other in zip(row, above, strict=True))
        above = row
    entries = b"/Type /XRef /W [1 2 1] /Size 5 /Root 1 0 R /Info 2 0 R /DecodeParms << /Predictor 12 /Columns 4 >>"
    out += b"4 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(bytes(flat), entries), start)
    assert told(bytes(out)) == {"Title": "quarter"}


def test_the_newest_of_two_versions_of_an_object_counts() -> None:
    data = document(b"<< /Title (old) >>")
    at, start = len(data), int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    added = b"3 0 obj\n<< /Title (new) >>\nendobj\n"
    trailer = b"trailer\n<< /Size 4 /Root 1 0 R /Info 3 0 R /Prev %d >>\n" % start
    newer = data + added + b"xref\n3 1\n%010d 00000 n \n%s" % (at, trailer)
    newer += b"startxref\n%d\n%%%%EOF\n" % (at + len(added))
    assert told(data) == {"Title": "old"}
    assert told(newer) == {"Title": "new"}
