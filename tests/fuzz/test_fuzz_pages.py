"""Fuzz targets of pages and texts: whatever bytes come, their readers end with pieces or with a reason."""

from __future__ import annotations

import base64
import io
import plistlib
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from urllib.parse import quote

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


def values() -> list[bytes]:
    """Beginnings of binary files that hold values."""
    name = struct.pack(">I", 24) + b"\xa9nam" + struct.pack(">I", 16) + b"data" + "机密".encode()
    return [
        b"ID3\3\0\0\0\0\0\x20TIT2\0\0\0\x0f\0\0\3" + "机密★10年".encode() + bytes(9),
        struct.pack(">I", 12) + b"ftypisom" + struct.pack(">I", 40) + b"moov" + struct.pack(">I", 32) + b"udta" + name,
        b"fLaC\0\0\0\x22" + bytes(34) + b"\x84\0\0\x20\4\0\0\0test\1\0\0\0\x0e\0\0\0TITLE=" + "机密".encode(),
        b"\x93DB" + "机密★10年".encode("utf-16-le") + b"\0\0" + "机密★10年".encode("gbk"),
        b"\x4c\0\0\0\1\x14\2\0" + bytes(68) + b"\5\0" + "a\\机密".encode("utf-16-le"),
    ]


def table() -> list[bytes]:
    fields = struct.pack("<11sc4xBB14x", b"NAME", b"C", 9, 0) + struct.pack("<11sc4xBB14x", b"MJ", b"C", 20, 0)
    head = struct.pack("<BBBBIHH20x", 3, 124, 1, 1, 2, 97, 30) + fields + b"\r"
    return [head + (b" " + b"a".ljust(9) + "机密★10年".encode("gbk").ljust(20)) * 2]


def database() -> list[bytes]:
    found = []
    for encoding in ("UTF-8", "UTF-16le"):
        with closing(sqlite3.connect(":memory:")) as base:
            base.execute(f"PRAGMA encoding = '{encoding}'")
            base.execute("CREATE TABLE a (b, c)")
            base.execute("INSERT INTO a VALUES ('x', '机密★10年')")
            base.commit()
            found.append(base.serialize())
    return found


def diagram() -> list[bytes]:
    graph = '<mxGraphModel><root><mxCell value="&lt;b&gt;机密&lt;/b&gt;"/></root></mxGraphModel>'
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.b64encode(packer.compress(quote(graph).encode()) + packer.flush()).decode()
    return [f"<mxfile><diagram>{each}</diagram></mxfile>".encode() for each in (packed, graph)]


def drawings() -> list[bytes]:
    words = "机密★10年".encode("utf-16-le") + bytes(4)
    place = struct.pack("<iiIII4iI", 5, 5, 6, 76, 0, 0, 0, 0, 0, 76)
    text = struct.pack("<II4iIff", 84, 92, 0, 0, 9, 9, 1, 1.0, 1.0) + place + words
    many = struct.pack("<II4iIffI", 97, 96, 0, 0, 9, 9, 1, 1.0, 1.0, 1) + place + words
    plus = struct.pack("<HHIIIIIffff", 0x401C, 0, 56, 44, 0, 0, 6, 0, 9, 9, 9) + words
    comment = struct.pack("<III", 70, 16 + len(plus), 4 + len(plus)) + b"EMF+" + plus
    small = struct.pack("<IIiiIIIff", 108, 52, 5, 5, 6, 0x100, 1, 1.0, 1.0) + words
    font = struct.pack("<II", 82, 40) + bytes(32)
    emf = struct.pack("<II", 1, 88) + bytes(32) + b" EMF" + bytes(44) + font + text + many + comment + small
    coded = "机密★10年".encode("gbk")
    drawn = struct.pack("<IHhhhH", 12, 0x0A32, 9, 9, 9, 0) + coded + b"\0"
    simple = struct.pack("<IHh", 11, 0x0521, 9) + coded + b"\0" + struct.pack("<hh", 9, 9)
    wmf = struct.pack("<HHHIHIH", 1, 9, 0x300, 99, 1, 12, 0) + drawn + simple + struct.pack("<IH", 3, 0)
    return [emf, wmf]


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "pdf": pdf,
    "xps": xps,
    "epub": epub,
    "html": html,
    "text": text,
    "escaped": lambda: [b'{"a": "\\u673a\\u5bc6\\n", "b": "\\ud83d\\ude00"}\n', b"a=\\u673a\n"],
    "picture": picture,
    "css": lambda: [b'a{content:"\\673a\\5bc6 "; b:url(data:text/html;base64,PHA+PC9wPg==)}'],
    "links": lambda: [b"[InternetShortcut]\nURL=file:///%E6%9C%BA%E5%AF%86.docx\n"],
    "binary": values,
    "dbf": table,
    "sqlite": database,
    "drawio": diagram,
    "searched": lambda: [
        b"\0\1\0\0Standard Jet DB\0" + "机密★10年".encode("utf-16-le") + b"\n" + bytes(50) + b"\n\x0aa"
    ],
    "sylk": lambda: ['ID;PWXL\nC;Y1;X1;K"密级"\nC;X2;K"机密;;"\nF;Y3\nC;K"a"\nE\n'.encode()],
    "utf32": lambda: ["机密★10年\n会议".encode(each) for each in ("utf-32", "utf-32-be")],
    "plist": lambda: [plistlib.dumps({"a": ["机密", b"<html>"], "机密": 1}, fmt=plistlib.FMT_BINARY)],
    "cards": lambda: [
        "BEGIN:VCARD\nNOTE;CHARSET=gbk;ENCODING=QUOTED-PRINTABLE:=BB=FA=\n=C3=DC\nA:机\n 密\\n\nEND:VCARD".encode()
    ],
    "subtitles": lambda: ["[Events]\nDialogue: 0,1,2,D,,0,0,0,,{\\an8}机密\\N★10年\n".encode()],
    "metafile": drawings,
    "flash": lambda: [
        b"FWS\x06" + bytes(20) + "机密★10年".encode() + b"\0",
        b"CWS\x06" + bytes(4) + zlib.compress(bytes(20) + "机密★10年".encode() + b"\0"),
    ],
    "dxf": lambda: [b"0\nMTEXT\n1\n{\\fA|b0;\\U+673A\\U+5BC6}\\P\\M+5BBFA\\M+5C3DC\n0\nEOF\n"],
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_bytes_break_the_reader(name: str, fuzz: Callable[[str, list[bytes]], list[str]]) -> None:
    assert fuzz(name, MAKERS[name]()) == []
