"""The benchmark's tree: 3,000 seeded files, about 200 MB, of which about one in eight carries a marking.

``labels.jsonl`` beside it says of each file whether it is marked. The documents are made by the libraries people
use (python-docx, openpyxl, python-pptx, ReportLab); marks stand where real ones do: first line, page header, text
split over runs, sheet header, first cell, slide, page top.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
from pptx.util import Inches
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

from bench.vocabulary import MARKS, Mark, paragraphs, sentence

MIX = {"txt": 1200, "html": 300, "docx": 600, "xlsx": 250, "pptx": 200, "pdf": 250, "zip": 200}
MARKED_SHARE = 0.12
TALK_SHARE = 0.05
ENCODINGS = ("utf-8", "utf-8", "gb18030", "gb18030", "utf-16-le", "utf-16-be", "big5")
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


def _text(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    encoding = r.choice(ENCODINGS)
    if mark and encoding == "big5" and mark.chinese:
        encoding = "gb18030"  # our marks are written in simplified characters
    lines = paragraphs(r, int(min(400_000, r.lognormvariate(10.2, 0.9))), talk)
    if mark:
        lines.insert(0, mark.text)
    text = "\r\n".join(lines)
    if encoding == "big5":
        return text.encode("big5", "ignore")
    bom = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    return bom + text.encode(encoding)


def _html(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    body = "".join(f"<p>{line}</p>\n" for line in paragraphs(r, r.randint(4_000, 60_000), talk))
    head = ""
    if mark:
        half = len(mark.text) // 2
        spans = f"<span>{mark.text[:half]}</span><span>{mark.text[half:]}</span>"
        head = f"<p>{r.choice((mark.text, spans))}</p>"
    encoding = r.choice(("utf-8", "gb18030"))
    top = f'<html><head><meta charset="{encoding}"><title>通知</title></head><body>{head}<h1>通知</h1>'
    return (top + body + "</body></html>").encode(encoding)


def make_docx(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    """A Word document, marked in its page header, its first paragraph or over several runs."""
    document = docx.Document()
    where = r.choice(("header", "first", "runs")) if mark else ""
    if mark and where == "header":
        document.sections[0].header.paragraphs[0].text = mark.text
    elif mark and where == "first":
        document.add_paragraph(mark.text)
    elif mark:
        paragraph = document.add_paragraph()
        for character in mark.text:
            paragraph.add_run(character).bold = r.random() < 0.5
    document.add_heading("关于" + "".join(r.choices(["工作", "安排", "项目", "建设"], k=2)) + "的通知", 1)
    for line in paragraphs(r, r.randint(1_500, 12_000), talk):
        document.add_paragraph(line)
    table = document.add_table(rows=3, cols=3)
    for row in table.rows:
        for cell in row.cells:
            cell.text = sentence(r)[:12]
    return _saved(document.save)


def make_xlsx(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    """A workbook, marked in its page header or its first cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    where = r.choice(("header", "cell")) if mark else ""
    if mark and where == "header":
        sheet.oddHeader.left.text = mark.text
    elif mark:
        sheet.append([mark.text])
    for _ in range(r.randint(150, 700)):
        sheet.append([sentence(r)[: r.randint(4, 24)], r.randint(1, 99_999), r.random(), sentence(r)[:10]])
    if talk:
        sheet.append(paragraphs(r, 200, talk))
    return _saved(book.save)


def make_pptx(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    """A presentation, marked in a text box of its first slide."""
    show = pptx.Presentation()
    for number in range(r.randint(4, 14)):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = sentence(r)[:16]
        slide.placeholders[1].text = "\n".join(paragraphs(r, 300, talk))
        if mark and number == 0:
            slide.shapes.add_textbox(Inches(0.3), Inches(0.2), Inches(3), Inches(0.5)).text_frame.text = mark.text
    return _saved(show.save)


def _pdf(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    if "wqy" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("wqy", str(FONT)))
    out = io.BytesIO()
    page = canvas.Canvas(out)
    for number in range(r.randint(2, 8)):
        page.setFont("wqy", 16)
        if mark and number == 0:
            page.drawString(60, 790, mark.text)
        page.setFont("wqy", 11)
        lines = "".join(paragraphs(r, 1_300, talk))
        for row in range(0, len(lines), 40):
            page.drawString(60, 740 - 18 * (row // 40), lines[row : row + 40])
        page.showPage()
    page.save()
    return out.getvalue()


def _zip(r: random.Random, mark: Mark | None, talk: bool) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        count = r.randint(2, 4)
        carrier = r.randrange(count)
        for number in range(count):
            archive.writestr(f"资料/文件{number}.docx", make_docx(r, mark if number == carrier else None, talk))
    return out.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


MAKERS = {
    "txt": _text,
    "html": _html,
    "docx": make_docx,
    "xlsx": make_xlsx,
    "pptx": make_pptx,
    "pdf": _pdf,
    "zip": _zip,
}


def _make(job: tuple[Path, int, str, int]) -> dict[str, object]:
    folder, seed, kind, number = job
    r = random.Random(f"{seed}/{kind}/{number}")
    marked = r.random() < MARKED_SHARE
    mark = r.choice(MARKS) if marked else None
    talk = not marked and r.random() < TALK_SHARE / (1 - MARKED_SHARE)
    path = folder / f"{number % 20:02}" / f"{kind}{number:04}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MAKERS[kind](r, mark, talk))
    return {
        "path": str(path.relative_to(folder)),
        "kind": kind,
        "marked": marked,
        "talk": talk,
        "mark": mark.text if mark else None,
    }


def make_tree(folder: Path, seed: int = 2024, scale: float = 1.0) -> Path:
    """Make the tree (once per seed and scale) and give its folder; labels stand in ``labels.jsonl`` beside it."""
    tree = folder / f"tree-{seed}-{scale}"
    labels = folder / f"tree-{seed}-{scale}.jsonl"
    if labels.exists():
        return tree
    jobs = [(tree, seed, kind, number) for kind, count in MIX.items() for number in range(round(count * scale))]
    random.Random(seed).shuffle(jobs)
    with multiprocessing.Pool() as pool:
        rows = pool.map(_make, jobs, chunksize=16)
    labels.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return tree


def make_large(folder: Path, seed: int = 2024, count: int = 24, size: int = 4_000_000) -> Path:
    """Make large plain texts (once per seed), every eighth of them marked in its first line; give their folder."""
    tree = folder / f"large-{seed}"
    labels = folder / f"large-{seed}.jsonl"
    if labels.exists():
        return tree
    tree.mkdir(exist_ok=True)
    rows = []
    for number in range(count):
        r = random.Random(f"{seed}/large/{number}")
        encoding = ENCODINGS[number % len(ENCODINGS)]
        mark = r.choice(MARKS) if number % 8 == 0 and encoding != "big5" else None
        page = "\r\n".join(paragraphs(r, 200_000)).encode(encoding, "ignore")
        head = f"{mark.text}\r\n".encode(encoding) if mark else b""
        path = f"large{number:02}.txt"
        (tree / path).write_bytes(head + page * (size // len(page) + 1))
        rows.append({"path": path, "kind": "txt", "marked": bool(mark), "talk": False, "mark": mark and mark.text})
    labels.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return tree
