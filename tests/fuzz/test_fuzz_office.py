"""Fuzz targets of the office formats: whatever bytes come, their readers end with pieces or with a reason."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx as python_docx
import openpyxl
import pptx as python_pptx
import pytest

from agent.scanning.formats.base import Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file

DATA = Path(__file__).parents[1] / "agent" / "scanning" / "formats" / "data"


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def zipped(parts: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx() -> list[bytes]:
    document = python_docx.Document()
    document.add_paragraph("机密★10年")
    document.add_table(2, 2).cell(0, 0).text = "密级"
    document.sections[0].header.paragraphs[0].text = "SECRET"
    document.core_properties.title = "秘密"
    return [saved(document)]


def xlsx() -> list[bytes]:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"], book.active["A9"] = "密级", "机密", 3.5
    book.active.oddHeader.center.text = "SECRET"
    return [saved(book)]


def pptx() -> list[bytes]:
    deck = python_pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "机密★10年"
    slide.shapes.add_table(2, 2, 0, 0, 99999, 99999).table.cell(0, 0).text = "密级"
    slide.notes_slide.notes_text_frame.text = "SECRET"
    return [saved(deck)]


def record(kind: int, data: bytes = b"") -> bytes:
    return (bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])) + bytes([len(data)]) + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def xlsb() -> list[bytes]:
    sheet = record(0, bytes(17)) + record(7, bytes(12)) + record(6, struct.pack("<II", 1, 0) + text("机密"))
    sheet += record(5, struct.pack("<IId", 2, 0, 1.5)) + record(479, b"\0\0" + text("&C机密") + text("") * 5)
    return [
        zipped(
            {
                "[Content_Types].xml": "<Types/>",
                "xl/workbook.bin": record(156, bytes(8) + text("rId1") + text("机密")),
                "xl/_rels/workbook.bin.rels": '<R><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></R>',
                "xl/worksheets/sheet1.bin": sheet,
                "xl/sharedStrings.bin": record(19, b"\0" + text("密级")),
                "xl/comments1.bin": record(635, bytes(36)) + record(637, b"\0" + text("SECRET")),
            }
        )
    ]


def wordml() -> list[bytes]:
    objects = base64.b64encode(compound_file([(("_1",), None), (("_1", "Package"), b"PK")])).decode()
    return [
        (
            '<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml" '
            'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:aml="http://schemas.microsoft.com/aml/2001/core">'
            "<o:DocumentProperties><o:Title>机密</o:Title></o:DocumentProperties><w:docOleData>"
            f'<w:binData w:name="oledata.mso">{objects}</w:binData></w:docOleData><w:body><w:sect><w:p><w:r>'
            "<w:t>机密★10年</w:t></w:r><w:r><w:footnote><w:p><w:r><w:t>x</w:t></w:r></w:p></w:footnote></w:r></w:p><w:tbl><w:tr><w:tc>"
            "<w:p><w:r><w:t>密级</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:sectPr><w:hdr><w:p/></w:hdr></w:sectPr></w:sect>"
            "</w:body></w:wordDocument>"
        ).encode()
    ]


def spreadsheetml() -> list[bytes]:
    return [
        (
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
            'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="机密"><Table>'
            '<Row ss:Index="3"><Cell ss:Index="2" ss:MergeAcross="2"><Data ss:Type="String">密级</Data><Comment>'
            "<Data>x</Data></Comment></Cell><Cell><Data>机密</Data></Cell></Row></Table><WorksheetOptions><PageSetup>"
            '<Header Data="&amp;C机密"/></PageSetup>'
            "</WorksheetOptions></Worksheet></Workbook>"
        ).encode()
    ]


def flat_opc() -> list[bytes]:
    body = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>机密</w:t></w:r></w:p></w:body></w:document>"
    return [
        (
            '<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
            f'<pkg:part pkg:name="/word/document.xml"><pkg:xmlData>{body}</pkg:xmlData></pkg:part>'
            '<pkg:part pkg:name="/word/embeddings/a.bin"><pkg:binaryData>AAAA</pkg:binaryData></pkg:part></pkg:package>'
        ).encode()
    ]


def uof() -> list[bytes]:
    words = "<字:段落><字:句><字:句属性/><字:文本串>机密★10年</字:文本串><uof:锚点 uof:图形引用='a'/></字:句></字:段落>"
    spaces = 'xmlns:uof="http://schemas.uof.org/cn/2003/uof" xmlns:字="字" xmlns:表="表" xmlns:图="图" xmlns:演="演"'
    shape = f"<uof:对象集><图:图形 图:标识符='a'><图:文本内容>{words}</图:文本内容></图:图形></uof:对象集>"
    bodies = (
        f"<uof:文字处理><字:主体>{words}<字:文字表><字:行><字:单元格>{words}</字:单元格></字:行></字:文字表></字:主体></uof:文字处理>",
        f"<表:工作表 表:名称='x'><表:行 表:行号='2'><表:单元格 表:列号='3'>{words}</表:单元格></表:行></表:工作表>",
        "<演:幻灯片><uof:锚点 uof:图形引用='a' uof:占位符='title'/></演:幻灯片>",
    )
    whole = [f'<?xml version="1.0"?><uof:UOF {spaces}>{shape}{body}</uof:UOF>'.encode() for body in bodies]
    return [*whole, zipped({"uof.xml": "<uof/>", "content.xml": whole[0], "data/a.docx": b"x"})]


def ofd() -> list[bytes]:
    page = (
        '<P xmlns:ofd="o"><Area><PhysicalBox>0 0 210 297</PhysicalBox></Area><Content><Layer><TextObject ID="1" '
        'Boundary="20 20 60 10" Size="5"><TextCode X="0" Y="5" DeltaX="g 3 5 5">机密★10年</TextCode></TextObject>'
        "</Layer></Content></P>"
    )
    return [
        zipped(
            {
                "OFD.xml": "<OFD><DocBody><DocInfo><Title>机密</Title></DocInfo><DocRoot>D/D.xml</DocRoot></DocBody>"
                "</OFD>",
                "D/D.xml": '<Document><CommonData/><Pages><Page ID="1" BaseLoc="P/C.xml"/></Pages></Document>',
                "D/P/C.xml": page,
            }
        )
    ]


def ole_encrypted() -> list[bytes]:
    xml = (
        '<encryption><keyData blockSize="16" keyBits="128" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" '
        'hashAlgorithm="SHA1" saltValue="AAAA"/><encryptedKey spinCount="2" keyBits="128" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA1" saltValue="AAAA" encryptedVerifierHashInput="AAAA" '
        'encryptedVerifierHashValue="AAAA" encryptedKeyValue="AAAA"/></encryption>'
    )
    standard = struct.pack("<HHII", 3, 2, 0x24, 32) + struct.pack("<IIIIIIII", 0, 0, 0x660E, 0x8004, 128, 24, 0, 0)
    return [
        compound_file([(("EncryptionInfo",), info), (("EncryptedPackage",), bytes(200))])
        for info in (struct.pack("<HHI", 4, 4, 0x40) + xml.encode(), standard + bytes(80))
    ]


def old(name: str) -> list[bytes]:
    data = (DATA / name).read_bytes()
    file = CompoundFile(Source(io.BytesIO(data), len(data)))
    # The same without what no reader looks at, so that more of what is changed matters.
    streams = [(entry.path, None if entry.is_storage else file.content(entry, 1 << 20)) for entry in file]
    return [data, compound_file(streams)]


def powerpoint_95() -> bytes:
    """Records in records, a text at the end."""
    inside = struct.pack("<IIII", 2030, 0, 6, 0) + b"SECRET"
    for kind in (4064, 3000, 1006, 1000, 3):
        inside = struct.pack("<IIII", kind, 0xFFFF, len(inside), 0) + inside
    return compound_file([(("PowerPoint Document",), inside)])


def ole_package() -> list[bytes]:
    body = b"\x02\0a.txt\0C:\\a.txt\0" + struct.pack("<HHI", 0, 3, 2) + b"t\0" + struct.pack("<I", 4) + b"text"
    native = struct.pack("<I", len(body)) + body
    return [compound_file([(("\x01Ole10Native",), native), (("b",), None), (("b", "CONTENTS"), b"x" * 70)])]


def iwork() -> list[bytes]:
    text = "机密★10年\n".encode()
    packed = bytes([len(text) + 6, (len(text) + 1) << 2, 0x1A, len(text)]) + text + b"\x01\x03"
    chunk = b"\0" + len(packed).to_bytes(3, "little") + packed
    return [chunk * 2, zipped({"Index/Document.iwa": chunk, "index.xml": "<a>机密</a>", "QuickLook/a.pdf": "x"})]


def vsdx() -> list[bytes]:
    place = '<Cell N="PinX" V="1"/><Cell N="PinY" V="7.5"/>'
    inner = f"<Shapes><Shape>{place}<Text>机<cp/>密</Text></Shape></Shapes>"
    page = f"<PageContents><Shapes><Shape>{place}<Text>图</Text>{inner}</Shape></Shapes></PageContents>"
    pages = '<Pages><Page><PageSheet><Cell N="PageWidth" V="9"/></PageSheet><Rel id="a"/></Page></Pages>'
    links = '<Relationships><Relationship Id="a" Type="page" Target="page1.xml"/></Relationships>'
    parts = {"visio/pages/page1.xml": page, "visio/pages/pages.xml": pages, "visio/pages/_rels/pages.xml.rels": links}
    return [zipped({"[Content_Types].xml": "<Types/>", "visio/document.xml": "<VisioDocument/>", **parts})]


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "iwork": iwork,
    "vsdx": vsdx,
    "docx": docx,
    "xlsx": xlsx,
    "pptx": pptx,
    "xlsb": xlsb,
    "wordml": wordml,
    "spreadsheetml": spreadsheetml,
    "flat_opc": flat_opc,
    "uof": uof,
    "ofd": ofd,
    "odf": lambda: [(DATA / "memo.odt").read_bytes()],
    "doc": lambda: old("report.doc"),
    "xls": lambda: old("register.xls"),
    "ppt": lambda: [*old("talk.ppt"), powerpoint_95()],
    "rtf": lambda: [(DATA / "report.rtf").read_bytes()],
    "ole_package": ole_package,
    "ole_encrypted": ole_encrypted,
}


@pytest.mark.parametrize("name", MAKERS)
def test_no_bytes_break_the_reader(name: str, fuzz: Callable[[str, list[bytes]], list[str]]) -> None:
    assert fuzz(name, MAKERS[name]()) == []
