"""Tar: every kind of header, names, links, sizes that lie, archives cut short."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import tar
from signatures.passages import Zone

LONG = "资料/" * 60 + "机密方案.txt"


def made(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_files_come_with_their_names_however_long(read_pieces: Any, form: int) -> None:
    outcome = read_pieces(tar, made({LONG: b"one", "b.txt": b"x" * 5000, "empty": b""}, form))
    assert [(member.name, member.data) for member in outcome.members] == [
        (LONG, b"one"),
        ("b.txt", b"x" * 5000),
        ("empty", b""),
    ]
    assert outcome.problem is None


def test_names_in_gbk_and_prefixes_of_ustar_are_read(read_pieces: Any) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT, encoding="gbk") as archive:
        archive.addfile(tarfile.TarInfo("某单位文件资料/" * 9 + "机密方案.txt"))
    (member,) = read_pieces(tar, out.getvalue()).members
    assert member.name == "某单位文件资料/" * 9 + "机密方案.txt"


def test_folders_and_links_are_told_by_name_alone(read_pieces: Any) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("机密/", tarfile.DIRTYPE), ("绝密链接", tarfile.SYMTYPE), ("秘密管道", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "../../etc/passwd"
            archive.addfile(entry)
    outcome = read_pieces(tar, out.getvalue())
    assert outcome.texts(Zone.PATH) == ["机密", "绝密链接", "秘密管道"]
    assert outcome.members == []


def test_a_file_that_is_too_large_is_told_and_the_next_is_read(
    read_pieces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tar.LIMITS, "member bytes in an inner archive", 1000)
    first, second = read_pieces(tar, made({"large": b"x" * 5000, "b": b"y"})).members
    assert (first.data, str(first.problem.reason), first.size) == (None, "too-large", 5000)
    assert second.data == b"y"


def test_an_archive_cut_short_hands_on_what_there_is(read_pieces: Any) -> None:
    whole = made({"a": b"1", "b": b"x" * 5000})
    outcome = read_pieces(tar, whole[:3000])
    assert [(member.name, member.size) for member in outcome.members] == [("a", 1), ("b", 5000)]
    assert (len(outcome.members[1].data), outcome.reason) == (1464, "damaged")
    assert read_pieces(tar, whole[:6656]).problem is None  # some writers leave out the empty blocks at the end


@pytest.mark.parametrize("size", [b"\x80" + b"\xff" * 11, b"77777777777\0", b"99999999999\0", b"-0000000001\0"])
def test_a_size_that_lies_costs_no_time_and_no_memory(read_pieces: Any, size: bytes) -> None:
    raw = bytearray(made({"a": b"1"}, tarfile.GNU_FORMAT))
    raw[124:136] = size
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + 256 + sum(raw[156:512]))
    outcome = read_pieces(tar, bytes(raw))
    assert outcome.reason == "damaged" or str(outcome.members[0].problem.reason) == "too-large"


def test_giant_pax_records_and_endless_long_names_are_bounded(read_pieces: Any) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("a")
        entry.pax_headers = {"comment": "x" * 3_000_000}
        archive.addfile(entry)
        archive.addfile(tarfile.TarInfo("b"))
    assert [member.name for member in read_pieces(tar, out.getvalue()).members] == ["a", "b"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_but_not_examined_leaves_a_mutated_archive(read_pieces: Any, data: st.DataObject) -> None:
    raw = bytearray(made({LONG: b"one", "b": b"x" * 600}))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
        block = at - at % 512
        if data.draw(st.booleans()) and block + 512 <= len(raw):  # a checksum that holds lets the change through
            total = sum(raw[block : block + 148]) + 256 + sum(raw[block + 156 : block + 512])
            raw[block + 148 : block + 156] = b"%06o\0 " % total
    outcome = read_pieces(tar, bytes(raw))
    assert outcome.problem is None or outcome.reason == "damaged"
