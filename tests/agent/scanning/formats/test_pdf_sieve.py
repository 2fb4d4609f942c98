"""The cheap look into a PDF: it may pass the question on, but never say no where PDFium would find something."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import reportlab
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import pdfium
from agent.scanning.formats.base import NotExamined, Reading
from agent.scanning.formats.pdf_sieve import opened, surely_without
from signatures.engine import build
from signatures.literals import Literal
from signatures.rules import load_rules

UTF_16 = frozenset({"utf-16-le"})
LITERALS = (
    Literal("机密", gaps=True),
    Literal("内部", gaps=True),
    Literal("SECRET"),
    Literal("in confidence", any_case=True),
)
SIEVE = build(LITERALS, prefer="re")
ALPHABET = "机密内部资料SECRTinofdceABÀ，。 "


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


def to_unicode(characters: str, *, wide: bool) -> bytes:
    form = "<{:04X}> <{:04X}>" if wide else "<{:02X}> <{:04X}>"
    lines = "\n".join(form.format(code, ord(character)) for code, character in enumerate(characters, FIRST_CODE))
    head = "/CIDInit /ProcSet findresource begin begincmap"
    return f"{head}\n{len(characters)} beginbfchar\n{lines}\nendbfchar\nendcmap end".encode()


WIDE = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Song /Encoding /Identity-H /DescendantFonts [5 0 R]"
    b" /ToUnicode 6 0 R >>"
)
CID = (
    b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Song /DW 1000"
    b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    b" /FontDescriptor << /Type /FontDescriptor /FontName /AAAAAA+Song /Flags 4 /FontBBox [0 -200 1000 800]"
    b" /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 /ItalicAngle 0 /FontFile2 8 0 R >>"
    b" /CIDToGIDMap /Identity >>"
)
FIRST_CODE = 36
"""From here on the embedded font has a visible glyph for each code; PDFium leaves out what covers no area."""
VERA = (Path(reportlab.__file__).parent / "fonts" / "Vera.ttf").read_bytes()
FONT_FILE = stream(VERA)
LATIN = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def document(
    *contents: bytes, extra: Sequence[bytes] = (), page: bytes = b"", catalog: bytes = b"", trailer: bytes = b""
) -> bytes:
    """Pages with these contents; /F1 is a two-byte font over `ALPHABET`, /F2 is Helvetica, ``extra`` starts at 9."""
    first = 9 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first + 2 * at) for at in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 600 800] /Resources 3 0 R >>" % (kids, len(contents)),
        b"<< /Font << /F1 4 0 R /F2 7 0 R >> /XObject << %s >> >>" % (b"/X1 9 0 R" if extra else b""),
        WIDE,
        CID,
        stream(to_unicode(ALPHABET, wide=True)),
        LATIN,
        FONT_FILE,
        *extra,
    ]
    for at, content in enumerate(contents):
        objects.append(b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R %s >>" % (first + 2 * at + 1, page))
        objects.append(stream(content))
    return put_together(objects, trailer=trailer)


def coded(text: str) -> bytes:
    """A hexadecimal string of /F1."""
    return ("<" + "".join(f"{ALPHABET.index(character) + FIRST_CODE:04X}" for character in text) + ">").encode()


def shown(data: bytes) -> list[bytes]:
    """What PDFium reads, page by page."""
    with pdfium.Document(None, data) as opened:  # type: ignore[arg-type]
        texts = []
        for number in range(1, opened.pages + 1):
            page = opened.page(number)
            texts.append(page.text())
            page.close()
        return texts


def has_literal(data: bytes) -> bool:
    return any(SIEVE.worth(text, encodings=UTF_16) for text in shown(data))


def says_no(data: bytes) -> bool:
    return surely_without(opened(data), Reading(SIEVE))


def line(*parts: bytes) -> bytes:
    return b"BT /F1 12 Tf 60 700 Td " + b" ".join(parts) + b" ET"


PLAIN = line(coded("资料，资料。"), b"Tj")


def test_an_ordinary_document_without_a_literal_is_sent_home() -> None:
    data = document(PLAIN)
    assert "资料" in shown(data)[0].decode("utf-16-le")
    assert says_no(data)


@pytest.mark.parametrize(
    "content",
    [
        line(coded("机密"), b"Tj"),
        line(b"[", coded("机"), b"-30", coded("密"), b"] TJ"),
        line(coded("机"), b"Tj 12 0 Td", coded("密"), b"Tj"),
        line(coded("密"), b"Tj -12 0 Td", coded("机"), b"Tj"),
        line(coded("机"), b"Tj 0 -14 Td", coded("密"), b"Tj"),
        line(coded("机"), b"Tj T* ", coded("密"), b"'"),
        line(coded("机"), b"Tj 0.2 0 Td", coded("机"), b"Tj 12 0 Td", coded("密"), b"Tj 0.2 0 Td", coded("密"), b"Tj"),
        b"q BT /F2 12 Tf ET Q " + line(coded("内"), b"Tj ET q Q BT /F1 12 Tf 72 700 Td", coded("部"), b"Tj"),
        b"BT /F2 12 Tf 60 700 Td [(SE) 20 (C\\122ET)] TJ ET",
        b"BT /F2 12 Tf 60 700 Td (in) Tj 20 0 Td (confidence) Tj ET",
        b"BT /F2 12 Tf 60 700 Td [(in)-300(confidence)] TJ ET",
        b"/Span << /ActualText <FEFF673A> >> BDC " + line(coded("料"), b"Tj") + b" EMC "
        b"BT /F1 12 Tf 72 700 Td " + coded("密") + b" Tj ET",
    ],
)
def test_no_way_of_drawing_a_literal_gets_past_it(content: bytes) -> None:
    data = document(content)
    assert has_literal(data)
    assert not says_no(data)


def test_a_literal_in_a_form_that_every_page_draws_is_seen() -> None:
    form = stream(line(coded("机密"), b"Tj"), b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources 3 0 R")
    data = document(PLAIN + b" /X1 Do", PLAIN, extra=[form])
    assert has_literal(data)
    assert not says_no(data)
    assert says_no(document(PLAIN, PLAIN, extra=[form]))


@pytest.mark.parametrize(
    "changed",
    [
        {"catalog": b"/Names << /EmbeddedFiles << /Names [] >> >>"},
        {"catalog": b"/AcroForm << /Fields [7 0 R] >>"},
        {"page": b"/Annots [<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] /Contents (x) >>]"},
        {"trailer": b"/Info << /Title (SECRET) >>"},
        {"trailer": b"/Info << /Title <FEFF673A5BC6> >>"},
        {"trailer": b"/Info << /Title <BBFAC3DC> >>"},
        {"trailer": b"/Info << /SECRET (yes) >>"},
        {"catalog": b"/Outlines << /First 9 0 R >>", "extra": [b"<< /Title <FEFF673A5BC6> >>"]},
        {"catalog": b"/Metadata 9 0 R", "extra": [stream("<x:xmpmeta><a>机密</a></x:xmpmeta>".encode())]},
    ],
)
def test_what_stands_beside_the_pages_is_not_passed_over(changed: dict[str, bytes]) -> None:
    assert not says_no(document(PLAIN, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-40],
        lambda data: data.replace(b"startxref\n", b"startxref\n1"),
        lambda data: b"junk" + data,
        lambda data: data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R"),
        lambda data: data.replace(b"/ToUnicode 6 0 R", b"/ToUnicoda 6 0 R"),
        lambda data: data.replace(b"/Identity-H", b"/GBK-EUC-HH"),
        lambda data: data.replace(b"/FlateDecode", b"/CryptDecode"),
        lambda data: data.replace(b"4 0 obj", b"9 0 obj"),
    ],
)
def test_what_it_does_not_understand_it_leaves_to_pdfium(damage: Callable[[bytes], bytes]) -> None:
    data = document(PLAIN)
    assert damage(data) != data
    assert not says_no(damage(data))


def test_pages_that_are_pictures_with_hardly_a_word_are_left_to_pdfium() -> None:
    picture = stream(
        b"\0", b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    )
    assert not says_no(document(b"q 600 0 0 800 0 0 cm /X1 Do Q", extra=[picture]))
    assert not says_no(document(b"q 600 0 0 800 0 0 cm /X1 Do Q " + PLAIN, extra=[picture]))
    full = line(coded("资料，资料。" * 12), b"Tj")
    assert says_no(document(b"q 60 0 0 80 0 0 cm /X1 Do Q " + full, extra=[picture]))


def test_a_code_that_no_map_names_is_left_to_pdfium() -> None:
    assert not says_no(document(line(b"<7FFF>", b"Tj")))


def test_cross_reference_streams_and_object_streams_are_read() -> None:
    members = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 600 800] >>",
    ]
    members.append(b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F2 6 0 R >> >> >>")
    for word, expected in ((b"quarter", True), (b"SECRET", False)):
        packed = b" ".join(members)
        offsets = [0, len(members[0]) + 1, len(members[0]) + len(members[1]) + 2]
        index = b" ".join(b"%d %d" % (number, offset) for number, offset in enumerate(offsets, 1)) + b" "
        bodies = {
            4: stream(index + packed, b"/Type /ObjStm /N 3 /First %d" % len(index)),
            5: stream(b"BT /F2 12 Tf 60 700 Td (%s) Tj ET" % word),
            6: LATIN,
        }
        out, rows = bytearray(b"%PDF-1.7\n"), [bytes(4), *(bytes((2, 0, 4, at)) for at in range(3))]
        for number, body in bodies.items():
            rows.append(b"\1" + len(out).to_bytes(2, "big") + b"\0")
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start = len(out)
        rows.append(b"\1" + start.to_bytes(2, "big") + b"\0")
        flat, above = bytearray(), bytes(4)
        for row in rows:  # PNG prediction "Up", as every producer writes it
            flat += b"\2" + bytes((one - other) & 0xFF for one, other in zip(row, above, strict=True))
            above = row
        entries = b"/Type /XRef /W [1 2 1] /Size 8 /Root 1 0 R /DecodeParms << /Predictor 12 /Columns 4 >>"
        out += b"7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(bytes(flat), entries), start)
        assert word.decode() in shown(bytes(out))[0].decode("utf-16-le")
        assert says_no(bytes(out)) is expected


def test_the_newest_of_two_versions_of_an_object_counts() -> None:
    data = document(line(coded("机密"), b"Tj"))
    again = stream(PLAIN)
    number, at = 10, len(data)
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    added = b"%d 0 obj\n%s\nendobj\n" % (number, again)
    table = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size 11 /Root 1 0 R /Prev %d >>\n" % (number, at, start)
    newer = data + added + table + b"startxref\n%d\n%%%%EOF\n" % (at + len(added))
    assert not has_literal(newer)
    assert says_no(newer)
    assert not says_no(data)


words = st.text("机机密密内部料 ", min_size=1, max_size=3)
cells = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), words, st.sampled_from(("Tm", "Td", "cm")), st.integers(0, 2)
    ),
    max_size=8,
    unique_by=lambda cell: cell[0],
)


def drawn(cells: list[tuple[tuple[int, int], str, str, int]], width: int, height: int, kern: int) -> bytes:
    """Words in the cells of a grid, in whatever order, moved to in three ways, some cut in two."""
    out, at = [b"BT /F1 12 Tf"], (0, 0)
    for (column, row), word, move, cut in cells:
        x, y = 60 + width * column, 700 - height * row
        if move == "Td":
            out.append(b"%d %d Td" % (x - at[0], y - at[1]))
            at = (x, y)
        elif move == "Tm":
            out.append(b"1 0 0 1 %d %d Tm" % (x, y))
            at = (x, y)
        else:
            out.append(b"ET q 1 0 0 1 %d %d cm BT /F1 12 Tf" % (x, y))
        one, other = word[:cut], word[cut:]
        out.append(b"[%s %d %s] TJ" % (coded(one), kern, coded(other)) if one and other else coded(word) + b" Tj")
        if move == "cm":
            out.append(b"ET Q BT /F1 12 Tf")
            at = (0, 0)
    return b" ".join([*out, b"ET"])


@settings(max_examples=150, deadline=None)
@given(cells, st.sampled_from((36, 40, 60)), st.sampled_from((13, 14, 30)), st.sampled_from((-700, -120, -20, 20)))
def test_whatever_pdfium_finds_it_does_not_deny(
    cells: list[tuple[tuple[int, int], str, str, int]], width: int, height: int, kern: int
) -> None:
    data = document(drawn(cells, width, height, kern))
    if has_literal(data):
        assert not says_no(data)


@pytest.mark.shared
def test_no_real_document_in_which_pdfium_finds_a_literal_is_denied(shared: Path) -> None:
    sieve = build(load_rules().literals, prefer="portable")
    seen = 0
    for file in sorted(shared.glob("corpus/*/*/*.pdf")):
        data = file.read_bytes()
        try:
            found = any(sieve.worth(text, encodings=UTF_16) for text in shown(data))
        except NotExamined:
            continue
        seen += found
        assert not (found and surely_without(opened(data), Reading(sieve))), file.name
    assert seen > 20
