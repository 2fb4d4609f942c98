"""Electronic books: chapters in the order of the spine, properties, locked books."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from agent.scanning.formats import epub, inner_pictures
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify
from signatures.passages import Zone

Zipped = Callable[[dict[str, bytes | str]], bytes]
CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
LINES = "".join(f"<p>第{n}行，说明有关情况，请各单位认真贯彻执行，按时报送材料。</p>" for n in range(80))


def page(text: str) -> str:
    return f"<html xmlns='http://www.w3.org/1999/xhtml'><head/><body>{text}</body></html>"


def book(zipped: Zipped, chapters: dict[str, str], metadata: str = "", **more: bytes | str) -> bytes:
    items = "".join(f'<item id="{name}" href="text/{name}%20x.xhtml"/>' for name in chapters)
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    opf = f"<package><metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    parts = {f"OEBPS/text/{name} x.xhtml": page(text) for name, text in sorted(chapters.items(), reverse=True)}
    return zipped({"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": opf, **parts, **more})


def test_the_first_chapter_with_text_has_the_first_page_and_no_later_one(read_pieces: Any, zipped: Zipped) -> None:
    chapters = {"cover": "<img src='x.png'/>", "one": "<p>机密★10年</p>" + LINES, "two": "<p>机密</p>" + LINES}
    data = book(zipped, chapters)
    assert identify(Source(io.BytesIO(data), len(data)), "x.zip").media_type in epub.MEDIA_TYPES
    found = read_pieces(epub, data)
    assert found.only(Zone.P1_TOP_LEFT).text.startswith("机密★10年")
    assert any(text.startswith("机密\n") or text == "机密" for text in found.texts(Zone.BODY))


def test_properties_keep_their_names(read_pieces: Any, zipped: Zipped) -> None:
    metadata = '<title>SECRET plan</title><meta name="密级" content="机密"/><meta property="level">CONFIDENTIAL</meta>'
    found = read_pieces(epub, book(zipped, {"one": LINES}, metadata))
    assert [(each.name, each.text) for each in found.passages] == [
        ("title", "SECRET plan"),
        ("密级", "机密"),
        ("level", "CONFIDENTIAL"),
    ]


def test_a_page_that_the_spine_does_not_name_and_a_file_inside_are_read(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(
        epub, book(zipped, {"one": LINES}, **{"OEBPS/loose.html": page("<p>SECRET</p>"), "a.pdf": b"%PDF"})
    )
    assert found.texts(Zone.BODY) == ["SECRET"]
    assert [member.name for member in found.members] == ["a.pdf"]


def test_a_book_of_nothing_but_pictures_has_them_looked_at(zipped: Zipped) -> None:
    pictures = {"OEBPS/images/2.png": b"\x89PNG two", "OEBPS/images/1.png": b"\x89PNG one"}
    scanned = book(zipped, {"one": "<img src='../images/1.png'/>"}, **pictures)
    found = [picture.load() for picture in inner_pictures.of("epub", Source.of(scanned))]
    assert found == [b"\x89PNG one", b"\x89PNG two"]
    assert not list(inner_pictures.of("epub", Source.of(book(zipped, {"one": LINES}, **pictures))))


def test_a_locked_book_is_encrypted_and_one_with_hidden_fonts_is_not(read_pieces: Any, zipped: Zipped) -> None:
    for way, reason in (("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "encrypted"), (epub._FONTS_ONLY[0], None)):
        encryption = (
            f'<encryption><EncryptedData><EncryptionMethod Algorithm="{way}"/><CipherData>'
            '<CipherReference URI="OEBPS/text/one%20x.xhtml"/></CipherData></EncryptedData></encryption>'
        )
        found = read_pieces(epub, book(zipped, {"one": "<p>SECRET</p>"}, **{"META-INF/encryption.xml": encryption}))
        assert found.reason == reason
        assert bool(found.passages) is (reason is None)


def test_a_book_without_chapters_or_cut_short_is_damaged(read_pieces: Any, zipped: Zipped) -> None:
    assert read_pieces(epub, zipped({"META-INF/container.xml": CONTAINER})).reason == "damaged"
    whole = book(zipped, {"one": "<p>SECRET</p>" + LINES})
    assert read_pieces(epub, whole[: len(whole) // 2]).reason == "damaged"
