"""Disk images: every file of each file system in them, by its path, and a word for what cannot be read."""

from __future__ import annotations

import gzip
import io
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import disk
from agent.scanning.formats.base import Source
from agent.scanning.identify import Kind, identify
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult
from protocol.records import Reason
from signatures.passages import Zone

pytest.importorskip("pytsk3", reason="needs pytsk3, which reads the file systems")
DATA = Path(__file__).parent / "data"
MARKED = "机密★10年\n".encode()


def image(kind: str) -> bytes:
    return gzip.decompress((DATA / f"{kind}.img.gz").read_bytes())


def files(found: Any) -> dict[str, bytes | None]:
    return {member.name: member.data for member in found.members}


@pytest.mark.parametrize("kind", ["fat12", "ext"])
def test_the_files_of_an_image_are_read_by_their_paths(read_pieces: Any, kind: str) -> None:
    found = read_pieces(disk, image(kind))
    assert found.reason is None
    assert files(found)["资料/深/方案.txt"] == MARKED
    assert len(files(found)["b.bin"] or b"") == 3000
    assert not any(name.startswith("$") or name.endswith(".") for name in files(found))


def test_streams_beside_a_file_of_ntfs_are_read_too_and_its_own_tables_are_not(read_pieces: Any) -> None:
    found = read_pieces(disk, image("ntfs"))
    assert files(found) == {"plan.txt": MARKED, "plan.txt:secret": MARKED}


def test_each_partition_is_read_under_its_number(read_pieces: Any) -> None:
    found = read_pieces(disk, image("mbr"))
    names = sorted(files(found))
    assert names == [f"partition{n}/{name}" for n in (1, 2) for name in ("b.bin", "资料/深/方案.txt")]


def test_a_partition_that_is_locked_or_unknown_is_told_beside_the_others(read_pieces: Any) -> None:
    data = bytearray(image("mbr"))
    data[2048 * 512 : 2048 * 512 + 11] = b"\xeb\x58\x90-FVE-FS-"
    data[3072 * 512 + 0x438 : 3072 * 512 + 0x43A] = b"??"
    data[3072 * 512 : 3072 * 512 + 4] = b"what"
    found = read_pieces(disk, bytes(data))
    told = {member.name: member.problem.reason for member in found.members if member.problem}
    assert told == {"partition1": Reason.ENCRYPTED, "partition2": Reason.UNSUPPORTED}


def test_an_image_is_known_by_its_content_whatever_its_name_is() -> None:
    for kind in ("fat12", "ext", "ntfs", "mbr"):
        data = image(kind)
        assert identify(Source(io.BytesIO(data), len(data)), "holiday.jpg").media_type in disk.MEDIA_TYPES


def test_a_boot_sector_whose_partitions_lie_beyond_the_file_is_no_image() -> None:
    row = struct.pack("<B3xB3xII", 0x80, 12, 2048, 1024)
    data = b"\xfa" + bytes(445) + row + bytes(48) + b"\x55\xaa" + bytes(4096)
    assert identify(Source(io.BytesIO(data), len(data)), "boot.bin").media_type not in disk.MEDIA_TYPES


@pytest.mark.parametrize("name", ["FAT16   ", "FAT32   ", "NTFS    ", "-FVE-FS-"])
def test_an_image_of_which_only_the_beginning_is_there_is_told(read_pieces: Any, name: str) -> None:
    at = {"FAT16   ": 54, "FAT32   ": 82}.get(name, 3)
    sector = bytearray(b"\xeb\x3c\x90" + bytes(507) + b"\x55\xaa" + bytes(3584))
    sector[at : at + 8] = name.encode()
    source = Source(io.BytesIO(sector), len(sector))
    assert identify(source, "stick").kind is Kind.CONTAINER
    found = read_pieces(disk, bytes(sector))
    assert found.reason in ((Reason.ENCRYPTED,) if at == 3 and name[0] == "-" else (Reason.UNSUPPORTED, Reason.DAMAGED))
    assert found.problem.detail


def test_files_beyond_the_limits_are_told_and_the_others_read(
    read_pieces: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(disk.LIMITS, "member bytes in an inner image", 1000)
    monkeypatch.setitem(disk.LIMITS, "member bytes", 1000)
    found = read_pieces(disk, image("ext"))
    assert {member.name for member in found.members if member.problem} == {"b.bin"}
    monkeypatch.setitem(disk.LIMITS, "entries", 2)
    assert read_pieces(disk, image("ext")).reason == Reason.TOO_LARGE


def test_names_of_folders_are_passages(read_pieces: Any) -> None:
    data = bytearray(image("ext"))
    at = data.index("资料".encode())
    data[at : at + 6] = "机密".encode()
    found = read_pieces(disk, bytes(data))
    assert [(passage.zone, passage.text) for passage in found.passages] == [
        (Zone.PATH, "机密"),
        (Zone.PATH, "机密/深"),
    ]


@pytest.mark.parametrize("kind", ["fat12", "ntfs"])
def test_a_damaged_image_ends_with_what_is_left_or_a_reason(read_pieces: Any, kind: str) -> None:
    whole, chance = image(kind), random.Random(kind)  # noqa: S311 - no secret hangs on it
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(20):
            at = chance.randrange(len(data) // 8)
            data[at : at + 4] = chance.randbytes(4)
        found = read_pieces(disk, bytes(data))
        assert found.reason is None or found.problem.detail


def test_a_caged_worker_reads_an_image_and_tells_each_file_in_it(compiled: Path, tmp_path: Path) -> None:
    (tmp_path / "stick.img").write_bytes(image("mbr"))
    results: list[FileResult] = []
    summary = Scanner(ScanOptions(workers=1, cache=compiled, pictures=False)).run([tmp_path], results.append)
    assert (summary.enumerated, summary.finding, summary.clean) == (5, 2, 3)
    assert {one.member for one in results if one.findings} == {f"partition{n}/资料/深/方案.txt" for n in (1, 2)}
