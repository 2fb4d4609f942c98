"""Markings in old workbooks: names and headers of sheets, cells, comments, boxes, charts; BIFF8 down to BIFF2."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.examine import Examiner
from agent.scanning.formats import xls
from agent.scanning.formats.base import NotExamined, Reading, Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file
from protocol.records import Place
from signatures.passages import Zone

DATA = Path(__file__).parent / "data"
REGISTER = (DATA / "register.xls").read_bytes()
EOF_RECORD = struct.pack("<HH", 0x0A, 0)


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def bof(kind: int, version: int = 0x0600) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", version, kind, 0, 0, 0, 0))


def wide(text: str, size: str = "<H") -> bytes:
    """A string of BIFF8."""
    raw = text.encode("utf-16-le")
    return struct.pack(size, len(raw) // 2) + b"\1" + raw


def workbook(shared_records: bytes, cells: bytes, name: bytes, version: int = 0x0600) -> bytes:
    """A workbook with one sheet."""
    sheet = bof(0x10, version) + cells + EOF_RECORD
    start = len(bof(5, version)) + len(shared_records) + 4 + 6 + len(name) + len(EOF_RECORD)
    named = record(0x85, struct.pack("<IH", start, 0) + name)
    return bof(5, version) + shared_records + named + EOF_RECORD + sheet


def book(shared_records: bytes, cells: bytes, name: str = "Sheet1") -> bytes:
    return compound_file([(("Workbook",), workbook(shared_records, cells, wide(name, "<B")))])


def shared_strings(*texts: str) -> bytes:
    return record(0xFC, struct.pack("<II", len(texts), len(texts)) + b"".join(wide(text) for text in texts))


def shared_cell(row: int, column: int, number: int) -> bytes:
    return record(0xFD, struct.pack("<HHHI", row, column, 0, number))


def test_every_place_of_a_register_has_its_zone(read_pieces: Any) -> None:
    outcome = read_pieces(xls, REGISTER)
    assert outcome.problem is None
    assert outcome.texts(Zone.SHEET_TAB) == ["秘密★3年", "Sheet2"]
    assert outcome.texts(Zone.SHEET_HEADER) == ["机密★5年", "工作秘密"]
    assert outcome.texts(Zone.CELL) == ["机密★10年", "x" * 20]
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t秘密\t保密期限\t5年"]
    body = {each.text: each.place for each in outcome.passages if each.zone is Zone.BODY}
    assert body["批注：商业秘密"] == Place(sheet=1, cell="B8", part="comments")
    assert body["图表：机密"].part == "chart"
    assert body["31\t条目30\t内部资料"] == Place(sheet=1, cell="A37")
    assert "keywords" in [each.name for each in outcome.passages]


def test_later_rows_without_a_literal_are_left_out_and_none_comes_twice(read_pieces: Any) -> None:
    texts = read_pieces(xls, REGISTER).texts(Zone.BODY)
    assert not any("条目20" in text for text in texts)
    assert len(texts) == len(set(texts))


def test_what_a_formula_gives_is_text(read_pieces: Any) -> None:
    formula = record(0x06, struct.pack("<HHH", 7, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8))
    outcome = read_pieces(xls, book(b"", formula + record(0x0207, wide("绝密★20年"))))
    assert outcome.only(Zone.CELL).place == Place(sheet=1, cell="A8")


def test_a_workbook_without_any_literal_is_not_parsed(read_pieces: Any) -> None:
    outcome = read_pieces(xls, book(shared_strings("名称", "数量"), shared_cell(0, 0, 0) + shared_cell(0, 1, 1)))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_a_string_cut_by_the_end_of_a_record_is_one_string(read_pieces: Any) -> None:
    """The second part says anew whether it is wide, and readings and runs of formats lie between strings."""
    rich = struct.pack("<HBHI", 2, 0x0D, 1, 4) + "名称".encode("utf-16-le") + bytes(4) + b"read"
    first = struct.pack("<II", 2, 2) + rich + struct.pack("<HB", 6, 1) + "机密★".encode("utf-16-le")
    strings = record(0xFC, first) + record(0x3C, b"\x0010y")
    outcome = read_pieces(xls, book(strings, shared_cell(0, 0, 1) + shared_cell(2, 0, 0)))
    assert outcome.texts(Zone.CELL) == ["机密★10y", "名称"]


def test_numbers_of_all_kinds_stand_beside_their_labels(read_pieces: Any) -> None:
    cells = shared_cell(0, 0, 0) + shared_cell(0, 1, 1) + shared_cell(0, 2, 2)
    cells += record(0x0203, struct.pack("<HHHd", 0, 3, 0, 10.0))
    cells += record(0x27E, struct.pack("<HHHI", 2, 0, 0, (1234 << 2) | 3))
    cells += record(0xBD, struct.pack("<HHHIHIH", 3, 4, 0, (5 << 2) | 2, 0, ((-7 << 2) & 0xFFFFFFFF) | 2, 5))
    outcome = read_pieces(xls, book(shared_strings("密级", "机密", "保密期限"), cells))
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t10"]
    assert outcome.texts(Zone.CELL) == ["12.34", "5", "-7"]


def test_text_boxes_and_lettering_are_read(read_pieces: Any) -> None:
    text = "机密★10年".encode("utf-16-le")
    lettering = "内部资料\0".encode("utf-16-le")
    properties = struct.pack("<HI", 0x80C0, len(lettering)) + lettering
    drawing = record(0xEC, struct.pack("<HHI", 0x13, 0xF00B, len(properties)) + properties)
    box = record(0x5D, struct.pack("<HHHH", 0x15, 18, 6, 1) + bytes(14))
    box += record(0x1B6, struct.pack("<HH6xHH4x", 0, 0, len(text) // 2, 16)) + record(0x3C, b"\1" + text)
    outcome = read_pieces(xls, book(b"", drawing + box))
    assert outcome.texts(Zone.P1_BLOCK) == ["机密★10年"]
    assert outcome.texts(Zone.WATERMARK) == ["内部资料"]


def test_headers_of_even_and_first_pages_are_read(read_pieces: Any) -> None:
    texts = [wide("&C秘密★5年"), b"", wide("&L绝密★30年"), b""]
    counts = struct.pack("<4H", 8, 0, 9, 0)
    outcome = read_pieces(xls, book(b"", record(0x089C, bytes(30) + counts + b"".join(texts))))
    assert outcome.texts(Zone.SHEET_HEADER) == ["秘密★5年", "绝密★30年"]


def test_excel_95_keeps_text_in_its_code_page(read_pieces: Any) -> None:
    text = "机密★10年".encode("gbk")
    note = "批注：秘密".encode("gbk")
    cells = record(0x0204, struct.pack("<HHHH", 0, 0, 0, len(text)) + text)
    cells += record(0x14, bytes([2 + len(text)]) + b"&C" + text)
    cells += record(0x1C, struct.pack("<HHH", 1, 1, len(note)) + note[:5])
    cells += record(0x1C, struct.pack("<HHH", 0xFFFF, 0, len(note) - 5) + note[5:])
    name = "秘密".encode("gbk")
    data = workbook(record(0x42, struct.pack("<H", 936)), cells, bytes([len(name)]) + name, version=0x0500)
    outcome = read_pieces(xls, compound_file([(("Book",), data)]))
    assert outcome.texts(Zone.CELL) == outcome.texts(Zone.SHEET_HEADER) == ["机密★10年"]
    assert outcome.texts(Zone.SHEET_TAB) == ["秘密"]
    assert "秘密" in outcome.texts(Zone.BODY)[0]


@pytest.mark.parametrize(
    ("start", "label", "attributes"), [(0x0009, 0x0004, 3), (0x0209, 0x0204, 2), (0x0409, 0x0204, 2)]
)
def test_older_workbooks_have_no_container(read_pieces: Any, start: int, label: int, attributes: int) -> None:
    text = "机密★10年".encode("gbk")
    size = bytes([len(text)]) if label == 0x0004 else struct.pack("<H", len(text))
    cell = record(label, struct.pack("<HH", 0, 0) + bytes(attributes) + size + text)
    page = record(0x42, struct.pack("<H", 936))
    data = record(start, struct.pack("<HH", 2, 0x10)) + page + cell + EOF_RECORD
    assert read_pieces(xls, data).only(Zone.CELL).text == "机密★10年"


def test_an_encrypted_workbook_is_told_so_and_its_properties_are_still_read(read_pieces: Any) -> None:
    file = CompoundFile(Source(io.BytesIO(REGISTER), len(REGISTER)))
    summary = file.read("\x05SummaryInformation", limit=1 << 20)
    stream = bof(5) + record(0x2F, bytes(54)) + b"\x7f" * 400
    outcome = read_pieces(xls, compound_file([(("Workbook",), stream), (("\x05SummaryInformation",), summary)]))
    assert outcome.reason == "encrypted"
    assert outcome.texts(Zone.DOC_PROPERTY)[:2] == ["台账", "机密"]


@pytest.mark.parametrize(
    "data",
    [
        compound_file([(("Workbook",), b"")]),
        compound_file([(("Workbook",), b"no record at all")]),
        compound_file([(("Workbook",), bof(5) + record(0xFC, struct.pack("<II", 9, 9)))]),
        b"\x09\x08\x10\x00",
        REGISTER[:6000],
    ],
)
def test_a_workbook_that_breaks_off_is_damaged(read_pieces: Any, data: bytes) -> None:
    assert read_pieces(xls, data).reason == "damaged"


def test_what_was_read_before_the_damage_counts(read_pieces: Any) -> None:
    stream = workbook(shared_strings("机密★10年"), shared_cell(0, 0, 0), wide("Sheet1", "<B"))[:-4]
    outcome = read_pieces(xls, compound_file([(("Workbook",), stream)]))
    assert (outcome.texts(Zone.CELL), outcome.reason) == (["机密★10年"], "damaged")


class Everything:
    """A sieve that takes the exact road every time."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_workbook_only_not_examined_leaves_the_reader(data: st.DataObject) -> None:
    file = CompoundFile(Source(io.BytesIO(REGISTER), len(REGISTER)))
    stream = bytearray(file.read("Workbook", limit=1 << 20))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(stream) - 5))
        stream[at : at + 2] = data.draw(st.sampled_from([b"\xff\xff", bytes(2), b"\x3c\0", b"\x09\x08", b"\xfc\0"]))
    raw = compound_file([(("Workbook",), bytes(stream))])
    characters = 0
    try:
        for piece in xls.pieces(Source(io.BytesIO(raw), len(raw)), Reading(Everything())):
            characters += len(getattr(piece, "text", ""))
    except NotExamined as problem:
        assert str(problem.reason) in ("damaged", "encrypted")
    assert characters < 100 * len(raw)


@pytest.mark.shared
def test_real_workbooks_end_as_text_or_with_a_reason(shared: Path, read_pieces: Any) -> None:
    reasons = {}
    for folder in ("xls", "et", "biff5"):
        for path in sorted((shared / "corpus" / "real" / folder).iterdir()):
            reasons[path.name] = read_pieces(xls, path.read_bytes(), sieve=Everything()).reason
    assert {name for name, reason in reasons.items() if reason == "damaged"} == {
        name for name in reasons if "corrupt" in name or "clusterfuzz" in name
    }
    assert {name for name, reason in reasons.items() if reason == "encrypted"} == {
        name for name in reasons if "password_2002" in name
    }


def test_what_a_rule_of_validation_says_is_read(read_pieces: Any) -> None:
    texts = b"".join(wide(each) for each in ("提示", "\0", "机密★10年", "\0"))
    found = read_pieces(xls, book(b"", record(0x01BE, bytes(4) + texts)))
    assert [one.text for one in found.passages if one.place.part == "validation"] == ["提示\n机密★10年"]


def formula(tokens: bytes) -> bytes:
    return record(0x06, struct.pack("<HHH8sHIH", 9, 1, 0, bytes(8), 0, 0, len(tokens)) + tokens)


def token(text: str) -> bytes:
    return b"\x17" + wide(text, "<B")


@pytest.mark.parametrize(
    ("common", "cells"),
    [
        (record(0x041E, struct.pack("<H", 170) + wide('"机密★10年"0')), b""),
        (record(0x041E, struct.pack("<H", 170) + wide('"机密★"10"年"')), b""),
        (record(0x18, struct.pack("<HBBHHH4x", 0, 0, 2, 16, 0, 0) + b"\0mj" + token("机密★10年")), b""),
        (b"", formula(token("机密★10年") + b"\x1e\1\0")),
        (b"", formula(b"\x1e\1\0" + token("机密") + token("★10年") + b"\x08")),
    ],
)
def test_strings_in_number_formats_names_and_formulas_are_told(read_pieces: Any, common: bytes, cells: bytes) -> None:
    assert "机密★10年" in [
        one.text for one in read_pieces(xls, book(common, cells)).passages if one.place.part == "setting"
    ]


@pytest.mark.parametrize("kind", [0xAF, 0x0800, 0x01A9, 0x23, 0x5A, 0xCD])
def test_a_value_beside_the_cells_is_told(examiner: Examiner, kind: int) -> None:
    cells = record(kind, b"\1\0\0\6\0\4Calc" + wide("机密★10年") + bytes(4))
    data = book(shared_strings("食堂"), cells + shared_cell(0, 0, 0))
    (row,) = examiner.examine(Source.of(data), "a.xls").rows
    assert [finding.level for finding in row.findings] == ["机密"]
