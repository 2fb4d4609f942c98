"""Values in binary files: tags of sound and film, shortcuts, and files of no known kind."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import MiB, Source
from protocol.records import Reason, Verdict

MARK = "机密★10年"
NOISE = random.Random(7).randbytes(150_000)  # noqa: S311 - stands for sound


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def id3(text: bytes, version: int = 3) -> bytes:
    size = len(text)
    sized = bytes([0, 0, size >> 7, size & 0x7F]) if version == 4 else struct.pack(">I", size)
    frames = b"TIT2" + sized + b"\0\0" + text + b"TPE1\0\0\0\x05\0\0\0abcd"
    return b"ID3" + bytes([version, 0, 0, 0, 0, len(frames) >> 7, len(frames) & 0x7F]) + frames + NOISE


def comments(*said: str) -> bytes:
    coded = [each.encode() for each in said]
    return b"\4\0\0\0test" + struct.pack("<I", len(coded)) + b"".join(struct.pack("<I", len(o)) + o for o in coded)


NAMED = comments("TITLE=" + MARK, "ARTIST=ab")


def mp4() -> bytes:
    name = box(b"\xa9nam", box(b"data", struct.pack(">II", 1, 0) + MARK.encode()))
    tags = box(b"udta", box(b"meta", b"\0\0\0\0" + box(b"ilst", name)))
    film = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", NOISE[:2000]) + tags)
    return box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", NOISE) + film


def shortcut(target: str) -> bytes:
    head = b"\x4c\0\0\0\x01\x14\x02\0" + bytes(4) + b"\0\xc0\0\0\0\0\0F" + struct.pack("<I", 0x9F) + bytes(52)
    return head + struct.pack("<H", len(target)) + target.encode("utf-16-le") + b"\x05\0" + "C:\\ab".encode("utf-16-le")


MARKED = {
    "utf8.mp3": id3(b"\x03" + MARK.encode()),
    "utf16.mp3": id3(b"\x01" + MARK.encode("utf-16"), 4),
    "gbk.mp3": id3(b"\x00" + MARK.encode("gbk")),
    "old.mp3": b"\xff\xfb\x90\0" + NOISE + b"TAG" + MARK.encode("gbk").ljust(125, b"\0"),
    "a.mp4": mp4(),
    "a.flac": b"fLaC\0\0\0\x22" + bytes(34) + b"\x84\0\0" + struct.pack("B", len(NAMED)) + NAMED + NOISE,
    "a.ogg": b"OggS\0\2" + bytes(20) + b"\3vorbis" + NAMED + NOISE,
    "a.wav": b"RIFF\0\0\1\0WAVELIST\x18\0\0\0INFOINAM\x10\0\0\0" + MARK.encode("gbk") + b"\0\0data" + NOISE,
    "recent.lnk": shortcut(f"..\\..\\公文\\{MARK}.docx"),
    "a.dat": b"\x93MYDB\0\1" + NOISE + bytes(7) + MARK.encode("utf-16-le") + b"\0\0" + NOISE,
    "b.dat": b"\x93MYDB\0\1" + NOISE + struct.pack("<I", len(MARK.encode())) + MARK.encode() + b"abc" + NOISE,
    "kept.log": bytes(300) + f"\n{MARK}\n".encode(),
    "large.dat": b"\x93MYDB\0\1" + bytes(16 * MiB - 40) + MARK.encode() + bytes(MiB),
    "a.dxf": b"AutoCAD Binary DXF\r\n\x1a\0\0\0TEXT\0\1\0" + MARK.encode("gbk") + b"\0\0\0EOF\0",
}  # fmt: skip


@pytest.mark.parametrize("name", MARKED)
def test_a_marking_that_is_all_of_a_value_is_told(examiner: Examiner, name: str) -> None:
    (row,) = examiner.examine(Source.of(MARKED[name]), name).rows
    assert [finding.level for finding in row.findings][:1] == ["机密"], row


@pytest.mark.parametrize("name", ["a.mp3", "a.dat", "a.mp4"])
def test_mere_noise_holds_no_value(examiner: Examiner, name: str) -> None:
    head = {"a.mp3": b"ID3\3\0\0\0\0\x7f\x7f", "a.dat": b"\x93MY\0", "a.mp4": box(b"ftyp", b"isom")}[name]
    (row,) = examiner.examine(Source.of(head + NOISE * 8), name).rows
    assert (row.findings, row.reason) == ((), None)


@pytest.mark.parametrize(
    ("head", "reason"),
    [(b"\x93MYDB\0\1", Reason.TOO_LARGE), (box(b"ftyp", b"isom\0\0\2\0"), None), (b"RIFF\0\0\1\0AVI ", None)],
)
def test_a_file_of_unknown_kind_that_is_too_large_to_be_searched_is_no_clean_one_but_a_film_is(
    examiner: Examiner, tmp_path: Path, head: bytes, reason: Reason | None
) -> None:
    path = tmp_path / "large.dat"
    with path.open("w+b") as file:
        file.write(head)
        size = file.truncate(257 * MiB)
        (row,) = examiner.examine(Source(file, size), path.name).rows
    assert (row.verdict, row.reason) == (Verdict.NOT_EXAMINED if reason else Verdict.CLEAN, reason)
