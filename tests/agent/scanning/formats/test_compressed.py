"""Compressed single files and tars under compression: contents, names, several streams, damage, bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from agent.scanning.formats import compressed
from agent.scanning.formats.base import Budget, Member, Reading, Source

TEXT = "机密★20年\n".encode() * 3


def lzma_alone(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


EVERY = pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, lzma_alone, zstandard.compress],
    ids=["gzip", "bzip2", "xz", "lzma", "zstd"],
)
Pack = Callable[[bytes], bytes]


@EVERY
def test_the_one_file_inside_is_a_member(read_pieces: Any, pack: Pack) -> None:
    outcome = read_pieces(compressed, pack(TEXT))
    assert [(member.name, member.data) for member in outcome.members] == [("content", TEXT)]
    assert outcome.problem is None


@EVERY
def test_the_files_of_a_tar_inside_are_members(read_pieces: Any, pack: Pack) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("资料/a.txt", "b.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(TEXT)
            archive.addfile(entry, io.BytesIO(TEXT))
    members = read_pieces(compressed, pack(out.getvalue())).members
    assert [(member.name, member.data) for member in members] == [("资料/a.txt", TEXT), ("b.txt", TEXT)]


@EVERY
def test_what_can_be_had_of_a_damaged_file_is_handed_on(read_pieces: Any, pack: Pack) -> None:
    noise = bytes(byte for number in range(40_000) for byte in ((number * number * 2_654_435_761 >> 7) & 0xFF,))
    whole = pack(noise)
    outcome = read_pieces(compressed, whole[: len(whole) * 3 // 4])
    assert outcome.reason == "damaged"
    assert all(noise.startswith(member.data) for member in outcome.members)
    broken = read_pieces(compressed, whole[:10] + b"\xff\x00\xaa" * 30)
    assert broken.reason == "damaged"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_several_streams_one_after_another_are_one_file(read_pieces: Any, pack: Pack) -> None:
    (member,) = read_pieces(compressed, pack(b"one ") + pack(TEXT)).members
    assert member.data == b"one " + TEXT


def test_gzip_tells_the_name_in_any_encoding(read_pieces: Any) -> None:
    for name in ("机密方案.txt".encode(), "机密方案.txt".encode("gbk")):
        plain = gzip.compress(TEXT)
        named = plain[:3] + b"\x08" + plain[4:10] + name + b"\0" + plain[10:]
        assert read_pieces(compressed, named).members[0].name == "机密方案.txt"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_bomb_is_told_before_it_has_unpacked(read_pieces: Any, pack: Pack) -> None:
    bomb = pack(bytes(40_000_000))
    budget = Budget()
    assert read_pieces(compressed, bomb, budget).reason == "bomb"
    assert budget.expanded > 400_000_000
    assert read_pieces(compressed, pack(TEXT * 1000), Budget(expanded=100)).reason == "bomb"


def test_a_file_larger_than_its_limit_is_told(read_pieces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compressed.LIMITS, "bytes of a single file", 1000)
    assert read_pieces(compressed, gzip.compress(TEXT * 100)).reason == "too-large"


def test_a_window_larger_than_memory_allows_is_damage(read_pieces: Any) -> None:
    header = b"\x28\xb5\x2f\xfd\x00\xf8" + b"\x01\x00\x00"
    assert read_pieces(compressed, header + bytes(40)).reason == "damaged"


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("报告.doc.bz2", "报告.doc"),
        ("notes.GZ", "notes"),
        ("backup.tgz", "backup.tar"),
        (".xz", "content"),
        ("notes", "content"),
        ("", "content"),
    ],
)
def test_a_single_file_is_called_after_the_one_around_it(outer: str, inner: str) -> None:
    data = bz2.compress(b"some text")
    reading = Reading(Nothing(), name=outer)
    (member,) = compressed.pieces(Source(io.BytesIO(data), len(data)), reading)
    assert isinstance(member, Member)
    assert (member.name, member.data) == (inner, b"some text")


class Nothing:
    """A sieve that finds a literal nowhere."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return False

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        return []
