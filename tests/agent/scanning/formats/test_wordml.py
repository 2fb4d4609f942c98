"""Word 2003 as one XML file: body, headers, notes, boxes, deleted text, properties, embedded objects."""

from __future__ import annotations

import base64
import io
import zlib
from typing import Any

import pytest

from agent.scanning.formats import wordml
from agent.scanning.formats.base import Source
from agent.scanning.formats.ole_objects import compound_file
from agent.scanning.identify import identify
from signatures.passages import Zone

OPENING = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><?mso-application progid="Word.Document"?>'
    '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:wx="http://schemas.microsoft.com/office/word/2003/auxHint" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:aml="http://schemas.microsoft.com/aml/2001/core">'
)
PROSE = "<w:p><w:r><w:t>" + "各单位要认真贯彻执行，按时报送有关材料，逾期未报的予以通报。" * 2 + "</w:t></w:r></w:p>"


def p(text: str, properties: str = "") -> str:
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def document(body: str, before: str = "", section: str = "") -> bytes:
    whole = (
        f"{OPENING}{before}<w:body><wx:sect>{body}<w:sectPr>{section}</w:sectPr></wx:sect></w:body></w:wordDocument>"
    )
    return whole.encode()


def test_it_is_told_by_its_root_not_by_its_name() -> None:
    data = document("")
    assert identify(Source(io.BytesIO(data), len(data)), "x.doc").media_type in wordml.MEDIA_TYPES


def test_a_mark_at_the_top_is_found_there_even_in_two_runs(read_pieces: Any) -> None:
    found = read_pieces(wordml, document("<w:p><w:r><w:t>机</w:t></w:r><w:r><w:t>密★10年</w:t></w:r></w:p>" + PROSE))
    assert found.only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")


def test_headers_and_footers_have_their_zones_and_stay_out_of_the_body(read_pieces: Any) -> None:
    section = f'<w:hdr w:type="odd">{p("机密")}</w:hdr><w:ftr w:type="first">{p("SECRET")}</w:ftr>'
    found = read_pieces(wordml, document(PROSE, section=section))
    assert (found.only(Zone.HEADER).text, found.only(Zone.HEADER).pages) == ("机密", 2)
    assert (found.only(Zone.FOOTER).text, found.only(Zone.FOOTER).pages) == ("SECRET", 1)


def test_notes_comments_and_deleted_text_are_told_apart(read_pieces: Any) -> None:
    body = (
        PROSE
        + "<w:p><w:r><w:t>x</w:t></w:r><w:r><w:footnote>" + p("SECRET note") + "</w:footnote></w:r>"
        + '<w:r><aml:annotation aml:id="1" w:type="Word.Comment"><aml:content>' + p("SECRET comment")
        + "</aml:content></aml:annotation></w:r>"
        + '<aml:annotation aml:id="2" w:type="Word.Deletion"><aml:content><w:r><w:delText>SECRET</w:delText></w:r>'
        + "</aml:content></aml:annotation></w:p>"
    )  # fmt: skip
    found = read_pieces(wordml, document(body))
    parts = {each.place.part: each.text for each in found.passages if each.place.part}
    assert parts == {"footnotes": "SECRET note", "comments": "SECRET comment"}
    assert [each.text for each in found.passages if each.struck] == ["SECRET"]


def test_lettering_is_a_watermark_and_a_box_is_read(read_pieces: Any) -> None:
    body = '<w:p><w:r><w:pict><v:shape><v:textpath string="机密"/></v:shape></w:pict></w:r></w:p>' + PROSE
    assert read_pieces(wordml, document(body)).only(Zone.WATERMARK).text == "机密"


def test_properties_are_read_with_their_names(read_pieces: Any) -> None:
    before = (
        "<o:DocumentProperties><o:Title>SECRET plan</o:Title></o:DocumentProperties><o:CustomDocumentProperties>"
        "<o:_x5bc6__x7ea7_>机密</o:_x5bc6__x7ea7_></o:CustomDocumentProperties>"
    )
    found = read_pieces(wordml, document(PROSE, before))
    assert [(each.name, each.text) for each in found.passages if each.zone is Zone.DOC_PROPERTY] == [
        ("title", "SECRET plan"),
        ("密级", "机密"),
    ]


@pytest.mark.parametrize("active", [False, True])
def test_embedded_objects_are_members(read_pieces: Any, active: bool) -> None:
    data = compound_file([(("_1",), None), (("_1", "Package"), b"PK whatever")])
    if active:
        data = b"ActiveMime".ljust(0x32, b"\0") + zlib.compress(data)
    coded = base64.b64encode(data).decode()
    before = f'<w:docOleData><w:binData w:name="oledata.mso">{coded}</w:binData></w:docOleData>'
    found = read_pieces(wordml, document(PROSE, before))
    assert [member.data for member in found.members] == [b"PK whatever"]


def test_an_ordinary_document_gives_nothing_and_one_that_breaks_off_is_damaged(read_pieces: Any) -> None:
    found = read_pieces(wordml, document(PROSE))
    assert (found.passages, found.problem) == ([], None)
    assert read_pieces(wordml, document(PROSE)[:-40].rstrip(b">")).reason == "damaged"
    broken = read_pieces(wordml, document(p("机密★10年") + PROSE)[:-40])
    assert broken.reason == "damaged"
    assert broken.texts(Zone.P1_TOP_LEFT)[0].startswith("机密★10年")
