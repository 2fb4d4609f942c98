"""A plain script with the usual libraries, as a rival for the benchmark: prints the paths of files with a term.

Usage: plain_script.py TERMS_FILE FOLDER
"""

from __future__ import annotations

import logging
import re
import sys
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
from pdfminer.high_level import extract_text


def text_of(path: Path) -> str:
    """All text the library of this format hands out."""
    match path.suffix:
        case ".docx":
            document = docx.Document(str(path))
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            return "\n".join([p.text for p in document.paragraphs] + cells)
        case ".xlsx":
            book = openpyxl.load_workbook(path, read_only=True)
            return "\n".join(str(v) for sheet in book for row in sheet.iter_rows(values_only=True) for v in row if v)
        case ".pptx":
            shapes = (shape for slide in pptx.Presentation(str(path)).slides for shape in slide.shapes)
            return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
        case ".pdf":
            return str(extract_text(str(path)))
    data = path.read_bytes()
    for encoding in ("utf-8", "gb18030", "utf-16"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return ""


def main() -> None:
    """The command."""
    logging.disable(logging.CRITICAL)
    terms = re.compile("|".join(map(re.escape, Path(sys.argv[1]).read_text("utf-8").splitlines())))
    for path in sorted(p for p in Path(sys.argv[2]).rglob("*") if p.is_file()):
        try:
            found = terms.search(text_of(path))
        except (ValueError, KeyError, OSError, zipfile.BadZipFile):
            continue
        if found:
            print(path)


if __name__ == "__main__":
    main()
