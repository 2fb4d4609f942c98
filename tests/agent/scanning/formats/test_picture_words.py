"""What the file of a picture says beside its pixels: Exif, XMP, IPTC, comments, in every kind that has them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from agent.scanning.formats import picture, picture_words
from agent.scanning.formats.base import Reading, Source
from signatures.passages import Passage, Zone

MARK = "机密★10年"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:dc="d"><dc:title><rdf:Alt>'
    f"<rdf:li>{MARK}</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
)


class _Everything:
    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return [(at, at + 1, "utf-8") for at in range(0, len(data), 7)]


def saved(kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, kind, **more)
    return out.getvalue()


def png(**fields: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in fields.items():
        info.add_itxt("XML:com.adobe.xmp" if name == "xmp" else name, text, zip=name == "Packed")
    return saved("PNG", pnginfo=info)


def exif(tag: int, value: bytes | str) -> Image.Exif:
    found = Image.Exif()
    found[tag] = value
    return found


def iptc() -> bytes:
    field = b"\x1c\x02\x05" + struct.pack(">H", len(MARK.encode())) + MARK.encode()
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(field)) + field
    plain = saved("JPEG")
    return plain[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + plain[2:]


def tiff(order: str, tag: int, value: bytes) -> bytes:
    """A TIFF file of one field only."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + struct.pack(order + "HHHII", 1, tag, 2, len(value), 26) + bytes(4) + value


FILES = {
    "the comment of a JPEG": saved("JPEG", comment=MARK.encode()),
    "the comment of a JPEG in GBK": saved("JPEG", comment=MARK.encode("gb18030")),
    "the title that Windows gives": saved("JPEG", exif=exif(0x9C9B, MARK.encode("utf-16-le") + b"\0\0")),
    "the same in WebP": saved("WEBP", exif=exif(0x9C9B, MARK.encode("utf-16-le") + b"\0\0")),
    "a caption of a news agency": iptc(),
    "a text of a PNG": png(Description=MARK),
    "a packed text of a PNG": png(Packed=MARK),
    "a title by Adobe in a PNG": png(xmp=XMP),
    "a title by Adobe in a JPEG": saved("JPEG", xmp=XMP.encode()),
    "a title by Adobe in WebP": saved("WEBP", xmp=XMP.encode()),
    "the comment of a GIF": saved("GIF", comment=MARK.encode()),
    "the description of a TIFF": tiff("<", 0x010E, MARK.encode() + b"\0"),
    "the same the other way round": tiff(">", 0x010E, MARK.encode("gb18030") + b"\0"),
}


@pytest.mark.parametrize("where", FILES)
def test_a_marking_beside_the_pixels_is_a_property_of_the_picture(read_pieces: Any, where: str) -> None:
    outcome = read_pieces(picture, FILES[where])
    found = [each for each in outcome.members + outcome.passages if isinstance(each, Passage)]
    assert [(each.zone, each.text) for each in found] == [(Zone.DOC_PROPERTY, MARK)]


def test_a_picture_without_words_has_none(read_pieces: Any) -> None:
    assert [read_pieces(picture, saved(kind)).passages for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP")] == [[]] * 5


def test_a_directory_that_leads_back_to_itself_comes_to_an_end() -> None:
    loop = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HI", 0, 8)
    assert list(picture_words.passages(Source.of(loop), Reading(_Everything()))) == []


def test_a_packed_text_that_is_damaged_is_passed_over() -> None:
    block = b"Comment\0\0" + b"\xff" + zlib.compress(b"x" * 50)
    chunk = struct.pack(">I", len(block)) + b"zTXt" + block + bytes(4)
    assert list(picture_words.passages(Source.of(b"\x89PNG\r\n\x1a\n" + chunk), Reading(_Everything()))) == []


@given(st.sampled_from(sorted(FILES)), st.data())
def test_no_change_of_bytes_raises(where: str, data: Any) -> None:
    raw = bytearray(FILES[where])
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for passage in picture_words.passages(Source.of(bytes(raw)), Reading(_Everything())):
        assert passage.text
