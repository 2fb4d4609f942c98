"""Corners of a PDF in which a marking may stand: layers, portfolios, notes of all kinds, fields, later saves."""

from __future__ import annotations

from typing import Any

import pytest

from agent.scanning.formats import pdf
from agent.scanning.formats.base import Picture
from signatures.passages import Zone

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def document(content: str, *more: str, catalog: str = "", page: str = "") -> bytes:
    """A PDF of one page: objects 1 to 5 are catalogue, pages, page, font and content; ``more`` follow from 6 on."""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        f"/Resources << /Font << /F1 4 0 R >> /Properties << /L1 6 0 R >> >> {page} >>",
        FONT,
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        *more,
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010} 00000 n \n" for at in places)
    end = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + table.encode() + end.encode()


def text(words: str, y: int = 700) -> str:
    return f"BT /F1 12 Tf 72 {y} Td ({words}) Tj ET"


def said(outcome: Any) -> str:
    return "\n".join(each.text for each in outcome.passages)


@pytest.mark.parametrize("state", ["/ON [6 0 R]", "/OFF [6 0 R]"])
def test_text_in_a_layer_is_read_whether_the_layer_is_shown_or_not(read_pieces: Any, state: str) -> None:
    layers = f"/OCProperties << /OCGs [6 0 R] /D << {state} >> >>"
    content = f"/OC /L1 BDC {text('SECRET')} EMC {text('other words', 400)}"
    found = read_pieces(pdf, document(content, "<< /Type /OCG /Name (Marking) >>", catalog=layers))
    assert "SECRET" in said(found)


def test_every_file_of_a_portfolio_is_a_member(read_pieces: Any) -> None:
    files = [
        "<< /Names [(a.txt) 7 0 R (b.txt) 8 0 R] >>",
        "<< /Type /Filespec /F (a.txt) /EF << /F 9 0 R >> >>",
        "<< /Type /Filespec /F (b.txt) /EF << /F 10 0 R >> >>",
        "<< /Type /EmbeddedFile /Length 3 >>\nstream\none\nendstream",
        "<< /Type /EmbeddedFile /Length 3 >>\nstream\ntwo\nendstream",
    ]
    catalog = "/Names << /EmbeddedFiles 6 0 R >> /Collection << /Type /Collection /View /D >>"
    found = read_pieces(pdf, document(text("cover sheet"), *files, catalog=catalog))
    assert [(member.name, member.data) for member in found.members] == [("a.txt", b"one"), ("b.txt", b"two")]


@pytest.mark.parametrize("kind", ["/Text", "/FreeText", "/Stamp", "/Highlight", "/Square"])
def test_a_note_of_any_kind_is_read(read_pieces: Any, kind: str) -> None:
    note = f"<< /Type /Annot /Subtype {kind} /Rect [72 600 200 620] /Contents (SECRET) /DA (/F1 12 Tf) >>"
    found = read_pieces(pdf, document(text("words"), note, page="/Annots [6 0 R]"))
    assert "SECRET" in said(found)


def test_the_value_of_a_field_is_read(read_pieces: Any) -> None:
    field = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (level) /V (SECRET) /Rect [72 600 200 620] /P 3 0 R >>"
    found = read_pieces(
        pdf, document(text("words"), field, catalog="/AcroForm << /Fields [6 0 R] >>", page="/Annots [6 0 R]")
    )
    assert "SECRET" in said(found)


def appended(whole: bytes, number: int, body: str) -> bytes:
    """The document after a change that was appended to it."""
    place = len(whole)
    out = whole + f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    before = int(whole[whole.rfind(b"startxref") :].split()[1])
    return out + (
        f"xref\n{number} 1\n{place:010} 00000 n \ntrailer\n<< /Size 9 /Root 1 0 R /Prev {before} >>\n"
        f"startxref\n{len(out)}\n%%EOF\n"
    ).encode("latin-1")


def test_what_a_later_save_changed_counts_as_it_is_shown(read_pieces: Any) -> None:
    content = text("CONFIDENTIAL")
    later = f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"
    found = read_pieces(pdf, appended(document(text("SECRET")), 5, later))
    assert "CONFIDENTIAL" in said(found)
    assert "SECRET" not in said(found)


def test_a_title_in_the_outline_is_read(read_pieces: Any) -> None:
    outline = ["<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>", "<< /Title (SECRET) /Parent 6 0 R >>"]
    found = read_pieces(pdf, document(text("words"), *outline, catalog="/Outlines 6 0 R"))
    assert "SECRET" in said(found)


def test_xmp_without_an_information_dictionary_is_read(read_pieces: Any) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:a="a">'
        "<a:level>SECRET</a:level></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    stream = f"<< /Type /Metadata /Subtype /XML /Length {len(packet)} >>\nstream\n{packet}\nendstream"
    found = read_pieces(pdf, document(text("words"), stream, catalog="/Metadata 6 0 R"))
    assert [(each.name, each.text) for each in found.passages if each.zone is Zone.DOC_PROPERTY] == [
        ("level", "SECRET")
    ]


def look(words: str) -> str:
    drawing = f"BT /F1 16 Tf 5 8 Td ({words}) Tj ET"
    head = "/Type /XObject /Subtype /Form /BBox [0 0 240 30] /Resources << /Font << /F1 4 0 R >> >>"
    return f"<< {head} /Length {len(drawing)} >>\nstream\n{drawing}\nendstream"


@pytest.mark.parametrize(("kind", "zone"), [("/Stamp", Zone.STAMP), ("/Widget /FT /Tx", Zone.P1_TOP_LEFT)])
def test_what_the_drawing_of_a_note_says_is_read_though_the_note_does_not(
    read_pieces: Any, kind: str, zone: Zone
) -> None:
    note = f"<< /Type /Annot /Subtype {kind} /Rect [60 780 300 810] /F 4 /AP << /N 7 0 R >> >>"
    found = read_pieces(pdf, document(text("other words", 400), note, look("SECRET"), page="/Annots [6 0 R]"))
    assert found.texts(zone) == ["SECRET"]


def test_a_note_whose_drawing_says_what_it_says_itself_is_told_once(read_pieces: Any) -> None:
    note = "<< /Type /Annot /Subtype /Stamp /Contents (SECRET) /Rect [60 780 300 810] /F 4 /AP << /N 7 0 R >> >>"
    found = read_pieces(pdf, document(text("other words", 400), note, look("SECRET"), page="/Annots [6 0 R]"))
    assert found.texts(Zone.STAMP) == ["SECRET"]


def test_text_under_a_note_that_draws_nothing_is_not_the_note_s(read_pieces: Any) -> None:
    note = "<< /Type /Annot /Subtype /Stamp /Rect [60 690 300 720] /F 4 /AP << /N 7 0 R >> >>"
    found = read_pieces(pdf, document(text("SECRET"), note, look(""), page="/Annots [6 0 R]"))
    assert not found.texts(Zone.STAMP)
    assert "SECRET" in said(found)


def outlines(characters: int) -> str:
    """As many characters drawn as outlines, each of some forty curves: what programs make of text to protect it."""
    curves = " ".join(f"{x} {x} {x + 1} {x + 2} {x + 3} {x} c" for x in range(40))
    return "\n".join(f"q 1 0 0 1 {72 + 14 * at} 700 cm 0 0 m {curves} f Q" for at in range(characters))


def test_a_page_whose_letters_are_outlines_is_a_picture_and_not_clean(read_pieces: Any) -> None:
    outcome = read_pieces(pdf, document(outlines(4), "<< >>"))
    assert outcome.reason == "unsupported"
    assert [type(one) for one in outcome.members] == [Picture]


def test_a_page_with_a_frame_and_no_text_is_simply_empty(read_pieces: Any) -> None:
    frame = " ".join(f"72 {y} m 500 {y} l S" for y in range(100, 200, 20))
    outcome = read_pieces(pdf, document(frame, "<< >>"))
    assert (outcome.reason, outcome.members) == (None, [])


@pytest.mark.parametrize("where", [b"trailer\n<< /S", b"/Root 1", b"xref\n0", b"6 0 obj", b"ET\nendstream"])
def test_of_a_file_cut_short_what_is_left_is_read_and_the_rest_told(read_pieces: Any, where: bytes) -> None:
    whole = document(text("SECRET//NOFORN"), "<< >>")
    assert read_pieces(pdf, whole).reason is None
    outcome = read_pieces(pdf, whole[: whole.index(where)])
    assert "SECRET//NOFORN" in said(outcome)
    assert outcome.reason == "damaged"


def test_of_a_file_that_lost_its_catalogue_the_pages_are_read(read_pieces: Any) -> None:
    whole = document(text("SECRET//NOFORN"), "<< >>")
    outcome = read_pieces(pdf, whole[: whole.rindex(b"xref\n0")].replace(b"/Type /Catalog", b"/Typo /Cat"))
    assert "SECRET//NOFORN" in said(outcome)
    assert outcome.reason == "damaged"


def test_a_nul_between_the_numbers_of_a_reference_is_a_blank(read_pieces: Any) -> None:
    outcome = read_pieces(
        pdf, document(text("SECRET//NOFORN"), "<< >>").replace(b"/Contents 5 0 R", b"/Contents 5\x000 R")
    )
    assert "SECRET//NOFORN" in said(outcome)


def test_the_rich_text_of_a_note_without_plain_contents_is_read(read_pieces: Any) -> None:
    note = (
        "<< /Type /Annot /Subtype /FreeText /Rect [72 600 200 620] /DA (/F1 12 Tf)"
        ' /RC (<body xmlns="http://www.w3.org/1999/xhtml"><p><b>SEC</b>RET</p><p>next</p></body>) >>'
    )
    found = read_pieces(pdf, document(text("words"), note, page="/Annots [6 0 R]"))
    assert "SECRET\nnext" in said(found)


SHAPES = (
    "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 750 750] /FontMatrix [.001 0 0 .001 0 0] /FirstChar 1 /LastChar 5 "
    "/Widths [1000 1000 1000 1000 1000] /CharProcs << /g 7 0 R >> {more} "
    "/Encoding << /Type /Encoding /Differences [1 /g /g /g /g /g] >> >>"
)


def shapes(**more: str) -> bytes:
    """A page of letters, some of them in a font that draws squares."""
    square = "1000 0 0 0 750 750 d1 0 0 750 750 re f"
    content = text("ordinary words of a page") + " BT /F2 12 Tf 72 400 Td <0102030405> Tj ET"
    names = "<01> <673A> <02> <5BC6> <03> <2605> <04> <0031> <05> <5E74>"
    map_ = f"begincmap 1 begincodespacerange <00> <FF> endcodespacerange 5 beginbfchar {names} endbfchar endcmap"
    page = "/Resources << /Font << /F1 4 0 R /F2 6 0 R >> >>"
    return document(
        content,
        SHAPES.format(**more),
        f"<< /Length {len(square)} >>\nstream\n{square}\nendstream",
        f"<< /Length {len(map_)} >>\nstream\n{map_}\nendstream",
        page=page,
    )


def test_letters_that_name_no_characters_are_to_be_seen_and_never_clean_in_silence(read_pieces: Any) -> None:
    found = read_pieces(pdf, shapes(more=""))
    assert [each.page for each in found.members if isinstance(each, Picture)] == [1]
    assert found.reason == "unsupported"


def test_letters_of_the_same_font_that_name_their_characters_are_text(read_pieces: Any) -> None:
    found = read_pieces(pdf, shapes(more="/ToUnicode 8 0 R"))
    assert not found.members
    assert found.reason is None
    assert "机密★1年" in said(found)


def test_each_property_of_a_packet_counts_however_deep_it_lies(read_pieces: Any) -> None:
    inner = "<r:RDF>\n  <r:D>\n   <p:level>SECRET</p:level>\n  </r:D></r:RDF>"
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n {inner}</x:xmpmeta>"
    packet = f"<< /Type /Metadata /Subtype /XML /Length {len(xmp)} >>\nstream\n{xmp}\nendstream"
    found = read_pieces(pdf, document(text("words"), packet, catalog="/Metadata 6 0 R"))
    assert ("level", "SECRET") in [(each.name, each.text) for each in found.passages]


TIP = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (level) /TU (SECRET) /Rect [72 600 200 620] /P 3 0 R >>"
SCRIPT = '<< /S /JavaScript /JS (app.alert\\("SECRET"\\);) >>'
ALOUD = "/MarkInfo << /Marked true >> /StructTreeRoot << /Type /StructTreeRoot /K 6 0 R >>"


@pytest.mark.parametrize(
    ("catalog", "more"),
    [
        ("/OCProperties << /OCGs [6 0 R] /D << /ON [6 0 R] >> >>", "<< /Type /OCG /Name (SECRET) >>"),
        ("/PageLabels << /Nums [0 << /P (SECRET) /S /D >>] >>", "null"),
        ("/PageLabels << /Kids [6 0 R] >>", "<< /Limits [0 0] /Nums [0 << /P (SECRET) >>] >>"),
        ("/AcroForm << /Fields [6 0 R] >>", TIP),
        ("/OpenAction 6 0 R", SCRIPT),
        ("/Names << /JavaScript << /Names [(a) 6 0 R] >> >>", SCRIPT),
        (ALOUD, "<< /Type /StructElem /S /Figure /Alt (SECRET) /Pg 3 0 R /K 0 >>"),
        (ALOUD, "<< /Type /StructElem /S /Span /ActualText <FEFF005300450043005200450054> /Pg 3 0 R >>"),
    ],
)
def test_what_a_viewer_shows_beside_the_page_is_read(read_pieces: Any, catalog: str, more: str) -> None:
    assert "SECRET" in said(read_pieces(pdf, document(text("words"), more, catalog=catalog)))


def test_text_that_a_later_save_replaced_is_read_as_an_earlier_state(read_pieces: Any) -> None:
    first = document(text("SECRET"))
    found = read_pieces(
        pdf, appended(first, 5, f"<< /Length {len(text('words'))} >>\nstream\n{text('words')}\nendstream")
    )
    assert "SECRET" not in said(found)
    (member,) = found.members
    assert "SECRET" in said(read_pieces(pdf, member.data))


def test_a_later_save_that_replaced_no_text_is_no_second_document(read_pieces: Any) -> None:
    signed = appended(document(text("words")), 1, "<< /Type /Catalog /Pages 2 0 R /Lang (zh) >>")
    assert read_pieces(pdf, signed).members == []
