"""Plain text: found in every encoding, at any size, with the zone it stands in."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import html, text
from agent.scanning.formats.base import MiB, Reading, Source
from agent.scanning.identify import identify
from agent.scanning.talk import in_bytes, talk_of
from signatures.engine import build
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

RULES = load_rules()
READING = Reading(build(RULES.literals, prefer="re2"))
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "big5"]
PROSE = "會議要求各有關部門密切配合，按時完成年度工作計劃。"


def read(data: bytes) -> list[Passage]:
    pieces = text.pieces(Source(io.BytesIO(data), len(data)), READING)
    return [piece for piece in pieces if isinstance(piece, Passage)]


def only(data: bytes, zone: Zone) -> Passage:
    found = [passage for passage in read(data) if passage.zone is zone]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_marking_on_the_first_line_is_found_in_every_encoding(encoding: str) -> None:
    data = f"機密★10年\r\n關於年度計劃的通知\r\n\r\n{PROSE}\r\n".encode(encoding)
    passage = only(data, Zone.P1_TOP_LEFT)
    assert passage.text == "機密★10年\n關於年度計劃的通知"
    assert passage.place.line == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ordinary_text_gives_nothing_in_any_encoding(encoding: str) -> None:
    assert read(f"關於年度計劃的通知\r\n\r\n{PROSE}\r\n".encode(encoding) * 50) == []


def test_copy_number_and_urgency_stay_beside_the_marking() -> None:
    data = "000123\n机密★1年\n特急\n某某局文件\n某发〔2024〕15号\n关于开展检查的通知\n各单位：\n".encode()
    assert only(data, Zone.P1_TOP_LEFT).text.split("\n")[:3] == ["000123", "机密★1年", "特急"]


def test_the_head_ends_where_the_prose_begins() -> None:
    prose = "根据年度工作安排，现将有关事项通知如下，请各单位认真贯彻执行。"
    data = f"内部资料\n通知\n{prose}\n秘密\n".encode("gb18030")
    assert only(data, Zone.P1_TOP_LEFT).text == "内部资料\n通知"


def test_a_marking_written_downwards_stays_in_one_passage() -> None:
    data = "秘\r\n密\r\n★\r\n5\r\n年\r\n\r\n专题会议纪要\r\n".encode()
    assert only(data, Zone.P1_TOP_LEFT).text.startswith("秘\n密\n★\n5\n年")


def test_a_lone_last_line_is_a_footer_even_above_a_page_number() -> None:
    body = f"纪要\n\n{PROSE}\n" * 5
    for end in ("机密", "机密\n\n- 3 -\n", "—— 机密 ——\r\n第 1 页 共 3 页"):
        passage = only((body + end).encode(), Zone.FOOTER)
        assert "机密" in passage.text
        assert passage.place.line == 16


def test_a_last_line_of_prose_is_body() -> None:
    data = f"纪要\n\n{PROSE}\n他说这是一个天大的秘密，谁也不能告诉，说完就走了。\n".encode()
    assert [passage.zone for passage in read(data)] == [Zone.BODY]


def test_a_hit_in_the_body_brings_six_lines_on_either_side_and_its_line_number() -> None:
    lines = ["报告", *[f"第{number}条 {PROSE}" for number in range(2, 101)]]
    lines[49] = "绝密★长期"
    passage = only("\n".join(lines).encode(), Zone.BODY)
    assert passage.text.split("\n") == lines[43:56]
    assert passage.place.line == 44


def test_repeated_lines_around_form_feeds_are_headers_and_footers() -> None:
    page = f"机密★5年\n正文\n{PROSE}\n{PROSE}\n内部资料 注意保存\n"
    passages = read("\f".join(["封面\n" + PROSE + "\n", page, page, page]).encode())
    header = next(passage for passage in passages if passage.zone is Zone.HEADER)
    assert (header.text, header.pages) == ("机密★5年", 3)
    footers = [passage for passage in passages if passage.zone is Zone.FOOTER]
    assert any(passage.text == "内部资料 注意保存" for passage in footers)


def test_first_rows_of_a_csv_are_cells_and_labelled_values_are_fields() -> None:
    data = "密级,机密\n单位,某局\n编号,12\n日期,2024\n".encode("gbk")
    passages = {passage.zone: passage.text for passage in read(data)}
    assert passages[Zone.TABLE_FIELD] == "密级\t机密"
    assert passages[Zone.CELL] == "密级\t机密"


def test_a_later_row_of_a_csv_is_body() -> None:
    rows = ["序号,文件,密级", *[f"{number},通知,无" for number in range(1, 30)], "30,方案,机密"]
    assert [passage.zone for passage in read("\r\n".join(rows).encode())] == [Zone.BODY]


def test_a_quoted_cell_keeps_its_comma() -> None:
    data = '名称,说明\n"甲,乙",机密★3年\n丙,丁\n'.encode()
    assert only(data, Zone.CELL).text == "甲,乙\t机密★3年"


@pytest.mark.parametrize("line", ['  "密级": "秘密",', "密级: 秘密", "| 密级 | 秘密 |", "密级\t秘密"])
def test_a_label_with_its_value_is_a_field_in_json_yaml_and_markdown(line: str) -> None:
    data = (f"{PROSE}\n" * 9 + line + f"\n{PROSE}" * 9).encode()
    assert only(data, Zone.TABLE_FIELD).text == "密级\t秘密"


def test_a_field_of_json_counts_in_the_head_too() -> None:
    data = '{\n  "meta": {\n    "密级": "机密",\n    "保密期限": "10年"\n  }\n}\n'.encode()
    assert only(data, Zone.TABLE_FIELD).text == "密级\t机密"
    assert not [each for each in read("密级：机密\n通知\n".encode()) if each.zone is Zone.TABLE_FIELD]


def test_markdown_signs_do_not_hide_a_marking() -> None:
    assert only("# 机密★10年\n\n**报告**\n".encode(), Zone.P1_TOP_LEFT).text.startswith("机密★10年\n")


def test_a_wrong_byte_loses_no_more_than_itself() -> None:
    data = "通知\n".encode("gb18030") + b"\xff\xb0\n" + "机密★10年\n计划\n".encode("gb18030")
    assert "机密★10年" in only(data, Zone.P1_TOP_LEFT).text.split("\n")


def test_a_log_in_two_encodings_shows_both_its_markings() -> None:
    data = (
        f"{PROSE}\n".encode() * 20
        + "绝密★长期\n".encode("gb18030")
        + f"{PROSE}\n".encode() * 20
        + "机密★长期\n".encode()
    )
    shown = "\n".join(passage.text for passage in read(data))
    assert "绝密★长期" in shown
    assert "机密★长期" in shown


def test_carriage_returns_alone_end_lines_too() -> None:
    assert only("机密★10年\r通知\r正文\r".encode("gbk"), Zone.P1_TOP_LEFT).text == "机密★10年\n通知\n正文"


def test_one_endless_line_is_cut_around_the_hit_and_says_so() -> None:
    passage = only(("统" * 50_000 + "机密★10年" + "计" * 50_000).encode("gb18030"), Zone.BODY)
    assert "机密★10年" in passage.text
    assert len(passage.text) < 3000
    assert passage.text.startswith("…")
    assert passage.text.endswith("…")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5"])
@pytest.mark.parametrize("shift", [-30, -2, 0, 2, 8190])
def test_nothing_is_lost_or_doubled_where_two_chunks_meet(encoding: str, shift: int) -> None:
    line = "普通的一行\n" if encoding != "big5" else "普通的一行字\n"
    before = line * (MiB // len(line.encode(encoding)) + 2)
    head = before.encode(encoding)[: (MiB + shift) & ~1]
    head = head[: head.rindex("\n".encode(encoding)) + len("\n".encode(encoding))]
    data = head + "機密★10年\n".encode(encoding) + before.encode(encoding)
    found = [passage for passage in read(data) if "機密★10年" in passage.text]
    assert [passage.zone for passage in found] == [Zone.BODY]
    lines = found[0].text.split("\n")
    assert (found[0].place.line or 0) + lines.index("機密★10年") == head.count("\n".encode(encoding)) + 1


def test_a_large_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.log"
    with path.open("wb") as file:
        file.write("机密★10年\n通知\n".encode())
        file.seek(100 * MiB)
        file.write("\n绝密★长期\n".encode())
    with path.open("rb") as stream:
        source = Source(stream, path.stat().st_size)
        tracemalloc.start()
        found = list(text.pieces(source, READING))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert [piece.zone for piece in found if isinstance(piece, Passage)] == [Zone.P1_TOP_LEFT, Zone.FOOTER]
    assert peak < 40 * MiB


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("characters", [3, 300, 30_000])
def test_utf16_without_a_blank_digit_or_line_end_is_read_all_the_same(encoding: str, characters: int) -> None:
    data = ("机密★" + "关于做好年度工作会议准备的通知" * (characters // 15)).encode(encoding)
    assert b"\0" not in data
    assert any("机密★" in passage.text for passage in read(data))


def test_xml_gives_its_text_and_its_labelled_attributes() -> None:
    data = (
        '<?xml version="1.0" encoding="GB2312"?>\n<doc 密级="机密"><w:p><w:r><w:t>绝</w:t></w:r>'
        "<w:r><w:rPr><w:b/></w:rPr><w:t>密★长期</w:t></w:r></w:p><p>&#31192;&#23494;★3年</p><![CDATA[内部资料]]></doc>"
    ).encode("gb18030")
    passages = read(data)
    assert "绝密★长期\n秘密★3年\n内部资料" in [passage.text for passage in passages if passage.zone is Zone.P1_TOP_LEFT]
    assert "密级\t机密" in [passage.text for passage in passages if passage.zone is Zone.TABLE_FIELD]


def test_broken_xml_is_read_to_its_end() -> None:
    assert "机密★10年" in read("<?xml version='1.0'?><a><![CDATA[机密★10年".encode())[0].text
    assert read("<?xml?>机密".encode() + b"<!--<!--<!--" * 1000) == read("<?xml?>机密".encode() + b"<!--<")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(ENCODINGS), st.text(max_size=60))
def test_no_bytes_at_all_make_an_error(noise: bytes, encoding: str, letters: str) -> None:
    body = f"机密\n{letters}\n绝密★长期".encode(encoding, "replace")
    for data in (noise + body, body + noise, b"<?xml " + noise + body):
        assert all(passage.text.encode("utf-8") for passage in read(data))


@pytest.mark.shared
def test_every_labelled_text_and_page_is_judged_right(shared: Path) -> None:
    root = shared / "corpus" / "labelled"
    grammar = Grammar(RULES)
    wrong, seen = [], 0
    for line in (root / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        path = root / label["path"]
        if label["ambiguous"] or not path.is_file():
            continue
        data = path.read_bytes()
        source = Source(io.BytesIO(data), len(data))
        media_type = identify(source, path.name).media_type
        module = next((each for each in (text, html) if media_type in each.MEDIA_TYPES), None)
        if module is None:
            continue
        seen += 1
        passages = [piece for piece in module.pieces(source, READING) if isinstance(piece, Passage)]
        if bool(grammar.find(passages)) != label["marked"]:
            wrong.append(label["path"])
    assert seen > 30
    assert wrong == []


TALK = "机密级文件应当在专用计算机上起草，绝密级、机密级和秘密级的都要登记，不得使用非涉密移动存储介质。"
GRAMMAR = Grammar(RULES)


@pytest.fixture(scope="module")
def talked(compiled: Path) -> Callable[[bytes], list[Passage]]:
    """Reads a text as a scan does, which passes over mere talk."""
    sieve = build(RULES.literals, talk=talk_of(RULES), cache=compiled)
    reading = Reading(sieve, talk=in_bytes(sieve.talk), quiet=sieve)

    def passages(data: bytes) -> list[Passage]:
        return [piece for piece in text.pieces(Source.of(data), reading) if isinstance(piece, Passage)]

    return passages


@pytest.mark.parametrize("encoding", ENCODINGS[:-1])
def test_of_a_text_that_talks_of_secrecy_only_a_few_lines_are_read(
    encoding: str, talked: Callable[[bytes], list[Passage]]
) -> None:
    data = "\n".join([PROSE, *[TALK] * 300]).encode(encoding)
    passages = talked(data)
    assert {passage.zone for passage in passages} == {Zone.BODY}
    assert 8 <= sum(passage.text.count("机密") for passage in passages) < 2 * 40


@pytest.mark.parametrize("talk", [3, 400])
@pytest.mark.parametrize(
    "line", ["机密★10年", "　　密级：秘密 ☆ 5年", '"密级": "机密"', "密级 | 机密 |", "SECRET//NOFORN", "机 密 ★ 长期"]
)
def test_a_marking_in_the_midst_of_talk_is_read(line: str, talk: int, talked: Callable[[bytes], list[Passage]]) -> None:
    data = "\n".join([PROSE, *[TALK] * talk, line, *[TALK] * talk]).encode()
    assert any(line.strip('"| ') in passage.text for passage in talked(data))


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-16-le", "机密★10年"), ("gb18030", "机密★10年"), ("big5", "機密★10年")]
)
def test_a_marking_in_another_encoding_is_read_in_the_midst_of_talk(
    encoding: str, mark: str, talked: Callable[[bytes], list[Passage]]
) -> None:
    talk = f"{TALK}\n".encode() * 400
    data = talk + f"\n{mark}\n".encode(encoding) + talk
    assert any(mark in passage.text for passage in talked(data))


def test_lines_are_numbered_from_the_start_of_a_long_text_full_of_talk(
    talked: Callable[[bytes], list[Passage]],
) -> None:
    lines = [TALK] * 40_000
    lines[29_999] = "秘密★5年"
    (found,) = [finding for finding in GRAMMAR.find(talked("\n".join(lines).encode())) if finding.confidence >= 45]
    assert found.place.line == 30_000


LINES = st.sampled_from(
    [
        "", PROSE, TALK, "机密", "机密★10年", "机 密 ★ 长期", "密级：秘密", "  绝密☆启用前", "机\n密\n★\n5\n年",
        "密级: 机密", "密级\t秘密", "| 密级 | 绝密 |", "SECRET//NOFORN", "此件不公开", "标注为机密★10年的文件",
        "绝密级国家秘密不超过三十年。", "内部资料 注意保存", "* 机密", "特急", "000123", "第 3 页",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=60), st.sampled_from(["utf-8", "gb18030", "utf-16-le"]))
def test_leaving_out_talk_changes_no_finding(
    talked: Callable[[bytes], list[Passage]], lines: list[str], encoding: str
) -> None:
    data = "\n".join(lines).encode(encoding)
    assert GRAMMAR.find(talked(data)) == GRAMMAR.find(read(data))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(LINES, st.just("\n".join([TALK] * 30))), min_size=4, max_size=40),
    st.sampled_from(["utf-8", "gb18030", "utf-16-le"]),
)
@example(["", "\n".join([TALK] * 30), "密级：秘密"], "utf-8")
def test_searching_without_talk_changes_no_finding(
    talked: Callable[[bytes], list[Passage]], lines: list[str], encoding: str
) -> None:
    data = "\n".join([TALK, *lines, TALK * 30, *lines]).encode(encoding)
    assert GRAMMAR.find(talked(data)) == GRAMMAR.find(read(data))
