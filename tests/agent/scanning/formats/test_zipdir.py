"""The directory of a zip is read fast, and what lies or is broken is caught."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
import zstandard

from agent.scanning.formats import zipnames
from agent.scanning.formats.base import Budget, MiB, NotExamined, Source
from agent.scanning.formats.zipdir import ZipDirectory
from protocol.records import Reason

TEXT = "机密★10年 的内容".encode() * 300


def opened(data: bytes) -> ZipDirectory:
    return ZipDirectory(Source(io.BytesIO(data), len(data)))


def made(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def by_hand(
    name: bytes, packed: bytes, *, method: int, size: int, crc: int = 0, flags: int = 0, told: int | None = None
) -> bytes:
    """A zip of one member written byte by byte, for what the standard library would not write."""
    fields = (20, flags, method, 0, 0, crc, len(packed), size if told is None else told, len(name), 0)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields) + name + packed
    central = struct.pack("<4sH", b"PK\x01\x02", 20) + struct.pack("<HHHHHIIIHH", *fields)
    central += struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_of_every_method_python_writes_come_back_whole(method: int) -> None:
    directory = opened(made({"a.txt": TEXT, "空.txt": b"", "b.txt": b"x"}, method))
    assert [entry.name for entry in directory.entries] == ["a.txt", "空.txt", "b.txt"]
    assert [bytes(directory.read(entry, Budget(), MiB)) for entry in directory.entries] == [TEXT, b"", b"x"]
    assert directory.problem is None


@pytest.mark.parametrize(
    ("method", "pack"),
    [(93, zstandard.ZstdCompressor().compress), (95, lzma.compress), (12, bz2.compress)],
)
def test_zstandard_and_xz_members_come_back_whole(method: int, pack: Callable[[bytes], bytes]) -> None:
    data = by_hand(b"a", pack(TEXT), method=method, size=len(TEXT))
    directory = opened(data)
    assert directory.read(directory.entries[0], Budget(), MiB) == TEXT


def test_a_member_by_deflate64_comes_back_whole() -> None:
    text = " ".join(map(str, range(2000))).encode()  # no repeat so long that the two methods would part
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush()
    directory = opened(by_hand(b"a", packed, method=9, size=len(text)))
    assert bytes(directory.read(directory.entries[0], Budget(), 1 << 20)) == text


def test_an_unknown_method_is_unsupported_and_named_so() -> None:
    directory = opened(by_hand(b"a", b"\0" * 20, method=6, size=100))
    with pytest.raises(NotExamined) as caught:
        directory.read(directory.entries[0], Budget(), MiB)
    assert caught.value.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("flags", [0x1, 0x41])
def test_a_member_behind_a_password_is_encrypted(flags: int) -> None:
    directory = opened(by_hand(b"a", b"\0" * 20, method=8, size=100, flags=flags))
    with pytest.raises(NotExamined) as caught:
        directory.read(directory.entries[0], Budget(), MiB)
    assert caught.value.reason is Reason.ENCRYPTED


@pytest.mark.parametrize("told", [5, len(TEXT) * 3, 0, 0xFFFFFFF0])
def test_a_size_that_lies_neither_loses_bytes_nor_costs_memory(told: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(TEXT) + packer.flush()
    directory = opened(by_hand(b"a", packed, method=8, size=len(TEXT), told=told))
    entry = directory.entries[0]
    if told > 100 * MiB:
        with pytest.raises(NotExamined) as caught:
            directory.read(entry, Budget(), MiB)
        assert caught.value.reason is Reason.BOMB
    elif told == 0:
        assert directory.read(entry, Budget(), MiB) in (b"", TEXT)
    else:
        assert directory.read(entry, Budget(), MiB) == TEXT


def test_a_member_that_unpacks_to_many_times_its_size_is_a_bomb_even_when_its_size_is_told_small() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(40 * MiB)) + packer.flush()
    for told in (40 * MiB, 1000):
        directory = opened(by_hand(b"a", packed, method=8, size=40 * MiB, told=told))
        with pytest.raises(NotExamined) as caught:
            directory.read(directory.entries[0], Budget(), 128 * MiB)
        assert caught.value.reason is Reason.BOMB


def test_the_budget_of_expanded_bytes_is_shared_and_ends_in_bomb() -> None:
    directory = opened(made({"a": TEXT, "b": TEXT}))
    budget = Budget(expanded=len(TEXT) + 10)
    assert directory.read(directory.entries[0], budget, MiB) == TEXT
    with pytest.raises(NotExamined) as caught:
        directory.read(directory.entries[1], budget, MiB)
    assert caught.value.reason is Reason.BOMB


def test_a_member_beyond_the_limit_is_too_large() -> None:
    directory = opened(made({"a": TEXT}))
    with pytest.raises(NotExamined) as caught:
        directory.read(directory.entries[0], Budget(), len(TEXT) - 1)
    assert caught.value.reason is Reason.TOO_LARGE


def test_bytes_before_and_after_the_zip_do_no_harm() -> None:
    plain = made({"a": TEXT, "b": b"two"})
    for data in (b"MZ" + bytes(5000) + plain, plain + b"trailing", b"MZ" + bytes(3_000_000) + plain):
        directory = opened(data)
        assert [bytes(directory.read(entry, Budget(), MiB)) for entry in directory.entries] == [TEXT, b"two"]


def test_a_zip_with_a_comment_that_looks_like_an_end_record_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", TEXT)
        archive.comment = b"PK\x05\x06" + bytes(40)
    directory = opened(out.getvalue())
    assert [entry.name for entry in directory.entries] == ["a"]


def test_zip64_records_are_understood() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(TEXT)
    plain = out.getvalue()
    end = plain.rfind(b"PK\x05\x06")
    size, offset = struct.unpack_from("<II", plain, end + 12)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    full = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    directory = opened(plain[:end] + record + locator + full)
    assert directory.problem is None
    assert directory.read(directory.entries[0], Budget(), MiB) == TEXT


def test_a_zip_cut_short_gives_the_members_that_are_there_and_says_so() -> None:
    data = made({"a": TEXT, "b": b"two" * 100, "c": TEXT})
    directory = opened(data[: data.index(b"PK\x01\x02") - 10])
    assert [entry.name for entry in directory.entries] == ["a", "b", "c"]
    assert bytes(directory.read(directory.entries[0], Budget(), MiB)) == TEXT
    assert directory.problem is not None
    assert directory.problem.reason is Reason.DAMAGED


def test_members_written_in_one_pass_are_found_without_a_directory() -> None:
    class Pipe(io.RawIOBase):
        """Not seekable, so that sizes come behind the data."""

        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            piece = bytes(data)  # type: ignore[call-overload]
            self.data += piece
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", TEXT)
        archive.writestr("b", b"two" * 50)
    directory = opened(pipe.data[: pipe.data.index(b"PK\x01\x02")])
    assert [bytes(directory.read(entry, Budget(), MiB)) for entry in directory.entries] == [TEXT, b"two" * 50]


def test_a_stored_zip_inside_a_broken_zip_is_not_taken_apart() -> None:
    inner = made({"inside.txt": TEXT})
    outer = made({"inner.zip": inner, "b": b"x"}, zipfile.ZIP_STORED)
    directory = opened(outer[: outer.rindex(b"PK\x01\x02") - 60])
    assert "inside.txt" not in [entry.name for entry in directory.entries]
    assert directory.read(directory.entries[0], Budget(), MiB) == inner


def test_a_member_whose_stream_breaks_off_gives_what_came_before() -> None:
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    packed = packer.compress(TEXT) + packer.flush()
    directory = opened(by_hand(b"a", packed[:3000], method=8, size=len(TEXT)))
    had = bytes(directory.read(directory.entries[0], Budget(), MiB))
    assert had
    assert TEXT.startswith(had)
    assert directory.problem is not None


@pytest.mark.parametrize("reach", range(0, 400, 7))
def test_no_flipped_byte_makes_anything_but_not_examined(reach: int) -> None:
    data = bytearray(made({"a": TEXT, "文件/b": b"two" * 100}))
    data[-(reach % len(data)) - 1] ^= 0xFF
    directory = opened(bytes(data))
    had = 0
    for entry in directory.entries:
        try:
            had += len(directory.read(entry, Budget(), MiB))
        except NotExamined:
            continue
    assert had >= 0
    assert all(isinstance(entry.name, str) for entry in directory.entries)


def test_entries_that_share_bytes_are_told() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(TEXT) + packer.flush()
    data = by_hand(b"a", packed, method=8, size=len(TEXT))
    begin = data.index(b"PK\x01\x02")
    second = bytearray(data[begin : begin + 47])
    struct.pack_into("<I", second, 42, 5)
    central = data[begin : begin + 47] + bytes(second)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, len(central), begin, 0)
    assert opened(data[:begin] + central + end).overlapping == {0}
    assert opened(data).overlapping == frozenset()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("年度/机密★10年.docx".encode(), "年度/机密★10年.docx"),
        ("年度/机密★10年.docx".encode("gb18030"), "年度/机密★10年.docx"),
        ("（機密）會議紀錄.docx".encode("big5"), "（機密）會議紀錄.docx"),
        ("（機密）會議.docx".encode("gbk"), "（機密）會議.docx"),
        (b"plain.txt", "plain.txt"),
        ("naïve".encode("cp437"), "naïve"),
    ],
)
def test_names_are_read_in_the_encodings_that_are_met(raw: bytes, expected: str) -> None:
    assert zipnames.decoded(raw) == expected


def test_a_unicode_path_field_beats_a_local_encoding() -> None:
    told = "机密.docx".encode()
    extra = struct.pack("<HHBI", 0x7075, 5 + len(told), 1, 0) + told
    assert zipnames.decoded(b"\xff\xfe\xfd", extra=extra) == "机密.docx"
    assert zipnames.decoded(b"1.docx", extra=extra) == "机密.docx"
