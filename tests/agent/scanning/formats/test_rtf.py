"""Markings in Rich Text Format: encodings, headers, boxes, lettering, tables, fields, notes, properties, objects."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import rtf
from agent.scanning.formats.base import NotExamined, Reading, Source
from agent.scanning.formats.ole_objects import compound_file
from agent.scanning.formats.rtf_words import plain_texts
from signatures.engine import build
from signatures.literals import Literal
from signatures.passages import Passage, Zone

DATA = Path(__file__).parent / "data"
REPORT = (DATA / "report.rtf").read_bytes()
SIEVE = build([Literal(word, gaps=True) for word in ("机密", "绝密", "秘密", "絕密", "内部资料", "SECRET")])
HEAD = (
    r"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fcharset134 SimSun;}{\f1\fcharset0 Arial;}{\f2\fcharset2 Wingdings;}}"
)
PROSE = "会议听取了项目组汇报，原则同意实施方案，要求进一步细化进度节点，按月报送进展情况。"


def units(text: str, fallback: str = "?") -> str:
    """Text in numbers of characters, with what old programs show instead."""
    return "".join(rf"\u{code if code < 0x8000 else code - 0x10000}{fallback}" for code in map(ord, text))


def hexadecimal(text: str, codec: str = "gbk") -> str:
    """Text in bytes of a code page; bytes that are ASCII stand for themselves."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else rf"\'{byte:02x}" for byte in text.encode(codec))


def paper(*content: str, head: str = HEAD) -> bytes:
    return (head + "".join(content) + "}").encode("ascii")


@pytest.fixture
def read(read_pieces: Any) -> Any:
    return lambda data, **more: read_pieces(rtf, data, sieve=SIEVE, **more)


def test_every_place_of_a_report_has_its_zone(read: Any) -> None:
    outcome = read(REPORT)
    assert outcome.problem is None
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["绝密★20年\n防汛抢险物资储备情况报告"]
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t15年"]
    assert outcome.texts(Zone.FOOTER) == ["内部资料 第\n页"]
    assert outcome.texts(Zone.WATERMARK) == ["内部事项"]
    assert outcome.texts(Zone.BODY, struck=True) == ["秘密★2年"]
    assert {each.text: each.pages for each in outcome.passages if each.zone is Zone.HEADER} == {
        "东江区应急管理局\n机密★10年": 2,
        "工作秘密★1年": 1,
    }
    assert "批注：商业秘密" in outcome.texts(Zone.BODY)
    assert ("subject", "机密") in [(each.name, each.text) for each in outcome.passages]


@pytest.mark.parametrize(
    "text",
    [
        hexadecimal("机密★10年"),
        units("机密★10年"),
        r"\uc2 " + "".join(units(letter, hexadecimal(letter)) for letter in "机密★") + r"\uc1 10" + units("年"),
        r"\uc0 " + units("机密★10年", " "),
        hexadecimal("机") + r"{\b " + hexadecimal("密") + "}" + "\r\n" + units("★") + "10" + hexadecimal("年"),
        r"\f1\'bb\'fa\'c3\'dc" + units("★10年"),
    ],
)
def test_chinese_is_understood_however_it_is_written(read: Any, text: str) -> None:
    assert read(paper(rf"\pard {text}\par ", units(PROSE))).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_a_character_in_two_halves_stands_among_its_neighbours(read: Any) -> None:
    assert read(paper(r"\pard \u26426?\u23494?\u-10179?\u-8704?\par ")).texts(Zone.P1_TOP_LEFT) == ["机密\U0001f600"]


def test_traditional_chinese_is_read_in_its_code_page(read: Any) -> None:
    head = r"{\rtf1\ansi\ansicpg950{\fonttbl{\f0\fcharset136 MingLiU;}}\f0 "
    assert read(paper(hexadecimal("絕密★十年", "big5"), head=head)).texts(Zone.P1_TOP_LEFT) == ["絕密★十年"]


def test_a_star_from_a_symbol_font_is_a_star(read: Any) -> None:
    text = hexadecimal("机密") + r"{\f2\'ab}10" + hexadecimal("年")
    assert read(paper(text)).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    field = r"{\field{\*\fldinst SYMBOL 171 \\f Wingdings}{\fldrslt x}}"
    assert read(paper(hexadecimal("机密"), field)).texts(Zone.P1_TOP_LEFT) == ["机密★"]


def test_a_text_box_at_the_top_is_part_of_the_head(read: Any) -> None:
    box = r"{\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt\pard " + units("机密★长期") + r"\par}}{\shprslt x}}"
    data = paper(r"\pard " + box + r"\qc\fs44 " + units("情况报告") + r"\par\pard\fs24 " + units(PROSE) + r"\par")
    assert read(data).texts(Zone.P1_TOP_LEFT) == ["机密★长期"]


def test_boxes_behind_the_text_and_lettering_are_watermarks(read: Any) -> None:
    behind = r"{\shp{\*\shpinst\shpfblwtxt1{\shptxt " + units("机密") + r"\par}}}"
    letters = r"{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv " + units("绝密") + "}}}}"
    outcome = read(paper(r"{\header\pard " + behind + letters + r"\par}" + units(PROSE) + r"\par"))
    watermarks = {each.text: each.pages for each in outcome.passages if each.zone is Zone.WATERMARK}
    assert watermarks == {"机密": 2, "绝密": 2}


def test_cells_of_a_table_keep_their_rows(read: Any) -> None:
    row = r"\trowd\cellx1\cellx2\pard\intbl {}\cell {}\cell\row "
    data = paper(units(PROSE), r"\par", *(row.format(units(a), units(b)) for a, b in (("密级", "机密"), ("编号", "7"))))
    assert read(data).texts(Zone.TABLE_FIELD) == ["密级\t机密"]


def test_numbers_of_pages_are_no_text(read: Any) -> None:
    field = r"{\field{\*\fldinst { PAGE }}{\fldrslt 3}}"
    outcome = read(paper(r"{\footer\pard " + units("机密★10年") + " " + field + r"\par}", units(PROSE)))
    assert outcome.texts(Zone.FOOTER) == ["机密★10年"]


def test_of_two_versions_of_a_text_the_one_for_new_programs_counts(read: Any) -> None:
    data = paper(r"{\info{\title{\upr{??}{\*\ud " + units("机密★10年") + r"}}}}x")
    assert [(each.name, each.text) for each in read(data).passages if each.name] == [("title", "机密★10年")]


def test_properties_of_a_user_keep_their_names(read: Any) -> None:
    user = r"{\*\userprops{\propname " + units("密级") + r"}\proptype30{\staticval " + units("机密") + "}}"
    found = read(paper(user, "x")).only(Zone.DOC_PROPERTY)
    assert (found.name, found.text) == ("密级", "机密")


def test_deleted_text_is_struck_and_hidden_text_is_text(read: Any) -> None:
    outcome = read(paper(r"{\deleted " + units("绝密★20年") + r"}{\v " + units("秘密★5年") + r"}\par"))
    assert outcome.texts(Zone.P1_TOP_LEFT, struck=True) == ["绝密★20年"]
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["秘密★5年"]


def test_what_no_reader_sees_is_no_text(read: Any) -> None:
    hidden = r"{\*\unknown SECRET}{\pict\wmetafile8 SECRET}{\*\bkmkstart SECRET}{\nonshppict{\pict SECRET}}"
    assert read(paper(hidden, "plain words")).texts(Zone.P1_TOP_LEFT) == ["plain words"]


def test_binary_data_may_hold_braces(read: Any) -> None:
    data = HEAD.encode() + b"{\\pict\\bin6 }}{{\\x}" + units("机密★10年").encode() + b"}"
    assert read(data).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_a_document_without_any_literal_is_not_parsed(read: Any) -> None:
    outcome = read(paper(units(PROSE), hexadecimal(PROSE)))
    assert (outcome.passages, outcome.problem) == ([], None)


def native(data: bytes, class_name: bytes = b"Package\0") -> str:
    """An embedded object in the form of OLE 1."""
    names = struct.pack("<I", len(class_name)) + class_name + bytes(8)
    whole = struct.pack("<II", 0x501, 2) + names + struct.pack("<I", len(data)) + data
    return r"{\object\objemb{\*\objdata " + whole.hex() + r"}{\result x}}"


def test_embedded_objects_come_as_members(read: Any) -> None:
    package = b"\x02\x00a.txt\0C:\\a.txt\0" + struct.pack("<HHI", 0, 3, 2) + b"t\0" + struct.pack("<I", 5) + b"hello"
    inner = compound_file([(("Workbook",), b"w")])
    outcome = read(paper(native(package), native(inner, b"Excel.Sheet.8\0"), native(b"PK\x03\x04")))
    assert [(each.name, (each.data or b"")[:5]) for each in outcome.members] == [
        ("object1/a.txt", b"hello"),
        ("object2.xls", b"\xd0\xcf\x11\xe0\xa1"),
        ("object3", b"PK\x03\x04"),
    ]


@pytest.mark.parametrize("cut", [100, 5000, len(REPORT) - 1])
def test_a_document_that_breaks_off_is_damaged(read: Any, cut: int) -> None:
    assert read(REPORT[:cut]).reason == "damaged"


def test_groups_without_end_are_damaged_and_what_stands_before_them_counts(read: Any) -> None:
    outcome = read(paper(units("机密★10年"), r"\par", "{" * 5000, "x", "}" * 5000))
    assert outcome.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]
    assert outcome.reason == "damaged"


class Everything:
    """A sieve that takes the exact road every time."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []


_SNIPPETS = st.sampled_from(
    [b"{", b"}", b"\\", b"\\'", b"\\'zz", b"\\u-9999999999 ", b"\\bin99999999 ", b"\\uc9 ", b"\\par ", b"\\cell\\row ",
     b"{\\*", b"{\\header ", b"{\\shptxt ", b"{\\field", b"{\\*\\fldinst ", b"\\f99999999 ", b"{\\upr", b"\xff\x81",
     b"\\cf-1 ", b"\\s-1 ", b"{\\colortbl;", b"\\red-5;", b"\0", b"{\\*\\objdata 0105"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(REPORT)), _SNIPPETS), min_size=1, max_size=8))
def test_whatever_is_done_to_a_document_only_not_examined_leaves_the_reader(edits: list[tuple[int, bytes]]) -> None:
    raw = REPORT
    for at, snippet in edits:
        raw = raw[:at] + snippet + raw[at + len(snippet) // 2 :]
    characters = 0
    try:
        for piece in rtf.pieces(Source(io.BytesIO(raw), len(raw)), Reading(Everything())):
            characters += len(getattr(piece, "text", ""))
    except NotExamined as problem:
        assert str(problem.reason) == "damaged"
    assert characters < 20 * len(raw)


_WRITINGS = st.sampled_from([units, hexadecimal, lambda text: r"\uc2 " + units(text, r"\'3f\'3f") + r"\uc1 "])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["机密", "★10年", "普通文字", " ", "plain"]), _WRITINGS), max_size=6))
def test_the_sieve_sees_what_the_reader_would(parts: list[tuple[str, Any]]) -> None:
    data = paper(*(writing(text) for text, writing in parts))
    everything = list(rtf.pieces(Source(io.BytesIO(data), len(data)), Reading(Everything())))
    seen = any("机密" in piece.text for piece in everything if isinstance(piece, Passage))
    assert not seen or any(SIEVE.worth(text) for text in plain_texts(data))


def test_the_number_of_a_character_is_read_whole_whatever_follows_it() -> None:
    text = paper(r"\u26426\b\u23494{\b0\'3f}\u26426 \b0 x\u23494\\par '3f")
    assert "机密".encode() in next(iter(plain_texts(text)))
    assert chr(2642).encode() not in next(iter(plain_texts(text)))


def test_words_that_say_nothing_are_passed_over_in_rows_and_what_follows_them_is_not(read: Any) -> None:
    dressed = r"\rtlch\fcs1 \af0\afs22 \ltrch\fcs0 \insrsid123\nobinding\b\hich\af0 "
    found = read(paper(dressed, units("机密★10年"), r"\par\b0\rtlch \strike\dbch ", units("秘密★5年"), r"\strike0\par"))
    assert [(each.text, each.struck) for each in found.passages] == [("秘密★5年", True), ("机密★10年", False)]
    assert found.texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_control_characters_given_by_number_end_lines_or_are_nothing(read: Any) -> None:
    found = read(paper(units("机密★10年"), "\\u13\\'0d\\u5\\'05", units("关于检查的通知"), "\\par"))
    assert found.only(Zone.P1_TOP_LEFT).text.split("\n")[0] == "机密★10年"
    assert "\x05" not in "".join(each.text for each in found.passages)


@pytest.mark.parametrize(
    ("before", "result"),
    [(r"EQ \\* jc2 \\o\\ad(\\s\\up 9(x),", r"{\fldrslt {}}"), (r"EQ \\o\\ac(", ""), (r'QUOTE "', "")],
)
def test_a_field_that_shows_its_instruction_is_text(read: Any, before: str, result: str) -> None:
    after = '"' if "QUOTE" in before else ")"
    field = r"{\field{\*\fldinst {" + before + units("机密★10年") + after + "}}" + result + "}"
    assert read(paper(field)).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_the_result_of_a_field_stands_for_its_instruction(read: Any) -> None:
    field = r'{\field{\*\fldinst QUOTE "' + units("绝密") + r'"}{\fldrslt ' + units("机密★10年") + "}}"
    assert read(paper(field)).texts(Zone.P1_TOP_LEFT) == ["机密★10年"]


def test_the_alternative_text_of_a_picture_is_a_caption(read: Any) -> None:
    description = r"{\sp{\sn wzDescription}{\sv " + units("机密★10年") + "}}"
    picture = r"{\*\shppict{\pict{\*\picprop{\sp{\sn wzName}{\sv a}}" + description + r"}\pngblip 0102}}"
    assert read(paper(picture, units(PROSE))).texts(Zone.CAPTION) == ["机密★10年"]


def test_the_value_of_a_document_variable_is_told(read: Any) -> None:
    variable = r"{\*\docvar {mj}{" + units("机密★10年") + "}}"
    assert "机密★10年" in read(paper(variable, units(PROSE))).texts(Zone.DOC_PROPERTY)


@pytest.mark.parametrize(
    "group",
    [
        r"{\*\listtable{\list{\listlevel{\leveltext \'08" + units("机密★10年") + r"\'00.;}}}}",
        r"{\*\bkmkstart " + units("机密★10年") + "}",
        r"{\info{\operator " + units("机密★10年") + "}}",
        r"{\xe " + units("机密★10年") + "}",
        r"{\*\unknown{\*\more \'bb\'fa\'c3\'dc\'a1\'ef10\'c4\'ea}}",
    ],
)
def test_a_value_in_a_group_that_no_reader_sees_is_told_once(read: Any, group: str) -> None:
    found = [each.text for each in read(paper(group, units(PROSE))).passages if each.place.part == "setting"]
    assert found == ["机密★10年"]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("{} 1.", "机密★10年"), ("{}12)", "机密★10年"), ("{} (a)", "机密★10年"), ("{}一、", "机密★10年"),
        ("3. {}", "机密★10年"), ("（二）{}", "机密★10年"), ("{}", "机密★10年"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("group", ["listtext", "pntext"])
def test_what_a_list_puts_before_an_item_is_told_without_its_number(
    read: Any, group: str, shown: str, told: str
) -> None:
    item = rf"{{\{group}\pard\plain " + units(shown.format("机密★10年")) + r"\tab}" + units("通知")
    assert told in [each.text for each in read(paper(item)).passages if each.place.part == "setting"]


def test_a_level_that_a_form_only_offers_is_not_told(read: Any) -> None:
    form = r"{\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2{\*\ffl " + units("机密★10年") + "}}}}{\\fldrslt a}}"
    assert not any("机密★10年" in each.text for each in read(paper(form, units(PROSE))).passages)
