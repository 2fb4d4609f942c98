"""PDF: where a marking stands decides its zone, and nothing of a document is passed over in silence."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab import rl_config
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from agent.scanning.formats import pdf
from agent.scanning.formats.base import Budget, Member, NotExamined, Reading, Source
from protocol.records import Reason
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Passage, Zone

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
SIEVE = build(
    [Literal(word, gaps=True) for word in ("机密", "秘密", "绝密", "內部")] + [Literal("SECRET")], prefer="re"
)
WIDTH, HEIGHT = A4
PROSE = "会议听取了项目组汇报，原则同意实施方案。"

Draw = Callable[[Canvas], object]


def made(*pages: Draw, before: Draw | None = None, **options: object) -> bytes:
    """A PDF whose pages are drawn by these functions, in a Chinese font that is not embedded."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    if before:
        before(canvas)
    for draw in pages:
        canvas.setFont("STSong-Light", 12)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(*texts: str, top: float = 780, left: float = 70) -> Draw:
    def draw(canvas: Canvas) -> None:
        for at, text in enumerate(texts):
            canvas.drawString(left, top - 24 * at, text)

    return draw


def prose(rows: int) -> Draw:
    return lines(*[PROSE] * rows, top=560)


def both(*draws: Draw) -> Draw:
    return lambda canvas: [draw(canvas) for draw in draws]


def read(data: bytes, budget: Budget | None = None) -> tuple[list[Passage], list[Member], NotExamined | None]:
    passages: list[Passage] = []
    members: list[Member] = []
    try:
        for piece in pdf.pieces(Source(io.BytesIO(data), len(data)), Reading(SIEVE, budget or Budget())):
            (passages if isinstance(piece, Passage) else members).append(piece)  # type: ignore[arg-type]
    except NotExamined as problem:
        return passages, members, problem
    return passages, members, None


def zones(data: bytes, text: str) -> set[Zone]:
    """The zones in which a text stands on a line of its own."""
    return {one.zone for one in read(data)[0] if text in one.text.split("\n")}


def test_a_marking_at_the_top_left_of_page_1_comes_with_the_lines_around_it() -> None:
    data = made(both(lines("000012", "机密★10年", "特急"), prose(14)))
    (corner,) = (one for one in read(data)[0] if one.zone is Zone.P1_TOP_LEFT)
    assert corner.text.split("\n")[:3] == ["000012", "机密★10年", "特急"]
    assert corner.place.page == 1


def test_a_document_that_has_no_literal_yields_nothing() -> None:
    assert read(made(prose(14), prose(14))) == ([], [], None)


def test_a_header_on_every_page_is_counted_and_page_numbers_do_not_hide_a_footer() -> None:
    def page(number: int) -> Draw:
        return both(
            lambda canvas: canvas.drawCentredString(WIDTH / 2, 810, "机密★10年"),
            lambda canvas: canvas.drawCentredString(WIDTH / 2, 30, f"秘密 第{number}页"),
            prose(14),
        )

    passages, _members, _problem = read(made(*(page(number) for number in range(1, 5))))
    headers = [one for one in passages if one.zone is Zone.HEADER]
    footers = [one for one in passages if one.zone is Zone.FOOTER]
    assert {(one.text, one.pages) for one in headers} == {("机密★10年", 4)}
    assert {one.pages for one in footers} == {4}


def test_a_label_right_of_the_middle_at_the_head_of_a_single_page_is_a_header() -> None:
    assert zones(made(both(lines("秘密", top=790, left=420), prose(14))), "秘密") == {Zone.HEADER}


def test_slanted_text_is_a_watermark_on_as_many_pages_as_it_stands() -> None:
    def page(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(200, 300)
        canvas.rotate(45)
        canvas.setFont("STSong-Light", 40)
        canvas.drawString(0, 0, "机密")
        canvas.restoreState()
        canvas.setFont("STSong-Light", 12)
        prose(14)(canvas)

    marks = [one for one in read(made(page, page))[0] if one.zone is Zone.WATERMARK]
    assert [(one.text, one.pages) for one in marks] == [("机密", 2), ("机密", 2)]


def test_large_pale_text_is_a_watermark() -> None:
    def page(canvas: Canvas) -> None:
        prose(14)(canvas)
        canvas.setFillGray(0.85)
        canvas.setFont("STSong-Light", 60)
        canvas.drawString(150, 380, "机密")

    assert zones(made(page), "机密") == {Zone.WATERMARK}


@pytest.mark.parametrize("ascii85", [0, 1])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_a_vertical_marking_is_read_from_the_top_whatever_the_order_of_drawing(
    order: tuple[int, ...], ascii85: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rl_config, "useA85", ascii85)  # without it the cheap look understands the page

    def page(canvas: Canvas) -> None:
        for at in order:
            canvas.drawString(70, 800 - 18 * at, "机密★"[at])
            canvas.drawString(420, 120 - 12 * at, "联系电话")
        canvas.drawString(300, 800, "关于工作安排的通知")
        prose(14)(canvas)

    corner = next(one for one in read(made(page))[0] if one.zone is Zone.P1_TOP_LEFT)
    assert "机\n密\n★" in corner.text


def test_neighbours_in_a_row_of_page_1_are_label_and_value() -> None:
    data = made(both(lines("密级", top=480), lines("机密", top=480, left=160), prose(2)))
    assert "密级\t机密" in [one.text for one in read(data)[0] if one.zone is Zone.TABLE_FIELD]


def test_a_first_page_of_few_large_words_is_a_cover() -> None:
    def cover(canvas: Canvas) -> None:
        canvas.setFont("STSong-Light", 30)
        canvas.drawCentredString(WIDTH / 2, 480, "应急预案")
        canvas.setFont("STSong-Light", 16)
        canvas.drawCentredString(WIDTH / 2, 440, "机密")

    assert zones(made(cover, prose(20)), "机密") == {Zone.COVER}


def test_text_of_later_pages_is_body() -> None:
    assert zones(made(prose(14), both(lines("机密★5年", top=500), prose(1))), "机密★5年") == {Zone.BODY}


def test_a_page_that_is_turned_is_read_as_one_sees_it() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        canvas.translate(WIDTH, 0)
        canvas.rotate(90)
        lines("机密★10年", top=landscape(A4)[1] - 60)(canvas)
        lines(*[PROSE] * 12, top=380)(canvas)

    assert Zone.P1_TOP_LEFT in zones(made(page), "机密★10年")


def test_glyphs_drawn_one_by_one_in_a_font_that_is_nowhere_are_read() -> None:
    def page(canvas: Canvas) -> None:
        for at, letter in enumerate("机密★10年"):
            canvas.drawString(70 + 13 * at, 790, letter)
        prose(14)(canvas)

    (corner,) = (one for one in read(made(page))[0] if one.zone is Zone.P1_TOP_LEFT)
    assert corner.text.split("\n")[0].replace(" ", "") == "机密★10年"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount namespace of its own")
def test_glyphs_are_read_on_a_computer_without_any_font(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        for at, letter in enumerate("机密★10年"):
            canvas.drawString(70 + 13 * at, 790, letter)

    file = tmp_path / "one.pdf"
    file.write_bytes(made(page))
    program = (
        "import sys; from agent.scanning.formats.pdfium import Document; data = open(sys.argv[1], 'rb').read();"
        "print(ascii(Document(None, data).page(1).text.decode('utf-16-le')))"
    )
    hidden = 'mount -t tmpfs none /usr/share/fonts && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", hidden, "sh", sys.executable, "-c", program, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no mount namespace to be had here")
    assert "".join(ast.literal_eval(done.stdout).split()) == "机密★10年"


def test_a_gb_font_without_unicode_map_is_read() -> None:
    font = b"/Subtype /Type0 /BaseFont /FangSong_GB2312 /Encoding /GBK-EUC-H /DescendantFonts [5 0 R]"
    child = (
        b"/Subtype /CIDFontType2 /BaseFont /FangSong_GB2312 /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
        b" /FontDescriptor << /Type /FontDescriptor /FontName /FangSong_GB2312 /Flags 4 /Ascent 800"
        b" /FontBBox [0 -200 1000 800] /Descent -200 /CapHeight 700 /StemV 80 /ItalicAngle 0 >>"
    )
    content = b"BT /F1 16 Tf 70 780 Td <%s> Tj 40 0 Td <%s> Tj ET" % (
        "机密".encode("gbk").hex().encode(),
        "★10年".encode("gbk").hex().encode(),
    )
    data = raw(b"/Font << /F1 4 0 R >>", content, b"<< /Type /Font %s >>" % font, b"<< /Type /Font %s >>" % child)
    assert Zone.P1_TOP_LEFT in {one.zone for one in read(data)[0] if "机密★10年" in one.text.replace(" ", "")}


def raw(resources: bytes, content: bytes, *more: bytes, page: bytes = b"", catalog: bytes = b"") -> bytes:
    """A PDF of one page, object by object; ``more`` starts at object 4. Its cross-reference is left to be rebuilt."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 99 0 R /Resources << %s >> %s >>" % (resources, page),
        *more,
    ]
    out = b"%PDF-1.7\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % pair for pair in enumerate(objects, 1))
    out += b"99 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(content), content)
    return out + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


@pytest.mark.parametrize(
    ("note", "zone", "text"),
    [
        (b"/Subtype /FreeText /Rect [60 780 200 800] /Contents <FEFF673A5BC6>", Zone.P1_TOP_LEFT, "机密"),
        (b"/Subtype /FreeText /Rect [300 300 400 320] /Contents <FEFF673A5BC6>", Zone.P1_BLOCK, "机密"),
        (b"/Subtype /Stamp /Rect [300 300 400 320] /Contents <FEFF673A5BC6>", Zone.STAMP, "机密"),
        (b"/Subtype /Stamp /Rect [300 300 400 320] /Name /TopSecret", Zone.STAMP, "TOP SECRET"),
        (b"/Subtype /Widget /FT /Tx /T (a) /Rect [300 300 400 320] /V <FEFF673A5BC6>", Zone.P1_BLOCK, "机密"),
        (b"/Subtype /Text /Rect [300 300 320 320] /Contents <FEFF673A5BC6>", Zone.BODY, "机密"),
    ],
)
def test_notes_stamps_and_form_fields_are_read(note: bytes, zone: Zone, text: str) -> None:
    data = raw(b"", b"", page=b"/Annots [<< /Type /Annot %s >>]" % note)
    assert zones(data, text) == {zone}


@pytest.mark.parametrize("name", ["title", "subject", "keywords", "author"])
def test_properties_come_with_their_names(name: str) -> None:
    data = made(prose(3), before=lambda canvas: getattr(canvas, f"set{name.title()}")("机密★10年"))
    found = {(one.name, one.text) for one in read(data)[0] if one.zone is Zone.DOC_PROPERTY}
    assert (name.title(), "机密★10年") in found


def test_an_own_property_is_read_though_nobody_knows_its_name() -> None:
    data = made(prose(3))
    marked = data.replace(b"/Trapped /False", b"/Dept#E5#AF#86 <FEFF673A5BC6>".ljust(15))
    assert marked != data
    start = marked.rindex(b"xref\n", 0, marked.rindex(b"startxref"))
    marked = marked[: marked.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % start
    assert ("Dept密", "机密") in {(one.name, one.text) for one in read(marked)[0]}


def test_xmp_properties_are_read() -> None:
    packet = "<x:xmpmeta><rdf:Description xmp:Label='机密'><dc:title>秘密★5年</dc:title></rdf:Description></x:xmpmeta>"
    body = packet.encode()
    stream = b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream" % (len(body), body)
    data = raw(b"", b"", stream, catalog=b"/Metadata 4 0 R")
    assert {("title", "秘密★5年"), ("Label", "机密")} <= {(one.name, one.text) for one in read(data)[0]}


def test_the_outline_is_read() -> None:
    def page(canvas: Canvas) -> None:
        prose(3)(canvas)
        canvas.bookmarkPage("a")
        canvas.addOutlineEntry("机密★10年", "a")

    assert zones(made(page), "机密★10年") == {Zone.BODY}


ATTACHED = b"<< /Type /EmbeddedFile /Length 6 >>\nstream\n\xe6\x9c\xba\xe5\xaf\x86\nendstream"
SPECIFICATION = b"<< /Type /Filespec /F (a.txt) /UF <FEFF67D0002E007400780074> /EF << /F 4 0 R >> >>"
NAMES = b"/Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >>"


def test_an_attached_file_is_a_member() -> None:
    _passages, members, problem = read(raw(b"", b"", ATTACHED, SPECIFICATION, catalog=NAMES))
    assert [(one.name, one.data, one.size) for one in members] == [("某.txt", "机密".encode(), 6)]
    assert problem is None


def test_an_attached_file_beyond_the_budget_costs_only_itself() -> None:
    data = raw(b"/Font << /F1 6 0 R >>", b"BT /F1 12 Tf 70 780 Td (SECRET) Tj ET", ATTACHED, SPECIFICATION,
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", catalog=NAMES)  # fmt: skip
    passages, members, _problem = read(data, Budget(expanded=5))
    assert [(one.data, one.problem and one.problem.reason) for one in members] == [(None, Reason.BOMB)]
    assert any(one.text == "SECRET" for one in passages)


def test_a_document_with_a_password_is_encrypted_and_one_without_is_read() -> None:
    page = both(lines("机密★10年"), prose(14))
    closed = read(made(page, encrypt=StandardEncryption("open sesame", "owner")))[2]
    assert closed is not None and closed.reason is Reason.ENCRYPTED
    assert Zone.P1_TOP_LEFT in zones(made(page, encrypt=StandardEncryption("", "owner")), "机密★10年")


def test_pages_that_are_pictures_are_said_to_be_not_examined() -> None:
    from PIL import Image

    picture = ImageReader(Image.new("L", (8, 8), 200))

    def scan(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)

    for pages in ((scan,), (prose(14), scan)):
        problem = read(made(*pages))[2]
        assert problem is not None and problem.reason is Reason.UNSUPPORTED
    logo = both(prose(14), lambda canvas: canvas.drawImage(picture, 10, 10, 40, 40))
    assert read(made(logo))[2] is None


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n1 0 obj\n<<", made(prose(2))[:300]])
def test_a_document_that_cannot_be_opened_is_damaged(data: bytes) -> None:
    problem = read(data)[2]
    assert problem is not None and problem.reason is Reason.DAMAGED


def test_a_damaged_document_gives_what_can_be_read() -> None:
    data = made(both(lines("机密★10年"), prose(14)))
    assert Zone.P1_TOP_LEFT in zones(data.replace(b"startxref", b"startxxxx"), "机密★10年")


def test_a_document_too_large_for_memory_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.scanning.formats.pdfium.IN_MEMORY", 100)
    assert Zone.P1_TOP_LEFT in zones(made(both(lines("机密★10年"), prose(14))), "机密★10年")


SOME = made(both(lines("机密★10年"), prose(4)), prose(2))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(SOME) - 1), st.integers(0, 255)), max_size=12), st.integers(100, len(SOME))
)
def test_no_damage_makes_it_raise_anything_but_not_examined(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(SOME)
    for at, byte in changes:
        data[at] = byte
    passages, _members, problem = read(bytes(data[:length]))
    assert problem is None or problem.reason in Reason
    assert all(one.text for one in passages)


@pytest.mark.shared
def test_every_labelled_marking_is_read_on_a_line_or_in_a_value(shared: Path) -> None:
    folder = shared / "corpus" / "labelled"
    missed = []
    sieve = Reading(build([Literal(word) for word in ("密", "密級", "内", "CUI", "NATO", "SECRET", "RESTR", "FOUO")]))
    for record in map(json.loads, (folder / "labels.jsonl").read_text("utf-8").splitlines()):
        if record["format"] != "pdf" or not record["marked"] or record["needs"] or "!" in record["path"]:
            continue
        data = (folder / record["path"]).read_bytes()
        texts = [one.text for one in pdf.pieces(Source(io.BytesIO(data), len(data)), sieve) if isinstance(one, Passage)]
        wanted = "".join(record["text"].split())
        if not any(wanted in "".join(text.split()) for text in texts):
            missed.append(record["path"])
    assert missed == []


@pytest.mark.shared
def test_real_documents_raise_nothing_but_not_examined(shared: Path) -> None:
    files = sorted((shared / "corpus" / "real" / "pdf").glob("*.pdf"))
    reasons = {file.name: read(file.read_bytes())[2] for file in files}
    assert len(reasons) > 20
    assert all(problem is None or problem.reason in Reason for problem in reasons.values())
