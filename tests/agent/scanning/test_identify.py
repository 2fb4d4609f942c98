"""What a file is: content before name, and nothing that could hold text is taken for a mere binary."""

from __future__ import annotations

import io
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scanning import identify as module
from agent.scanning.formats.base import Source
from agent.scanning.identify import Identity, Kind, identify, libmagic_available

OOXML = "application/vnd.openxmlformats-officedocument."


def kind_of(data: bytes, name: str = "file") -> Identity:
    return identify(Source(io.BytesIO(data), len(data)), name)


def zip_of(*names: str, mimetype: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr(zipfile.ZipInfo("mimetype"), mimetype)
        for name in names:
            archive.writestr(name, f"<{name}/>" * 50)
    return out.getvalue()


def ole_of(*names: str, inner: str = "") -> bytes:
    """A compound file whose root holds these streams; ``inner`` lies one folder below."""
    entries = [("Root Entry", 5, -1, -1, 1)]
    entries += [(name, 2, -1, at + 2 if at + 1 < len(names) else -1, -1) for at, name in enumerate(names)]
    if inner:
        entries[len(names)] = (names[-1], 1, -1, -1, len(entries))
        entries.append((inner, 2, -1, -1, -1))
    directory = b""
    for name, kind, left, right, child in entries:
        coded = name.encode("utf-16-le")
        directory += coded.ljust(64, b"\0") + struct.pack("<HBBiii", len(coded) + 2, kind, 1, left, right, child)
        directory += bytes(48)
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    sectors = len(directory) // 512
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = b"".join(struct.pack("<I", link) for link in chain).ljust(512, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return (head + struct.pack("<I", 0)).ljust(512, b"\xff") + table + directory


def tar_of() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("names", "media_type"),
    [
        (("[Content_Types].xml", "word/document.xml"), f"{OOXML}wordprocessingml.document"),
        (("_rels/.rels", "xl/workbook.xml", "[Content_Types].xml"), f"{OOXML}spreadsheetml.sheet"),
        (("[Content_Types].xml", "ppt/presentation.xml"), f"{OOXML}presentationml.presentation"),
        (("[Content_Types].xml", "xl/workbook.bin"), "application/vnd.ms-excel.sheet.binary.macroEnabled.12"),
        (("[Content_Types].xml", "visio/document.xml"), "application/vnd.ms-visio.drawing"),
        (("[Content_Types].xml", "Documents/1/FixedDoc.fdoc"), "application/vnd.ms-xpsdocument"),
        (("[Content_Types].xml", "word\\document.xml"), f"{OOXML}wordprocessingml.document"),
        (("[Content_Types].xml", "word\\document.xml", "xl/a.xml"), f"{OOXML}wordprocessingml.document"),
        (("OFD.xml", "Doc_0/Document.xml"), "application/ofd"),
        (("META-INF/container.xml", "book.opf"), "application/epub+zip"),
        (("META-INF/MANIFEST.MF", "a.class"), "application/java-archive"),
        (("Index/Document.iwa",), "application/vnd.apple.iwork"),
        (("unpacked/word/document.xml", "unpacked/[Content_Types].xml"), "application/zip"),
        (("a.txt",), "application/zip"),
    ],
)
def test_a_zip_is_told_by_the_names_in_its_directory(names: tuple[str, ...], media_type: str) -> None:
    assert kind_of(zip_of(*names)).media_type == media_type


def test_an_open_document_says_itself_what_it_is() -> None:
    said = "application/vnd.oasis.opendocument.spreadsheet"
    assert kind_of(zip_of("content.xml", mimetype=said), "table.docx") == Identity(said, Kind.DOCUMENT)


def test_a_zip_cut_off_before_its_directory_is_told_by_its_first_names() -> None:
    data = zip_of("[Content_Types].xml", "word/document.xml", "word/styles.xml")
    assert kind_of(data[:250]).media_type == f"{OOXML}wordprocessingml.document"


@pytest.mark.parametrize(
    ("names", "media_type"),
    [
        (("WordDocument", "1Table"), "application/msword"),
        (("\x05SummaryInformation", "Workbook"), "application/vnd.ms-excel"),
        (("PowerPoint Document",), "application/vnd.ms-powerpoint"),
        (("EncryptionInfo", "EncryptedPackage"), "application/x-ole-encrypted-package"),
        (("__properties_version1.0",), "application/vnd.ms-outlook"),
        (("FileHeader", "DocInfo", "BodyText"), "application/x-hwp"),
        (("a", "b", "c", "d", "e", "f", "g", "VisioDocument"), "application/vnd.visio"),
        (("Mx Document",), "application/x-ole-storage"),
        (("Something",), "application/x-ole-storage"),
    ],
)
def test_an_ole_file_is_told_by_the_names_at_its_root(names: tuple[str, ...], media_type: str) -> None:
    assert kind_of(ole_of(*names)) == Identity(media_type, Kind.DOCUMENT)


def test_a_document_embedded_in_another_does_not_decide_what_the_outer_is() -> None:
    assert kind_of(ole_of("Workbook", "MBD0001", inner="WordDocument")).media_type == "application/vnd.ms-excel"


@pytest.mark.parametrize(
    ("data", "name", "media_type", "kind"),
    [
        (b"", "a.docx", "application/x-empty", Kind.EMPTY),
        (b"%PDF-1.4\n%\xe2\xe3", "a.txt", "application/pdf", Kind.DOCUMENT),
        (b"\x1b%-12345X@PJL\r\n%PDF-1.4\n1 0 obj\n<<>>", "a", "application/pdf", Kind.DOCUMENT),
        (b"notes on %PDF-1.4 files", "a.pdf", "text/plain", Kind.TEXT),
        (b"{\\rtf1\\ansi", "a.doc", "application/rtf", Kind.DOCUMENT),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a.txt", "application/x-7z-compressed", Kind.CONTAINER),
        (b"Rar!\x1a\x07\x01\x00", "a", "application/vnd.rar", Kind.CONTAINER),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a", "application/gzip", Kind.CONTAINER),
        (tar_of(), "a", "application/x-tar", Kind.CONTAINER),
        (bytes(0x8001) + b"CD001" + bytes(3000), "a", "application/x-iso9660-image", Kind.CONTAINER),
        (b"!BDN" + bytes(20), "a", "application/vnd.ms-outlook-pst", Kind.CONTAINER),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a.doc", "image/jpeg", Kind.PICTURE),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "a", "image/webp", Kind.PICTURE),
        (b"\0\0\0\x18ftypheic\0\0", "a", "image/heif", Kind.PICTURE),
        (b"\0\0\0\x18ftypisom\0\0", "a", "video/mp4", Kind.BINARY),
        (b"\x7fELF\2\1\1\0", "a.txt", "application/x-elf", Kind.BINARY),
        (b"SQLite format 3\0" + bytes(90), "a", "application/vnd.sqlite3", Kind.BINARY),
        (b"\0\x01\0\0\0\x0b\0\x80", "a", "font/ttf", Kind.BINARY),
    ],
)
def test_content_wins_over_the_name(data: bytes, name: str, media_type: str, kind: Kind) -> None:
    assert kind_of(data, name) == Identity(media_type, kind)


@pytest.mark.parametrize(
    "magic",
    [
        b"MZ",
        b"BM",
        b"FWS",
        b"BZh",
        b"regf",
        b"KDMV",
        b"hsqs",
        b"RIFF",
        b"0123ftypheic",
        b"Ab-lh5-",
        b"RIFF",
        b"0123ftypheic",
        b"Ab-lh5-",
        b"`\xea",
        b"\xc7q",
    ],
)
def test_a_text_that_begins_like_a_magic_number_is_text(magic: bytes) -> None:
    assert kind_of(magic + "级干部会议纪要，请各单位落实。".encode("gb18030"), "a.txt").kind is Kind.TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["機密★10年\n會議紀要，請各單位認真落實。\n", "機密\r\n", "only plain words\n"])
def test_text_is_text_in_every_encoding(encoding: str, text: str) -> None:
    data = text.replace("★", "*").encode(encoding)
    assert kind_of(data) == Identity("text/plain", Kind.TEXT)


def test_a_character_cut_at_the_end_of_what_is_looked_at_does_no_harm() -> None:
    for shift in range(4):
        assert kind_of(b"a" * shift + "密件往来登记".encode() * 20_000).kind is Kind.TEXT


def test_text_with_a_little_damage_is_still_read() -> None:
    plain = "会议纪要，请各单位认真落实。\n".encode() * 40
    assert kind_of(plain + bytes(300)).kind is Kind.TEXT
    assert kind_of(plain[:200] + b"\x01\xff\x02" + plain).kind is Kind.TEXT


def test_utf_32_is_known_with_and_without_a_mark() -> None:
    for encoding in ("utf-32", "utf-32-le", "utf-32-be"):
        assert kind_of("机密★10年，会议纪要".encode(encoding), "a.txt").media_type == "text/plain; charset=utf-32"


@pytest.mark.parametrize(
    ("text", "name", "media_type"),
    [
        ("<!DOCTYPE html><p>a", "a.txt", "text/html"),
        ("\n <HTML><body>", "a", "text/html"),
        ("<table><tr><td>a", "a.xls", "text/html"),
        ("<p>a</p>", "a.html", "text/html"),
        ("plain words", "a.htm", "text/html"),
        ('<?xml version="1.0"?><html xmlns="x">', "a", "text/html"),
        ('<?xml version="1.0"?><root/>', "a", "application/xml"),
        ("<svg xmlns='x'/>", "a", "image/svg+xml"),
        ("<expected> is no markup", "a.log", "text/plain"),
        ("a,b\n1,2\n", "a.csv", "text/csv"),
        ("a\tb\n", "a.TSV", "text/tab-separated-values"),
        ('{"a": 1}', "a.json", "application/json"),
        ("# title", "a.md", "text/plain"),
        ("words", "a.docx", "text/plain"),
    ],
)
def test_kinds_of_text_are_told_by_their_head_then_their_name(text: str, name: str, media_type: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert kind_of(text.encode(encoding), name) == Identity(media_type, Kind.TEXT)


MAIL = "Received: from a\r\nFrom: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nbody"


def test_mail_is_a_document_and_notes_about_mail_are_text() -> None:
    assert kind_of(MAIL.encode()) == Identity("message/rfc822", Kind.DOCUMENT)
    assert kind_of(b"From a@b Mon Jan 1\n" + MAIL.encode()).media_type == "application/mbox"
    page = MAIL.replace("MIME-Version: 1.0", "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x")
    assert kind_of(page.encode()).media_type == "multipart/related"
    assert kind_of(b"From: me\nTo: you\nSubject: lunch\n\nnoon?", "a.txt").kind is Kind.TEXT


@pytest.mark.parametrize("front", [b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(500), b"MZ\x90\0\3" + bytes(500)])
def test_an_archive_hidden_behind_a_picture_or_program_is_found(front: bytes) -> None:
    assert kind_of(front, "a.jpg").kind in (Kind.PICTURE, Kind.BINARY)
    assert kind_of(front + zip_of("a.txt"), "a.jpg") == Identity("application/zip", Kind.CONTAINER)


def test_bytes_that_tell_nothing_are_told_by_their_name_so_that_no_document_is_passed() -> None:
    noise = bytes((at * 167 + at // 7) % 256 for at in range(4000))
    assert kind_of(noise, "a.doc").kind is Kind.DOCUMENT
    assert kind_of(noise, "a.z02").kind is Kind.CONTAINER
    assert kind_of(noise, "a.bin").kind is Kind.BINARY


def test_without_libmagic_identification_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "magic", None)
    module._libmagic.cache_clear()
    try:
        assert not libmagic_available()
        assert kind_of(bytes(range(256)) * 8, "a.doc").kind is Kind.DOCUMENT
    finally:
        monkeypatch.undo()
        module._libmagic.cache_clear()


@given(st.binary(max_size=600), st.text(max_size=12))
def test_any_bytes_under_any_name_are_something(data: bytes, name: str) -> None:
    found = kind_of(data, name)
    assert "/" in found.media_type
    assert (found.kind is Kind.EMPTY) is (not data)


@given(st.integers(0, 4000), st.sampled_from(("zip", "ole", "tar")))
def test_a_container_cut_anywhere_is_something(length: int, form: str) -> None:
    whole = {"zip": zip_of("[Content_Types].xml", "word/document.xml"), "ole": ole_of("WordDocument"), "tar": tar_of()}
    assert "/" in kind_of(whole[form][:length]).media_type


@pytest.mark.shared
def test_real_files_are_what_their_folder_says(shared: Path) -> None:
    expected = {
        "docx": "wordprocessingml.document", "pptx": "presentationml.presentation", "odt": "opendocument.text",
        "ods": "opendocument.spreadsheet", "odp": "opendocument.presentation", "ofd": "application/ofd",
        "doc": "msword", "ppt": "ms-powerpoint", "pdf": "application/pdf", "7z": "7z-compressed", "rar": "vnd.rar",
        "rtf": "rtf", "html": "text/html", "hwp": "x-hwp", "tar": "x-tar", "epub": "epub+zip", "txt": "text/plain",
    }  # fmt: skip
    seen, wrong = 0, []
    for ending, part in expected.items():
        for file in sorted((shared / "corpus" / "real" / ending).iterdir()):
            with file.open("rb") as stream:
                found = identify(Source(stream, file.stat().st_size), "")
            seen += 1
            wrong += [] if part in found.media_type or "encrypted" in found.media_type else [(file.name, found)]
    assert seen > 150
    assert len(wrong) < 0.05 * seen, wrong
