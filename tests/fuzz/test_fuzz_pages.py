"""Fuzz targets of pages and texts: whatever bytes come, their readers end with pieces or with a reason."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf() -> list[bytes]:
    found = []
    for compression in (0, 1):
        out = io.BytesIO()
        canvas = Canvas(out, pageCompression=compression)
        canvas.setTitle("SECRET")
        canvas.drawString(72, 780, "SECRET//NOFORN")
        canvas.bookmarkPage("a")
        canvas.addOutlineEntry("CONFIDENTIAL", "a")
        canvas.acroForm.textfield(name="level", value="SECRET", x=72, y=600)
        canvas.showPage()
        canvas.drawString(72, 400, "text")
        canvas.save()
        found.append(out.getvalue())
    return found


def xps() -> list[bytes]:
    page = (
        '<FixedPage Width="794" Height="1123"><Canvas RenderTransform="1,0,0,1,5,5"><Glyphs FontRenderingEmSize="16" '
        'OriginX="100" OriginY="120" Fill="#FF112233" UnicodeString="机密★10年" Indices="1,50;(2:1)3,100;4"/></Canvas>'
        "</FixedPage>"
    )
    document = '<FixedDocument><PageContent Source="Pages/1.fpage"/></FixedDocument>'
    return [zipped({"F.fdseq": "<a/>", "Documents/1/F.fdoc": document, "Documents/1/Pages/1.fpage": page})]


def epub() -> list[bytes]:
    opf = (
        '<package><metadata><title>机密</title><meta name="a" content="b"/></metadata><manifest><item id="a" '
        'href="a%20.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    return [
        zipped(
            {
                "META-INF/container.xml": '<c><rootfile full-path="O/b.opf"/></c>',
                "O/b.opf": opf,
                "O/a .xhtml": "<html><body><h1>机密</h1><table><tr><td>密级</td><td>秘密</td></tr></table></body>"
                "</html>",
            }
        )
    ]


def html() -> list[bytes]:
    page = (
        "<html><head><title>机密</title><meta name=a content='秘密'></head><body><h1>机密★10年</h1>"
        "<del>绝密</del><!-- x --><table><tr><td>密级<td>&#26426;&#23494;</table><img alt='机密'>"
        "<footer>SECRET</footer></body></html>"
    )
    return [page.encode(), page.encode("gbk"), page.encode("utf-16")]


def text() -> list[bytes]:
    words = "机密★10年\n密级,秘密\n---\n# 标题\n<a b='机密'>SECRET</a>\n"
    return [
        words.encode(),
        words.encode("gbk"),
        words.encode("utf-16"),
        b'<?xml version="1.0"?><a b="SECRET"><![CDATA[SECRET]]></a>',
    ]


def picture() -> list[bytes]:
    page = Image.new("RGB", (64, 90), "white")
    page.paste((200, 0, 0), (10, 10, 40, 30))
    found = []
    for kind, more in (
        ("PNG", {}),
        ("JPEG", {}),
        ("TIFF", {"save_all": True, "append_images": [page.convert("1")], "compression": "tiff_lzw"}),
        ("BMP", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("JPEG2000", {}),
    ):
        out = io.BytesIO()
        page.save(out, kind, **more)
        found.append(out.getvalue())
    return found


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "pdf": pdf,
    "xps": xps,
    "epub": epub,
    "html": html,
    "text": text,
    "escaped": lambda: [b'{"a": "\\u673a\\u5bc6\\n", "b": "\\ud83d\\ude00"}\n', b"a=\\u673a\n"],
    "picture": picture,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_bytes_break_the_reader(name: str, fuzz: Callable[[str, list[bytes]], list[str]]) -> None:
    assert fuzz(name, MAKERS[name]()) == []
