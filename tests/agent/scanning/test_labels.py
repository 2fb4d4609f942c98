"""Sensitivity labels in real documents of each format, by the organisation's table."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from openpyxl.packaging.custom import StringProperty

from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult
from signatures.labels import LabelMeaning

ID = "4b1c8a52-0f2e-4a0c-9d3b-7e5f6a1b2c3d"
TABLE = (
    LabelMeaning(label=ID, family="commercial", level="核心商密"),
    LabelMeaning(label="C3", family="state", level="机密"),
)
INFO = f"""<?xml version="1.0" encoding="utf-8"?><clbl:labelList
 xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{{{ID}}}" enabled="1"
 method="Privileged" siteId="{{00000000-0000-0000-0000-000000000001}}" contentBits="0"
 removed="%s"/></clbl:labelList>"""
ODF_META = f"""<?xml version="1.0"?><office:document-meta
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0">
 <office:meta><meta:user-defined meta:name="MSIP_Label_{ID}_Enabled">true</meta:user-defined>
 </office:meta></office:document-meta>"""
ODF_BODY = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
 <office:body><office:text><text:p>平常</text:p></office:text></office:body></office:document-content>"""


def docx(removed: str = "0") -> bytes:
    document = Document()
    document.add_paragraph("Minutes of the meeting")
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("docMetadata/LabelInfo.xml", INFO % removed)
    return buffer.getvalue()


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "figures"  # type: ignore[index]
    book.custom_doc_props.append(StringProperty(name="Classification", value="C3"))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def odt() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", ODF_BODY)
        archive.writestr("meta.xml", ODF_META)
    return buffer.getvalue()


def pdf() -> bytes:
    said = f"<</MSIP_Label_{ID}_Enabled (true) /MSIP_Label_{ID}_Name (Rose garden)>>"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
               "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>", said]  # fmt: skip
    out, places = b"%PDF-1.5\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 5\n0000000000 65535 f \n{table}trailer\n<</Size 5/Root 1 0 R/Info 4 0 R>>\nstartxref\n"
    end += f"{len(out)}\n%%EOF"
    return out + end.encode()


def scan(folder: Path, options: ScanOptions) -> dict[str, list[tuple[str, str | None]]]:
    results: list[FileResult] = []
    Scanner(options).run([folder], results.append)
    return {Path(one.path).name: [(f.rule, f.level) for f in one.findings] for one in results}


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    folder.mkdir()
    made = {"a.docx": docx(), "b.docx": docx("1"), "c.xlsx": xlsx(), "d.odt": odt(), "e.pdf": pdf()}
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return folder


def test_labels_are_read_from_office_and_open_documents_and_pdf(labelled: Path, compiled: Path) -> None:
    found = scan(labelled, ScanOptions(workers=1, cache=compiled, labels=TABLE))
    mapped = [("label.mapped", "核心商密")]
    assert found == {
        "a.docx": mapped,
        "b.docx": [],
        "c.xlsx": [("label.mapped", "机密")],
        "d.odt": mapped,
        "e.pdf": mapped,
    }


def test_without_a_table_a_label_that_says_nothing_is_no_finding(labelled: Path, compiled: Path) -> None:
    assert not any(scan(labelled, ScanOptions(workers=1, cache=compiled)).values())
