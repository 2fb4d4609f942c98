"""A report as a workbook (XLSX): first all that is no table, then one sheet a table, to print on A4."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from server.reports import blocks
from server.sheets import text_cell

A4 = 9
"""OOXML's number of the paper."""
_WIDE = {True: 130, False: 92}
"""Characters across a page, on its long and on its short side."""
_HIGHEST = 400.0
"""Points; the format knows no higher row than 409."""
_WRAP = Alignment(wrap_text=True, vertical="top")
_BESIDE = Alignment(horizontal="left", wrap_text=True, vertical="top")
"""Beside its name, a number too."""
_EDGE = Side(style="thin", color="B9C1CB")
_RULED = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_GROUND = PatternFill("solid", fgColor="F0F2F5")
_BOLD = Font(bold=True)


def write(document: blocks.Document) -> bytes:
    """The whole file."""
    book = Workbook(write_only=True)
    book.properties.title = blocks.plain(f"{document.title} {document.number}")
    book.properties.creator = "mijian-server"
    first = _sheet(book, document.title, document)
    wide = (28.0, _WIDE[document.landscape] - 28.0)
    _widths(first, wide)
    first.append([_name(first, document.title, 16)])
    for row in document.head.rows:
        _append(first, row, wide)
    name, tables = document.title, 0
    for block in document.blocks:
        match block:
            case blocks.Table() if not block.rows:
                _append(first, ("", block.none), wide)
            case blocks.Table():
                tables += 1
                own = _table(book, block, f"{tables} {name}", document)
                _append(first, ("", _("on the sheet “%(name)s”") % {"name": own}), wide)
            case blocks.Heading(words):
                name = words
                first.append([])
                first.append([_name(first, words)])
            case blocks.Paragraph(words):
                _append(first, ("", words), wide)
            case blocks.Facts():
                for row in block.rows:
                    _append(first, row, wide)
            case blocks.Lines(words, count):
                first.append([])
                first.append([_name(first, words)])
                for _number in range(count):
                    first.append([])
    first.append([])
    for one in document.signatures:
        first.append([])
        first.append([_cell(first, one), _cell(first, document.signed_on)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Any, name: str, document: blocks.Document) -> Any:
    """A sheet that prints on A4, as wide as the paper."""
    for sign in "[]:*?/\\":
        name = name.replace(sign, " ")
    sheet = book.create_sheet(blocks.plain(name).strip()[:31] or "1")
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if document.landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    # An ampersand begins a code in a footer.
    sheet.oddFooter.left.text = blocks.plain(document.foot).replace("&", "&&")
    sheet.oddFooter.right.text = "&P / &N"
    return sheet


def _widths(sheet: Any, widths: Sequence[float]) -> None:
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _table(book: Any, table: blocks.Table, name: str, document: blocks.Document) -> str:
    """Set a table on a sheet of its own; the name of that sheet."""
    sheet = _sheet(book, name, document)
    total = sum(column.share for column in table.columns)
    widths = [max(6.0, _WIDE[document.landscape] * column.share / total) for column in table.columns]
    _widths(sheet, widths)
    _height(sheet, 1, [column.name for column in table.columns], widths)
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    sheet.append([_cell(sheet, column.name, font=_BOLD, fill=_GROUND, border=_RULED) for column in table.columns])
    look = _cell(sheet, "", border=_RULED)._style  # found once: for each cell anew it would cost more than writing it
    for number, cells in enumerate(table.rows, 2):
        _height(sheet, number, cells, widths)
        sheet.append([_cell(sheet, cell, look=look) for cell in cells])
    return str(sheet.title)


def _height(sheet: Any, number: int, cells: Sequence[blocks.Cell], widths: Sequence[float]) -> None:
    """Give a row the height its longest cell needs: programs that do not reckon it themselves would clip the cell."""
    most = 1
    for cell, width in zip(cells, widths, strict=True):
        if len(text := str(cell)) * 2.2 <= width - 1 and "\n" not in text:
            continue  # one line, were every character a wide one
        lines = text.splitlines() or [""]
        most = max(most, sum(max(1, math.ceil(_breadth(line) * 1.1 / max(4.0, width - 1))) for line in lines))
    if most > 1:
        sheet.row_dimensions[number].height = min(_HIGHEST, 14.5 * most + 2)


def _breadth(line: str) -> int:
    """How many columns of digits a line takes: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def _append(sheet: Any, row: tuple[str, blocks.Cell], widths: Sequence[float]) -> None:
    """A name and what it has to say; a sentence without a name stands alone."""
    name, value = row
    _height(sheet, sheet._max_row + 1, row, widths)
    if name:
        told = _cell(sheet, value, border=_RULED)
        told.alignment = _BESIDE
        sheet.append([_cell(sheet, name, font=_BOLD, border=_RULED), told])
    else:
        sheet.append([None, _cell(sheet, value)])


def _name(sheet: Any, words: str, size: int = 11) -> Any:
    """A name that may reach over the empty cells beside it."""
    cell = text_cell(sheet, blocks.plain(words))
    cell.font = Font(bold=True, size=size)
    return cell


def _cell(
    sheet: Any, value: blocks.Cell, *, font: Any = None, fill: Any = None, border: Any = None, look: Any = None
) -> Any:
    """A cell: a number stays one, a text is text. ``look`` is that of another cell, in place of the others."""
    cell = text_cell(sheet, blocks.plain(str(value)))
    if isinstance(value, int):
        cell.value = value
    if look is not None:
        cell._style = look
        return cell
    cell.alignment = _WRAP
    for name, look in (("font", font), ("fill", fill), ("border", border)):
        if look is not None:
            setattr(cell, name, look)
    return cell
