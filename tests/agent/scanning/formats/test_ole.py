"""OLE compound files: streams by their names, properties, embedded files; damage and tricks cost only what they hit."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import ole_objects, ole_properties
from agent.scanning.formats.base import Budget, Member, NotExamined, Reading, Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file
from protocol.records import Reason
from signatures.passages import Zone

DATA = Path(__file__).parent / "data"
USER_DEFINED = bytes.fromhex("05d5cdd59c2e1b10939708002b2cf9ae")


class Nothing:
    """A sieve that finds a literal nowhere."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return False

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []


def opened(data: bytes) -> CompoundFile:
    return CompoundFile(Source(io.BytesIO(data), len(data)))


def members(data: bytes, budget: Budget | None = None) -> list[Member]:
    return list(ole_objects.members(opened(data), Reading(Nothing(), budget or Budget())))


def property_set(values: dict[int, bytes], codec: int = 936, kind: bytes = bytes(16)) -> bytes:
    """A property set with one section of 8-bit strings; number 0 is taken as it is."""
    body, offsets = b"", b""
    first = 8 + 8 * (len(values) + 1)
    for number, value in {1: struct.pack("<II", 2, codec), **values}.items():
        offsets += struct.pack("<II", number, first + len(body))
        raw = value if number < 2 else struct.pack("<II", 0x1E, len(value) + 1) + value + b"\0"
        body += raw + bytes(-len(raw) % 4)
    section = struct.pack("<II", first + len(body), len(values) + 1) + offsets + body
    return struct.pack("<HHI16sI", 0xFFFE, 0, 2, bytes(16), 1) + kind + struct.pack("<I", 48) + section


def test_streams_are_found_by_their_path_in_either_case() -> None:
    small, large = b"x" * 10, bytes(range(256)) * 400
    file = opened(compound_file([(("One",), small), (("Box",), None), (("Box", "Two"), large), (("Empty",), b"")]))
    assert file.read("one", limit=100) == small
    assert file.read("BOX", "two", limit=200_000) == large
    assert file.read("Empty", limit=1) == file.read("Missing", limit=1) == b""
    assert not file.damaged


def test_a_file_of_nine_megabytes_needs_a_second_table_of_tables_and_is_read_all_the_same() -> None:
    large = bytes(9_000_000)
    assert opened(compound_file([(("One",), large)])).read("One", limit=10_000_000) == large


def test_small_streams_that_another_program_wrote_are_read() -> None:
    file = opened((DATA / "report.doc").read_bytes())
    assert len(file.read("\x01CompObj", limit=1000)) > 50
    assert not file.damaged


def test_a_stream_beyond_the_limit_is_too_large() -> None:
    file = opened(compound_file([(("One",), bytes(1000))]))
    with pytest.raises(NotExamined) as caught:
        file.read("One", limit=999)
    assert caught.value.reason is Reason.TOO_LARGE
    assert file.beginning("One", count=20) == bytes(20)


def test_a_chain_that_bites_its_tail_ends_where_the_stream_should() -> None:
    data = bytearray(compound_file([(("One",), b"abc" * 1000)]))
    table = data.rfind(struct.pack("<I", 0xFFFFFFFD)) // 512 * 512
    data[table : table + 4] = bytes(4)  # the first sector follows itself
    assert len(opened(bytes(data)).read("One", limit=10_000)) == 3000


def test_a_directory_that_runs_in_a_circle_is_walked_once_and_told_damaged() -> None:
    data = compound_file([(("One",), b"1"), (("Two",), b"2")])
    row = data.find("Two".encode("utf-16-le"))
    looped = data[: row + 72] + struct.pack("<I", 1) + data[row + 76 :]
    file = opened(looped)
    assert [entry.name for entry in file] == ["One", "Two"]
    assert file.damaged


def test_a_stream_that_claims_more_than_the_file_has_is_read_as_far_as_it_goes() -> None:
    data = bytearray(compound_file([(("One",), b"abc" * 1000)]))
    row = data.find("One".encode("utf-16-le"))
    data[row + 120 : row + 124] = struct.pack("<I", 0x7FFFFFFF)
    file = opened(bytes(data))
    assert file.read("One", limit=1 << 31).startswith(b"abc")
    assert file.damaged


@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK" * 600, bytes(600)])
def test_what_is_no_compound_file_is_damaged(data: bytes) -> None:
    with pytest.raises(NotExamined) as caught:
        opened(data)
    assert caught.value.reason is Reason.DAMAGED


def test_properties_are_read_in_their_code_page_and_custom_ones_keep_their_names() -> None:
    names = struct.pack("<II", 1, 2) + struct.pack("<I", len("密级".encode("gbk")) + 1) + "密级".encode("gbk") + b"\0"
    streams = [
        (("\x05SummaryInformation",), property_set({2: "机密★10年".encode("gbk"), 5: b"plain"})),
        (("\x05DocumentSummaryInformation",), property_set({0: names, 2: "秘密".encode("gbk")}, kind=USER_DEFINED)),
    ]
    found = ole_properties.read_properties(opened(compound_file(streams)))
    passages = list(ole_properties.passages(found))
    assert {each.zone for each in passages} == {Zone.DOC_PROPERTY}
    assert [(each.name, each.text) for each in passages] == [
        ("title", "机密★10年"),
        ("keywords", "plain"),
        ("密级", "秘密"),
    ]


def test_chinese_properties_in_a_set_that_calls_itself_western_are_understood() -> None:
    stream = property_set({2: "关于机密文件的通知".encode("gbk")}, codec=1252)
    found = ole_properties.read_properties(opened(compound_file([(("\x05SummaryInformation",), stream)])))
    assert [each.value for each in found] == ["关于机密文件的通知"]


def test_a_packed_file_comes_out_with_its_own_name() -> None:
    package = b"\x02\x00" + "方案.txt".encode("gbk") + b"\0C:\\a.txt\0" + struct.pack("<HHI", 0, 3, 9) + b"C:\\a.txt\0"
    package += struct.pack("<I", 5) + b"hello"
    native = struct.pack("<I", len(package)) + package
    (member,) = members(compound_file([(("ObjectPool",), None), (("ObjectPool", "_1"), None),
                                       (("ObjectPool", "_1", "\x01Ole10Native"), native)]))  # fmt: skip
    assert (member.name, member.data) == ("ObjectPool/_1/方案.txt", b"hello")


def test_an_embedded_document_comes_out_as_a_file_of_its_own() -> None:
    streams = [(("MBD1",), None), (("MBD1", "WordDocument"), b"w" * 700), (("MBD1", "1Table"), b"t"),
               (("MBD1", "ObjectPool"), None), (("MBD1", "ObjectPool", "_2"), None),
               (("MBD1", "ObjectPool", "_2", "Workbook"), b"b")]  # fmt: skip
    (member,) = members(compound_file(streams))
    assert member.name == "MBD1.doc"
    assert member.data is not None
    inner = opened(member.data)
    assert inner.read("WordDocument", limit=1000) == b"w" * 700
    assert inner.read("ObjectPool", "_2", "Workbook", limit=10) == b"b"


def test_embedded_files_spend_from_the_budget() -> None:
    data = compound_file([(("A",), None), (("A", "Package"), bytes(5000))])
    (member,) = members(data, Budget(expanded=4000))
    assert member.data is None
    assert member.problem is not None
    assert member.problem.reason is Reason.BOMB


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_only_not_examined_leaves_the_reader(data: st.DataObject) -> None:
    raw = bytearray((DATA / "report.doc").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.one_of(st.integers(0, 511), st.integers(0, len(raw) - 5)))
        raw[at : at + 4] = data.draw(st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\1\0\0\0", b"\2\0\0\0"]))
    size = 0
    try:
        file = opened(bytes(raw))
        size = sum(len(file.content(entry, 1 << 30)) for entry in file if not entry.is_storage)
        ole_properties.read_properties(file)
        list(ole_objects.members(file, Reading(Nothing())))
    except NotExamined as problem:
        assert problem.reason in (Reason.DAMAGED, Reason.TOO_LARGE)
    assert size <= 64 * len(raw)
