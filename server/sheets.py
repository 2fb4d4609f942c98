"""Cells of workbooks that are text whatever stands in them: none is ever a formula (CWE-1236)."""

from __future__ import annotations

from typing import Any

from openpyxl.cell import WriteOnlyCell


def text_cell(sheet: Any, text: str) -> Any:
    """A cell of a sheet that is being written, of the type text; control characters are replaced."""
    cell = WriteOnlyCell(sheet)
    if not text.isprintable():
        text = "".join(char if char >= " " or char in "\t\n\r" else "�" for char in text)
    cell.value = text
    cell.data_type = "s"
    return cell
