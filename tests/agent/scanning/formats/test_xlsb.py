"""Binary workbooks: cells, sheet names, headers and comments have the zones they have in .xlsx."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import xlsb
from signatures.passages import Zone

Zipped = Callable[[dict[str, bytes | str]], bytes]


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def record(kind: int, data: bytes = b"") -> bytes:
    first = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    return first + (bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])) + data


def shared(column: int, number: int) -> bytes:
    return record(7, struct.pack("<III", column, 0, number))


def cell(column: int, value: str) -> bytes:
    return record(6, struct.pack("<II", column, 0) + text(value))


def row(number: int) -> bytes:
    return record(0, struct.pack("<I", number) + bytes(13))


def workbook(zipped: Zipped, sheet: bytes, strings: tuple[str, ...] = (), name: str = "Sheet1", **more: bytes) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.bin": record(156, struct.pack("<II", 0, 1) + text("rId1") + text(name)),
            "xl/_rels/workbook.bin.rels": '<R><Relationship Id="rId1" Target="worksheets/sheet1.bin"/></R>',
            "xl/worksheets/sheet1.bin": record(129) + sheet,
            "xl/sharedStrings.bin": b"".join(record(19, b"\0" + text(each)) for each in strings),
            **{f"xl/{key}.bin": value for key, value in more.items()},
        }
    )


def test_a_mark_in_a_cell_is_found_among_the_shared_strings_and_beside_them(read_pieces: Any, zipped: Zipped) -> None:
    for sheet in (row(0) + shared(2, 1), row(0) + cell(2, "机密★10年")):
        found = read_pieces(xlsb, workbook(zipped, sheet, ("other", "机密★10年")))
        assert [
            (each.text, each.place.cell, each.place.sheet) for each in found.passages if each.zone is Zone.CELL
        ] == [("机密★10年", "C1", 1)]


def test_label_and_value_are_a_field(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(xlsb, workbook(zipped, row(0) + cell(0, "密级") + cell(1, "秘密")))
    assert "密级\t秘密" in found.texts(Zone.TABLE_FIELD)


def test_the_name_of_a_sheet_is_found(read_pieces: Any, zipped: Zipped) -> None:
    assert read_pieces(xlsb, workbook(zipped, b"", name="机密")).texts(Zone.SHEET_TAB) == ["机密"]


def test_a_header_whose_codes_part_the_word_is_found(read_pieces: Any, zipped: Zipped) -> None:
    header = record(479, b"\0\0" + text("&L机&B密★5年&C第&P页") + text("") * 5)
    found = read_pieces(xlsb, workbook(zipped, header))
    assert found.texts(Zone.SHEET_HEADER) == ["机密★5年"]


def test_a_comment_is_found_with_its_cell(read_pieces: Any, zipped: Zipped) -> None:
    comment = record(635, struct.pack("<IIIII", 0, 4, 4, 1, 1) + bytes(16)) + record(637, b"\0" + text("SECRET"))
    found = read_pieces(xlsb, workbook(zipped, b"", comments1=comment))
    assert [(each.text, each.place.cell) for each in found.passages if each.place.part == "comments"] == [
        ("SECRET", "B5")
    ]


def test_far_below_only_the_row_with_a_hit_is_read(read_pieces: Any, zipped: Zipped) -> None:
    sheet = b"".join(row(number) + cell(0, f"row {number}") for number in range(50)) + row(60) + cell(0, "SECRET")
    found = read_pieces(xlsb, workbook(zipped, sheet))
    assert found.texts(Zone.BODY) == ["SECRET"]


def test_numbers_of_all_kinds_stand_beside_the_words(read_pieces: Any, zipped: Zipped) -> None:
    real = record(5, struct.pack("<IId", 1, 0, 2.5))
    whole = record(2, struct.pack("<III", 2, 0, 7 << 2 | 2))
    made = record(8, struct.pack("<II", 3, 0) + text("SECRET") + bytes(4))
    found = read_pieces(xlsb, workbook(zipped, row(0) + cell(0, "a") + real + whole + made))
    assert [each.text for each in found.passages if each.zone is Zone.CELL] == ["a", "2.5", "7", "SECRET"]


def test_an_ordinary_workbook_gives_nothing(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(xlsb, workbook(zipped, row(0) + cell(0, "lunch")))
    assert (found.passages, found.members, found.problem) == ([], [], None)


def test_a_sheet_that_breaks_off_gives_what_there_is_and_is_damaged(read_pieces: Any, zipped: Zipped) -> None:
    found = read_pieces(xlsb, workbook(zipped, row(0) + cell(0, "SECRET") + cell(1, "x" * 40)[:-3]))
    assert found.texts(Zone.CELL) == ["SECRET"]
    assert found.reason == "damaged"


@pytest.mark.shared
def test_a_real_workbook_is_read(read_pieces: Any, shared: Path) -> None:
    folder = shared / "corpus" / "real" / "xlsb"
    name = "test_files__apachepoi_workbookProtection_workbook_structure_protected.xlsx.xlsb"

    class Locked:
        def worth(self, data: bytes, *, encodings: object = None) -> bool:
            return b"l\0o\0c\0k" in bytes(data) or b"lock" in bytes(data)

    found = read_pieces(xlsb, (folder / name).read_bytes(), sieve=Locked())
    assert found.texts(Zone.CELL) == ["locked cell", "non locked cell"]
