"""Markings in old presentations: title slide, footers, tables, masters, notes, comments; old saves, encryption."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.scanning.formats import ppt
from agent.scanning.formats.base import NotExamined, Reading, Source
from agent.scanning.formats.ole import CompoundFile
from agent.scanning.formats.ole_objects import compound_file
from protocol.records import Place
from signatures.passages import Zone

DATA = Path(__file__).parent / "data"
TALK = (DATA / "talk.ppt").read_bytes()
LIVE, ENCRYPTED = 0xE391C05F, 0xF3D1C4DF


def atom(kind: int, data: bytes, instance: int = 0) -> bytes:
    return struct.pack("<HHI", instance << 4, kind, len(data)) + data


def box(kind: int, *inside: bytes, instance: int = 0) -> bytes:
    data = b"".join(inside)
    return struct.pack("<HHI", 0xF | instance << 4, kind, len(data)) + data


def chars(text: str, kind: int = 4000, instance: int = 0) -> bytes:
    return atom(kind, text.encode("utf-16-le"), instance)


def slide(*more: bytes, text: str = "", top: int = 2000, turned: int = 0) -> bytes:
    """A slide with one box of its own that holds ``text``, turned by so many degrees."""
    anchor = atom(0xF010, struct.pack("<4h", top, 100, 500, top + 100))
    options = atom(0xF00B, struct.pack("<Hi", 4, turned << 16), instance=1)
    shape = box(0xF004, options, anchor, box(0xF00D, atom(3999, struct.pack("<I", 4)), chars(text)))
    first = box(0xF004, atom(0xF009, bytes(16)))
    return box(1006, box(1036, box(0xF002, box(0xF003, first, shape))), *more)


def saved(*pages: bytes, outline: tuple[bytes, ...] = (), extra: bytes = b"", token: int = LIVE) -> bytes:
    """A file whose newest directory names the document and these slides; ``extra`` lies before them."""
    persist = [atom(1011, struct.pack("<III", number + 2, 0, 0) + bytes(8)) for number in range(len(pages))]
    lines = [persist[number] + (outline[number] if number < len(outline) else b"") for number in range(len(pages))]
    size = atom(1001, struct.pack("<ii", 5760, 4320) + bytes(32))
    stream, offsets = extra, []
    for each in (box(1000, size, box(4080, *lines)), *pages):
        offsets.append(len(stream))
        stream += each
    directory = len(stream)
    stream += atom(6002, struct.pack("<I", len(offsets) << 20 | 1) + struct.pack(f"<{len(offsets)}I", *offsets))
    edit = len(stream)
    stream += atom(4085, struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, 0, directory, 1, 9, 0, 0))
    user = atom(4086, struct.pack("<III", 20, token, edit) + bytes(8))
    return compound_file([(("PowerPoint Document",), stream), (("Current User",), user)])


def test_every_place_of_a_talk_has_its_zone(read_pieces: Any) -> None:
    outcome = read_pieces(ppt, TALK)
    assert outcome.problem is None
    assert outcome.texts(Zone.TITLE) == ["工作汇报", "第一部分"]
    assert outcome.texts(Zone.COVER) == ["工作汇报", "机密★10年"]
    assert outcome.texts(Zone.TABLE_FIELD) == ["密级\t机密\t保密期限\t15年"]
    assert set(outcome.texts(Zone.SLIDE_MASTER)) == {"绝密★20年"}
    assert "备注：商业秘密" in outcome.texts(Zone.BODY)
    footer = outcome.only(Zone.SLIDE_FOOTER)
    assert (footer.text, footer.pages) == ("内部资料", 2)


def test_a_presentation_without_any_literal_is_not_parsed(read_pieces: Any) -> None:
    outcome = read_pieces(ppt, saved(slide(text="工作汇报")))
    assert (outcome.passages, outcome.problem) == ([], None)


def test_texts_of_the_outline_and_of_shapes_both_count(read_pieces: Any) -> None:
    outline = atom(3999, struct.pack("<I", 0)) + atom(4008, b"SECRET plan")
    outcome = read_pieces(ppt, saved(slide(text="机密★10年"), outline=(outline,)))
    assert outcome.texts(Zone.TITLE) == ["SECRET plan"]
    assert "机密★10年" in outcome.texts(Zone.COVER)


def test_what_an_older_save_left_behind_is_not_read(read_pieces: Any) -> None:
    outcome = read_pieces(ppt, saved(slide(text="内部资料"), extra=slide(text="绝密★20年")))
    assert [each.text for each in outcome.passages] == ["内部资料"]


def test_a_file_whose_directory_is_lost_is_read_whole_and_told_damaged(read_pieces: Any) -> None:
    stream = box(1000) + slide(text="绝密★20年")
    outcome = read_pieces(ppt, compound_file([(("PowerPoint Document",), stream)]))
    assert outcome.texts(Zone.COVER) == ["绝密★20年"]


def test_footers_that_a_slide_names_count_by_its_slides(read_pieces: Any) -> None:
    footer = box(4057, atom(4058, bytes(4)), chars("内部资料", 4026, instance=2))
    outcome = read_pieces(ppt, saved(slide(footer, text="一"), slide(footer, text="二")))
    assert [(each.text, each.pages) for each in outcome.passages if each.zone is Zone.SLIDE_FOOTER] == [("内部资料", 2)]


def test_short_boxes_at_the_edge_of_slides_are_headers(read_pieces: Any) -> None:
    outcome = read_pieces(ppt, saved(slide(text="机密★10年", top=20), slide(text="机密★10年", top=20)))
    assert outcome.only(Zone.SLIDE_FOOTER).pages == 2


def test_a_box_that_hangs_aslant_is_a_watermark(read_pieces: Any) -> None:
    pages = [slide(text="机密", turned=degrees) for degrees in (0, 0, -45, 90, 315)]
    found = read_pieces(ppt, saved(*pages)).passages
    assert [each.place.slide for each in found if each.zone is Zone.WATERMARK] == [3, 5]
    assert not read_pieces(ppt, saved(slide(text="一"), slide(text="机密" * 30, turned=30))).texts(Zone.WATERMARK)


def test_comments_and_lettering_are_read(read_pieces: Any) -> None:
    comment = box(12000, chars("作者", 4026), chars("此处为机密", 4026, instance=1))
    tags = box(5000, box(5002, atom(5003, comment)))
    letters = "绝密\0".encode("utf-16-le")
    lettering = atom(0xF00B, struct.pack("<HI", 0x80C0, len(letters)) + letters, instance=1)
    art = box(1036, box(0xF002, box(0xF003, box(0xF004), box(0xF004, lettering))))
    outcome = read_pieces(ppt, saved(slide(tags, art, text="一")))
    assert outcome.texts(Zone.WATERMARK) == ["绝密"]
    assert [each.place for each in outcome.passages if each.text == "此处为机密"] == [Place(slide=1, part="comments")]


def test_embedded_objects_are_unpacked_and_come_as_members(read_pieces: Any) -> None:
    inner = compound_file([(("Package",), b"PK\x03\x04inside")])
    packed = atom(4113, struct.pack("<I", len(inner)) + zlib.compress(inner), instance=1)
    whole = atom(4113, compound_file([(("WordDocument",), b"w")]))
    outcome = read_pieces(ppt, saved(slide(text="一"), extra=packed + whole))
    assert [(each.name, (each.data or b"")[:4]) for each in outcome.members] == [
        ("object1", b"PK\x03\x04"),
        ("object2.doc", b"\xd0\xcf\x11\xe0"),
    ]


def test_an_embedded_object_that_lies_about_its_size_is_a_member_with_a_problem(read_pieces: Any) -> None:
    huge = atom(4113, struct.pack("<I", 0xFFFFFFFF) + zlib.compress(b"x"), instance=1)
    broken = atom(4113, struct.pack("<I", 100) + b"no zlib", instance=1)
    outcome = read_pieces(ppt, saved(slide(text="一"), extra=huge + broken))
    assert [str(each.problem.reason) for each in outcome.members if each.problem] == ["too-large", "damaged"]


def test_an_encrypted_presentation_is_told_so(read_pieces: Any) -> None:
    assert read_pieces(ppt, saved(slide(text="一"), token=ENCRYPTED)).reason == "encrypted"
    assert read_pieces(ppt, saved(slide(text="一"), extra=atom(0x2F14, bytes(20)))).reason == "encrypted"


def test_powerpoint_4_is_unsupported_and_nothing_at_all_is_damaged(read_pieces: Any) -> None:
    assert read_pieces(ppt, compound_file([(("PP40",), b"x" * 100)])).reason == "unsupported"
    assert read_pieces(ppt, compound_file([(("PowerPoint Document",), b"")])).reason == "damaged"
    assert read_pieces(ppt, TALK[:5000]).reason == "damaged"


def test_groups_within_groups_without_end_are_cut(read_pieces: Any) -> None:
    nested = b""
    for _ in range(200):
        nested = box(0xF003, box(0xF004), nested)
    outcome = read_pieces(ppt, saved(box(1006, box(1036, nested), chars("机密", 4026))))
    assert outcome.reason == "damaged"


class Everything:
    """A sieve that takes the exact road every time."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return True

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_presentation_only_not_examined_leaves_the_reader(data: st.DataObject) -> None:
    file = CompoundFile(Source(io.BytesIO(TALK), len(TALK)))
    streams = {entry.path: bytearray(file.content(entry, 1 << 20)) for entry in file}
    for _ in range(data.draw(st.integers(1, 8))):
        stream = data.draw(st.sampled_from([streams["PowerPoint Document",]] * 5 + [streams["Current User",]]))
        at = data.draw(st.integers(0, len(stream) - 5))
        stream[at : at + 2] = data.draw(st.sampled_from([b"\xff\xff", bytes(2), b"\x0f\0", b"\xee\x03", b"\xf3\x03"]))
    raw = compound_file([(path, bytes(stream)) for path, stream in streams.items()])
    characters = 0
    try:
        for piece in ppt.pieces(Source(io.BytesIO(raw), len(raw)), Reading(Everything())):
            characters += len(getattr(piece, "text", ""))
    except NotExamined as problem:
        assert str(problem.reason) in ("damaged", "encrypted", "unsupported")
    assert characters < 20 * len(raw)


@pytest.mark.shared
def test_real_presentations_end_as_text_or_with_a_reason(shared: Path, read_pieces: Any) -> None:
    found = {}
    for folder in ("ppt", "pps"):
        for path in sorted((shared / "corpus" / "real" / folder).iterdir()):
            found[path.name] = read_pieces(ppt, path.read_bytes(), sieve=Everything()).reason
    expected = {"encrypted": "encrypted", "clusterfuzz": "damaged"}
    for name, reason in found.items():
        assert reason == next((each for part, each in expected.items() if part in name), None), name
