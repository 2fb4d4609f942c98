"""Office documents saved as one XML file are read as their zipped forms are."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import docx as python_docx
from openpyxl import Workbook
from pptx import Presentation

from agent.scanning.formats import flat_opc
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone


def flat(package: bytes) -> bytes:
    """The same package as one XML file."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith((".xml", ".rels")):
                xml = data.decode().partition("?>")[2] if data.startswith(b"<?xml") else data.decode()
                parts.append(f'<pkg:part pkg:name="/{name}"><pkg:xmlData>{xml}</pkg:xmlData></pkg:part>')
            else:
                coded = base64.b64encode(data).decode()
                parts.append(f'<pkg:part pkg:name="/{name}"><pkg:binaryData>{coded}</pkg:binaryData></pkg:part>')
    opening = '<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
    return f"{opening}{''.join(parts)}</pkg:package>".encode()


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_word_document_keeps_its_zones(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("机密★10年")
    document.sections[0].header.paragraphs[0].text = "SECRET"
    data = flat(saved(document))
    assert identify(Source(io.BytesIO(data), len(data)), "x.xml").media_type in flat_opc.MEDIA_TYPES
    found = read_pieces(flat_opc, data)
    assert found.texts(Zone.HEADER) == ["SECRET"]
    assert found.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    assert found.problem is None


def test_a_workbook_and_a_presentation_are_read(read_pieces: Any) -> None:
    book = Workbook()
    book.active["B2"] = "机密"
    assert read_pieces(flat_opc, flat(saved(book))).texts(Zone.CELL) == ["机密"]
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "机密"
    assert read_pieces(flat_opc, flat(saved(deck))).texts(Zone.TITLE) == ["机密"]


def test_a_package_without_a_document_or_that_breaks_off_is_damaged(read_pieces: Any) -> None:
    document = python_docx.Document()
    document.add_paragraph("SECRET")
    assert read_pieces(flat_opc, flat(saved(document))[:-30]).reason == "damaged"
    empty = b'<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"/>'
    assert read_pieces(flat_opc, empty).reason == "damaged"
