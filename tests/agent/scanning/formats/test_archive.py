"""Archives through libarchive: 7z, cpio and what else it reads; encrypted and damaged ones; without the library."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.scanning.formats import archive, archive_library, rar5
from agent.scanning.formats.base import Budget, Source
from signatures.passages import Zone

SMALL = (Path(__file__).parent / "data" / "small.7z").read_bytes()
needs_library = pytest.mark.skipif(not archive_library.available(), reason="libarchive13 is not installed")


def cpio(files: dict[str, bytes]) -> bytes:
    """An archive in the portable format of cpio (octal figures)."""
    out = b""
    for name, data in {**files, "TRAILER!!!": b""}.items():
        raw = name.encode() + b"\0"
        kind = 0o040755 if name.endswith("/") else 0o100644
        out += b"070707" + b"%06o" * 7 % (0, 0, kind, 0, 0, 1, 0) + b"%011o%06o%011o" % (0, len(raw), len(data)) + raw
        out += data
    return out


@needs_library
def test_the_files_of_a_7z_come_with_their_names_and_bytes(read_pieces: Any) -> None:
    outcome = read_pieces(archive, SMALL)
    assert {member.name: member.data for member in outcome.members} == {
        "资料/机密方案.txt": "机密★20年\n".encode(),
        "b.txt": b"x" * 5000,
    }
    assert outcome.problem is None


@needs_library
def test_folders_are_told_by_name_and_files_follow_in_order(read_pieces: Any) -> None:
    outcome = read_pieces(archive, cpio({"机密/": b"", "机密/a.txt": b"one", "../../b": b"two"}))
    assert outcome.texts(Zone.PATH) == ["机密"]
    assert [(member.name, member.data) for member in outcome.members] == [("机密/a.txt", b"one"), ("../../b", b"two")]


@needs_library
def test_a_member_that_is_too_large_or_a_bomb_is_told_and_the_next_is_read(
    read_pieces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive.LIMITS, "member bytes in an inner archive", 1000)
    first, second = read_pieces(archive, cpio({"large": bytes(5000), "b": b"x"})).members
    assert (first.data, str(first.problem.reason), first.size, second.data) == (None, "too-large", 5000, b"x")
    spent = read_pieces(archive, cpio({"a": b"x" * 600}), Budget(expanded=100)).members[0]
    assert str(spent.problem.reason) == "bomb"


@needs_library
def test_damaged_archives_are_told(read_pieces: Any) -> None:
    for data in (b"Rar!\x1a\x07\x00" + bytes(50), bytes(70_000), SMALL[:60], cpio({"a": b"x" * 600})[:300]):
        outcome = read_pieces(archive, data)
        assert outcome.reason == "damaged" or any(member.problem for member in outcome.members) or not outcome.members


def test_without_the_library_archives_are_unsupported(read_pieces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_library, "_NAMES", ("libarchive-that-is-not-there.so",))
    archive_library._library.cache_clear()
    try:
        assert read_pieces(archive, SMALL).reason == "unsupported"
    finally:
        archive_library._library.cache_clear()


def rar5_archive(*files: bool, flags_of_end: int = 0) -> bytes:
    """The blocks of a RAR 5 archive with such files; True stands for one behind a password."""
    out = b"Rar!\x1a\x07\x01\x00"
    for encrypted in files:
        extra = b"\x02\x01\x00" if encrypted else b""
        body = b"\x02" + (b"\x03" + bytes([len(extra)]) if extra else b"\x02") + b"\x04" + b"rest" + extra
        out += struct.pack("<I", 0) + bytes([len(body)]) + body + b"data"
    return out + struct.pack("<I", 0) + b"\x03\x05" + bytes([flags_of_end, 0])


def test_files_of_rar_5_behind_a_password_are_known_by_their_headers() -> None:
    data = rar5_archive(False, True, False, True)
    assert list(rar5.encrypted_files(Source(io.BytesIO(data), len(data)))) == [1, 3]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_behind_the_mark_of_rar_5_end(raw: bytes) -> None:
    data = b"Rar!\x1a\x07\x01\x00" + raw
    assert len(list(rar5.encrypted_files(Source(io.BytesIO(data), len(data))))) <= len(data)


@needs_library
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_not_examined_leaves_a_mutated_archive(read_pieces: Any, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([SMALL, cpio({"机密/a.txt": b"one" * 90, "b": b""})])))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    outcome = read_pieces(archive, bytes(raw[: data.draw(st.integers(8, len(raw)))]))
    assert outcome.problem is None or outcome.reason in ("damaged", "encrypted", "unsupported", "too-large")


@needs_library
@pytest.mark.shared
def test_real_archives_are_read_or_told_and_passwords_are_known(read_pieces: Any, shared: Path) -> None:
    files = [path for kind in ("7z", "rar", "cab", "cpio", "iso") for path in (shared / "corpus/real" / kind).iterdir()]
    outcomes = {path.name: read_pieces(archive, path.read_bytes()) for path in files}
    assert len(outcomes) > 30
    assert outcomes["tika__test-documents-enc.rar"].reason == "encrypted"
    members = outcomes["rarfile__rar5-psw.rar"].members
    assert {str(member.problem.reason) for member in members} == {"encrypted"}
    assert len(outcomes["tika__test-documents.cab"].members) == 9
