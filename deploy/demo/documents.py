"""The demo's stick: a small mixed set of documents made on the spot, marked ones and ordinary ones.

All offices, people and contents are invented.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

NOTICE = (
    "各科室：",
    "现将第三季度物资储备调度有关安排通知如下，请结合实际认真贯彻落实。",
    "一、提高认识，加强领导。各科室要高度重视，明确责任分工。",
    "二、统筹兼顾，狠抓落实。储备物资的入库、出库和盘点应当有记录。",
    "三、严格检查，及时反馈。检查情况于月底前报办公室。",
)
REGULATION = (
    "第一条 为加强本单位保密工作，维护国家安全和利益，制定本制度。",
    "第二条 国家秘密的密级分为绝密、机密、秘密三级。绝密级国家秘密是最重要的国家秘密。",
    "第三条 国家秘密载体应当标明密级和保密期限，标志形式为“密级★保密期限”，例如“机密★10年”。",
    "第四条 机密级文件应当在专用计算机上起草，不得使用非涉密移动存储介质。",
    "第五条 工作人员不得泄露国家秘密、工作秘密和商业秘密。",
    "第六条 内部资料应当妥善保管，未经批准不得对外提供。",
)


@dataclass(frozen=True)
class Document:
    """One file of the stick."""

    name: str
    what: str
    """What it is, for the people who watch."""
    data: bytes
    marked: bytes | None
    """Bytes of the document that carries the marking (the file, or the member deep inside); None if none does."""


def _docx(lines: tuple[str, ...], title: str, header: str | None = None) -> bytes:
    document = docx.Document()
    if header:
        document.sections[0].header.paragraphs[0].text = header
    document.add_heading(title, level=1)
    for line in lines:
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _pdf(lines: tuple[str, ...], mark: str | None = None) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    page = canvas.Canvas(out)
    if mark:
        page.setFont("STSong-Light", 16)
        page.drawString(72, 780, mark)
    page.setFont("STSong-Light", 12)
    for number, line in enumerate(lines):
        page.drawString(72, 700 - 24 * number, line)
    page.save()
    return out.getvalue()


def _xlsx(mark: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None  # a new workbook has a sheet
    sheet.title = "储备"
    sheet.oddHeader.left.text = mark
    for row in (("物资", "数量", "库房"), ("帐篷", 120, "东库"), ("发电机", 8, "西库")):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def make() -> list[Document]:
    """The stick's documents, freshly made."""
    header = _docx(NOTICE, "关于第三季度物资储备调度的通知", header="机密★10年")
    gbk = "\r\n".join(("秘密★5年", "", "关于库房值守安排的请示", *NOTICE)).encode("gb18030")
    deep = _docx(NOTICE, "应急演练方案", header="绝密★启用前")
    pdf = _pdf(("应急预案修订说明", *NOTICE), mark="机密★3年")
    sheet = _xlsx("工作秘密")
    talk = _docx(REGULATION, "机关保密工作制度")
    marked: list[tuple[str, str, bytes, bytes]] = [
        ("关于物资储备调度的通知.docx", "Word, 机密★10年 in the page header", header, header),
        ("值守安排.txt", "GBK text, 秘密★5年 in its first line", gbk, gbk),
        ("往来材料.zip", "a zip in a zip, 绝密★启用前 deep inside", _zip("内层.zip", _zip("方案.docx", deep)), deep),
        ("应急预案.pdf", "PDF, 机密★3年 at the top of page 1", pdf, pdf),
        ("库存.xlsx", "Excel, 工作秘密 in the sheet header", sheet, sheet),
    ]
    ordinary: list[tuple[str, str, bytes]] = [
        ("机关保密工作制度.docx", "a regulation that only talks about secrecy", talk),
        ("保密知识.txt", "the same as GBK text", "\r\n".join(REGULATION).encode("gb18030")),
        ("保密培训讲义.pdf", "the same as PDF", _pdf(("保密培训讲义", *REGULATION))),
        ("值班表.txt", "an ordinary list", "\n".join(NOTICE).encode()),
    ]
    return [Document(n, w, d, m) for n, w, d, m in marked] + [Document(n, w, d, None) for n, w, d in ordinary]


Log = Callable[[str], None]


def write(folder: Path, documents: list[Document]) -> None:
    """Lay the documents out in a folder, some of them in subfolders."""
    for number, document in enumerate(documents):
        place = folder / ("资料" if number % 2 else "") / document.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(document.data)
