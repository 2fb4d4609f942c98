"""Pictures that stand coded in documents which are one XML: found where the document has little text."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from agent.scanning.formats import inner_pictures
from agent.scanning.formats.base import NotExamined, Source


def scan(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((60, 40), 90).save(out, kind)
    return out.getvalue()


def document(*pictures: bytes, text: str = "") -> Source:
    coded = "".join(f"<w:binData>{base64.encodebytes(each).decode()}</w:binData>" for each in pictures)
    return Source.of(f"<?xml version='1.0'?><w:wordDocument xmlns:w='w'>{coded}{text}</w:wordDocument>".encode())


@pytest.mark.parametrize("name", ["wordml", "uof", "odf", "flat_opc"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_each_picture_of_a_document_with_little_text_is_handed_on(name: str, kind: str) -> None:
    found = list(inner_pictures.of(name, document(scan(kind), scan("PNG"))))
    assert [(each.page, each.load()[:2]) for each in found] == [(1, scan(kind)[:2]), (2, b"\x89P")]


def test_where_a_document_has_text_its_pictures_are_left() -> None:
    assert list(inner_pictures.of("wordml", document(scan(), text="<w:t>" + "字" * 400 + "</w:t>"))) == []


def test_a_picture_whose_letters_are_too_few_is_told_as_damaged() -> None:
    broken = document().data or b""
    broken = broken.replace(
        b"</w:wordDocument>", b"<w:binData>iVBORw0KGgo" + b"A" * 130 + b"</w:binData></w:wordDocument>"
    )
    (picture,) = inner_pictures.of("wordml", Source.of(broken))
    with pytest.raises(NotExamined, match="damaged"):
        picture.load()
