"""Markings in old Word files: front page, headers, boxes, lettering, tables, notes; old, saved in pieces, encrypted."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import doc
from agent.scanning.formats.base import NotExamined, Reading, Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Zone

DATA = Path(__file__).parent / "data"
REPORT = (DATA / "report.doc").read_bytes()
PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送进展情况。"


def word(
    pieces: list[tuple[str, str]], *, flags: int = 0, counts: tuple[int, ...] = (), language: int = 0x804
) -> bytes:
    """A Word 97 file of these pieces: text and codec; ``utf-16-le`` for wide ones."""
    head = bytearray(0x400)
    struct.pack_into("<HHHHHH", head, 0, 0xA5EC, 0xC1, 0, language, 0, 0x0200 | flags)
    places, descriptors, body = [0], b"", b""
    for text, codec in pieces:
        raw = text.encode(codec)
        wide = codec == "utf-16-le"
        offset = len(head) + len(body)
        descriptors += struct.pack("<HIH", 0, offset if wide else offset * 2 | 0x40000000, 0)
        places.append(places[-1] + (len(raw) // 2 if wide else len(raw)))
        body += raw + bytes(len(raw) % 2)
    table = struct.pack(f"<{len(places)}I", *places) + descriptors
    clx = b"\x01" + struct.pack("<H", 4) + b"abcd" + b"\x02" + struct.pack("<I", len(table)) + table
    struct.pack_into("<II", head, 0x9A + 8 * 33, 0, len(clx))
    struct.pack_into(f"<{len(counts) or 1}i", head, 0x4C, *(counts or (places[-1],)))
    return compound_file([(("WordDocument",), bytes(head) + body), (("1Table",), clx)])


def word_6(text: bytes, *, flags: int = 0, language: int = 0x804, version: int = 101) -> bytes:
    """The main stream of a file of Word 6 or 95, or a whole file of Word 2."""
    head = bytearray(0x300)
    struct.pack_into("<HHHHHH", head, 0, 0xA5DC, version, 0, language, 0, flags)
    struct.pack_into("<II", head, 0x18, len(head), len(head) + len(text))
    struct.pack_into("<i", head, 0x34, len(text))
    return bytes(head) + text


def test_every_place_of_a_report_has_its_zone(read_pieces: Any) -> None:
    outcome = read_pieces(doc, REPORT)
    assert outcome.problem is None
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["机密★长期\n绝密★20年"]
    assert outcome.texts(Zone.TITLE) == ["防汛抢险物资储备情况报告"]
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t15年"]
    assert outcome.texts(Zone.FOOTER) == ["内部资料 第\n页"]
    assert outcome.texts(Zone.BODY, struck=True) == ["秘密★2年"]
    assert "批注：商业秘密" in outcome.texts(Zone.BODY)
    assert ("subject", "机密") in [(each.name, each.text) for each in outcome.passages]


def test_headers_of_all_pages_are_told_from_the_first_page_s(read_pieces: Any) -> None:
    outcome = read_pieces(doc, REPORT)
    headers = {each.text: each.pages for each in outcome.passages if each.zone is Zone.HEADER}
    assert headers == {"秘密★5年": 2, "东江区应急管理局\n机密★10年": 2, "工作秘密★1年": 1}


def test_lettering_behind_the_text_is_a_watermark(read_pieces: Any) -> None:
    watermark = read_pieces(doc, REPORT).only(Zone.WATERMARK)
    assert (watermark.text, watermark.pages) == ("内部事项", 2)


def test_large_type_is_seen(read_pieces: Any) -> None:
    assert read_pieces(doc, REPORT).only(Zone.P1_TOP_LEFT).emphasis


def test_a_document_without_any_literal_is_not_parsed(read_pieces: Any) -> None:
    outcome = read_pieces(doc, word([(f"工作通知\r{PROSE}\r", "utf-16-le")]))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_a_text_saved_in_pieces_is_one_text(read_pieces: Any) -> None:
    pieces = [("绝", "utf-16-le"), ("密★", "utf-16-le"), ("20", "cp1252"), ("年\r" + PROSE + "\r", "utf-16-le")]
    assert read_pieces(doc, word(pieces)).texts(Zone.P1_TOP_LEFT) == ["绝密★20年"]


def test_pieces_with_a_byte_to_a_character_may_be_chinese(read_pieces: Any) -> None:
    text = f"机密★10年\r{PROSE}\r"
    note = "秘密★5年\r"
    counts = (len(text.encode("gbk")), len(note))
    outcome = read_pieces(doc, word([(text, "gbk"), (note, "utf-16-le")], counts=counts))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    assert outcome.texts(Zone.BODY) == [PROSE, "秘密★5年"]


@pytest.mark.parametrize(
    "instruction", ["EQ \\* jc2 \\o\\ad(\\s\\up 9(x),机密★10年)", 'QUOTE "机密★10年"', "MACROBUTTON None 机密★10年"]
)
def test_a_field_without_a_result_shows_what_it_says(read_pieces: Any, instruction: str) -> None:
    text = f"\x13 {instruction} \x15\r"
    assert read_pieces(doc, word([(text, "utf-16-le")])).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_the_entry_of_an_index_is_told_though_no_field_shows_it(read_pieces: Any) -> None:
    text = f'{PROSE}\r\x13 XE "机密★10年" \x15{PROSE}\r'
    told = read_pieces(doc, word([(text, "utf-16-le")])).passages
    assert "机密★10年" in [each.text for each in told if each.place.part == "setting"]


def test_results_of_fields_are_text_and_their_instructions_are_not(read_pieces: Any) -> None:
    text = 'a\x13 TITLE "机密" \x14秘密★5年\x15\r'
    assert read_pieces(doc, word([(text, "utf-16-le")])).texts(Zone.P1_TOP_LEFT) == ["a秘密★5年"]


def test_a_marking_cut_by_a_mark_nobody_sees_still_opens_the_document(read_pieces: Any) -> None:
    text = "机\x13 QUOTE \x14密\x15★\x0510年\r"
    assert read_pieces(doc, word([(text, "utf-16-le")])).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


@pytest.mark.parametrize("flags", [0x0100, 0x8100])
def test_an_encrypted_document_is_told_so_and_its_properties_are_still_read(read_pieces: Any, flags: int) -> None:
    assert read_pieces(doc, word([("x\r", "cp1252")], flags=flags)).reason == "encrypted"
    file = CompoundFile(Source(io.BytesIO(REPORT), len(REPORT)))
    streams = {entry.path: file.content(entry, 1 << 20) for entry in file if not entry.is_storage}
    stream = bytearray(streams["WordDocument",])
    stream[11] |= flags >> 8
    outcome = read_pieces(doc, compound_file([*(streams | {("WordDocument",): bytes(stream)}).items()]))
    assert outcome.reason == "encrypted"
    assert "机密" in outcome.texts(Zone.DOC_PROPERTY)


def test_a_document_behind_a_rights_server_is_encrypted(read_pieces: Any) -> None:
    data = compound_file([(("\tDRMContent",), b"x"), (("WordDocument",), word_6(b"Permission is restricted\r"))])
    assert read_pieces(doc, data).reason == "encrypted"


def test_word_6_keeps_text_in_the_code_page_of_its_language(read_pieces: Any) -> None:
    text = f"机密★10年\r{PROSE}\r密级\x07秘密\x07\x07{PROSE}\r".encode("gbk")
    outcome = read_pieces(doc, compound_file([(("WordDocument",), word_6(text))]))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t秘密"]


def test_word_95_for_east_asia_keeps_text_in_utf_16(read_pieces: Any) -> None:
    stream = word_6(f"机密★10年\r{PROSE}\r".encode("utf-16-le"), flags=0x1000, version=104)
    assert read_pieces(doc, compound_file([(("WordDocument",), stream)])).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_word_2_has_no_container(read_pieces: Any) -> None:
    data = word_6(f"机密★10年\r{PROSE}\r".encode("gbk"), version=45)
    assert read_pieces(doc, data).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_traditional_text_of_word_6_is_read_as_big5(read_pieces: Any) -> None:
    sieve = build([Literal("機密")])
    stream = word_6("機密★十年\r".encode("big5"), language=0x404)
    outcome = read_pieces(doc, compound_file([(("WordDocument",), stream)]), sieve=sieve)
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["機密★十年"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (compound_file([(("Other",), b"x")]), "damaged"),
        (compound_file([(("WordDocument",), b"")]), "damaged"),
        (compound_file([(("WordDocument",), b"\xec\xa5\xc1\x00" + bytes(2000))]), "damaged"),
        (b"\xdb\xa5\x2d\x00" + bytes(500), "damaged"),
        (b"\xfe\x37\x00\x23" + bytes(500), "unsupported"),
        (REPORT[:9000], "damaged"),
    ],
)
def test_what_cannot_be_read_is_told_and_never_a_crash(read_pieces: Any, data: bytes, reason: str) -> None:
    assert read_pieces(doc, data).reason == reason


def test_pieces_that_repeat_the_same_bytes_without_end_are_too_large(read_pieces: Any) -> None:
    data = word([("机密" * 2000, "utf-16-le")] + [("x", "cp1252")] * 40)
    file = CompoundFile(Source(io.BytesIO(data), len(data)))
    table = bytearray(file.read("1Table", limit=1 << 20))
    first = 7 + 5
    struct.pack_into("<42I", table, first, *range(0, 42 * 4000, 4000))
    for index in range(41):
        struct.pack_into("<I", table, first + 4 * 42 + 8 * index + 2, 0x400)
    streams = [(("WordDocument",), file.read("WordDocument", limit=1 << 20)), (("1Table",), bytes(table))]
    assert read_pieces(doc, compound_file(streams)).reason == "too-large"


class Everything:
    """A sieve that takes the exact road every time."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_document_only_not_examined_leaves_the_reader(data: st.DataObject) -> None:
    file = CompoundFile(Source(io.BytesIO(REPORT), len(REPORT)))
    streams = [(entry.path, bytearray(file.content(entry, 1 << 20))) for entry in file if not entry.is_storage]
    for _ in range(data.draw(st.integers(1, 8))):
        stream = data.draw(st.sampled_from([stream for _, stream in streams]))
        at = data.draw(st.one_of(st.integers(0, min(len(stream), 1500) - 1), st.integers(0, len(stream) - 1)))
        size = len(stream[at : at + 4])
        stream[at : at + 4] = data.draw(st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\1\0\0\0", b"\7\x13\r\x0c"]))[
            :size
        ]
    raw = compound_file([(path, bytes(stream)) for path, stream in streams])
    characters = 0
    try:
        for piece in doc.pieces(Source(io.BytesIO(raw), len(raw)), Reading(Everything())):
            characters += len(getattr(piece, "text", ""))
    except NotExamined as problem:
        assert str(problem.reason) in ("damaged", "encrypted", "unsupported", "too-large")
    assert characters < 20 * len(raw)


@pytest.mark.shared
def test_real_documents_end_as_text_or_with_a_reason(shared: Path, read_pieces: Any) -> None:
    reasons = {}
    for path in sorted((shared / "corpus" / "real" / "doc").iterdir()):
        outcome = read_pieces(doc, path.read_bytes(), sieve=Everything())
        reasons[path.name] = outcome.reason
    assert {name for name, reason in reasons.items() if reason == "encrypted"} == {
        name for name in reasons if "password" in name or "protected" in name
    }
    assert set(reasons.values()) == {None, "encrypted"}
