"""Before disposal a device is read, and only read: what is left on it is told by type and count, never as data."""

from __future__ import annotations

import io
import os
import random
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from agent.checks import residual
from agent.checks.base import Context, Result
from agent.checks.families import checks
from agent.checks.residual import NotADevice, survey
from agent.checks.survey import Survey
from protocol.records import CheckOutcome

Make = Callable[..., Context]
MiB = 1024 * 1024
MARK = "机密★10年"


def image(path: Path, size: int = 4 * MiB, *pieces: tuple[int, bytes]) -> Path:
    """An image of zeros with pieces written into it."""
    with path.open("wb") as file:
        file.truncate(size)
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
    return path


def result(name: str, found: Survey, make: Make, computer_class: str = "confidential") -> Result:
    return checks()[name].run(make(computer_class=computer_class, device=found))


def marked_docx() -> bytes:
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph(MARK)
    document.save(out)
    return out.getvalue()


def fat16(files: dict[str, bytes], deleted: set[str]) -> bytes:
    """A FAT16 file system of 8 MiB with files in its root, some of them deleted as any system deletes them."""
    sectors, reserved, fat_sectors, root_entries, per_cluster = 16384, 1, 64, 512, 1
    disk = bytearray(sectors * 512)
    disk[0:62] = struct.pack(
        "<3s8sHBHBHHBHHHIIBBBI11s8s",
        *(b"\xeb\x3c\x90", b"MSDOS5.0", 512, per_cluster, reserved, 2, root_entries, sectors, 0xF8, fat_sectors),
        *(63, 255, 0, 0, 0x80, 0, 0x29, 0x1234, b"NO NAME    ", b"FAT16   "),
    )
    disk[510:512] = b"\x55\xaa"
    table = bytearray(struct.pack("<HH", 0xFFF8, 0xFFFF)) + bytearray(fat_sectors * 512 - 4)
    root = (reserved + 2 * fat_sectors) * 512
    data = root + root_entries * 32
    cluster = 2
    for number, (name, content) in enumerate(files.items()):
        count = max(1, -(-len(content) // 512))
        if name not in deleted:
            for one in range(cluster, cluster + count):
                struct.pack_into("<H", table, one * 2, one + 1 if one < cluster + count - 1 else 0xFFFF)
        stem, _, ending = name.partition(".")
        short = (stem.ljust(8) + ending.ljust(3)).encode("ascii")
        if name in deleted:
            short = b"\xe5" + short[1:]
        struct.pack_into(
            "<11sBBBHHHHHHHI", disk, root + number * 32, short, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, cluster, len(content)
        )
        disk[data + (cluster - 2) * 512 : data + (cluster - 2) * 512 + len(content)] = content
        cluster += count
    for copy in range(2):
        disk[(reserved + copy * fat_sectors) * 512 : (reserved + (copy + 1) * fat_sectors) * 512] = table
    return bytes(disk)


def test_an_erased_device_passes_everything(tmp_path: Path, make: Make) -> None:
    found = survey(image(tmp_path / "zeros.img"))
    for name in ("device-erased", "device-signatures", "device-documents", "device-markings", "device-deleted"):
        told = result(name, found, make)
        assert told.outcome is CheckOutcome.PASS, told
    assert found.complete


def test_a_device_overwritten_with_random_bytes_passes_and_is_told_as_such(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "random.img"
    path.write_bytes(random.Random(7).randbytes(4 * MiB))  # noqa: S311
    found = survey(path)
    told = result("device-erased", found, make)
    assert told.outcome is CheckOutcome.PASS
    assert any("100.00 %" in one.seen for one in told.facts if "compressed" in one.what.en)
    assert result("device-markings", found, make).outcome is CheckOutcome.PASS
    assert result("device-documents", found, make).outcome is CheckOutcome.PASS


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
def test_bytes_of_a_marking_are_found_in_free_space(encoding: str, tmp_path: Path, make: Make) -> None:
    path = image(tmp_path / "one.img", 4 * MiB, (3 * MiB + 777, f"关于调整的通知 {MARK} 内容".encode(encoding)))
    found = survey(path)
    told = result("device-markings", found, make)
    assert told.outcome is CheckOutcome.FAIL
    assert [(one.what.en, one.seen) for one in told.facts[:1]] == [(f"markings ({encoding})", "1")]
    assert result("device-erased", found, make).outcome is CheckOutcome.FAIL


def test_a_marking_across_the_edge_of_two_reads_is_found_once(tmp_path: Path) -> None:
    path = image(
        tmp_path / "edge.img",
        3 * residual.PIECE,
        (residual.PIECE - 4, MARK.encode()),
        (2 * residual.PIECE - 60, MARK.encode()),
    )
    assert survey(path).markings == {"utf-8": 2}


def test_heads_of_documents_are_counted_at_the_start_of_sectors(tmp_path: Path, make: Make) -> None:
    path = image(
        tmp_path / "heads.img",
        4 * MiB,
        (512 * 100, b"%PDF-1.7\n"),
        (512 * 200, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        (512 * 300 + 5, b"%PDF-1.4 within something else"),
    )
    found = survey(path)
    assert found.documents == {"PDF": 1, "OLE (doc, xls, ppt, wps)": 1}
    assert result("device-documents", found, make).outcome is CheckOutcome.FAIL


def test_a_marking_inside_a_word_file_that_was_deleted_is_found(tmp_path: Path) -> None:
    path = image(tmp_path / "docx.img", 4 * MiB, (MiB, marked_docx()))
    found = survey(path)
    assert found.markings == {"in zip": 1}
    assert found.documents["zip (docx, xlsx, pptx, OFD …)"] == 1
    harmless = io.BytesIO()
    with zipfile.ZipFile(harmless, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:t>公开通知</w:t>" * 50)
    assert survey(image(tmp_path / "other.img", 4 * MiB, (MiB, harmless.getvalue()))).markings == {}


def test_deleted_files_of_fat_are_recovered_and_told_as_counts(tmp_path: Path, make: Make) -> None:
    files = {"REPORT.TXT": MARK.encode("gb18030") * 10, "NOTES.TXT": b"nothing at all " * 20, "KEPT.TXT": b"kept"}
    path = tmp_path / "fat.img"
    path.write_bytes(fat16(files, deleted={"REPORT.TXT", "NOTES.TXT"}))
    found = survey(path)
    assert found.deleted == {"fat16 names": 2, "fat16 recoverable": 2, "fat16 marked": 1}
    told = result("device-deleted", found, make)
    assert told.outcome is CheckOutcome.FAIL
    assert "REPORT" not in repr(told)
    assert result("device-signatures", found, make).outcome is CheckOutcome.FAIL
    assert found.signatures == {"FAT16": 1}


def test_of_a_medium_in_use_only_marked_leftovers_count(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "fat.img"
    path.write_bytes(fat16({"NOTES.TXT": b"nothing at all " * 20}, deleted={"NOTES.TXT"}))
    found = survey(path)
    assert result("device-deleted", found, make, "internal").outcome is CheckOutcome.PASS
    assert result("device-signatures", found, make, "internal").outcome is CheckOutcome.PASS
    assert result("device-encrypted", found, make, "internal").outcome is CheckOutcome.FAIL
    luks = image(tmp_path / "luks.img", 4 * MiB, (0, b"LUKS\xba\xbe\x00\x02"))
    assert result("device-encrypted", survey(luks), make, "internal").outcome is CheckOutcome.PASS


@pytest.mark.skipif(shutil.which("mkfs.ext4") is None or shutil.which("debugfs") is None, reason="needs e2fsprogs")
def test_ext4_inside_a_partition_is_seen_with_its_deleted_names(tmp_path: Path) -> None:
    system = image(tmp_path / "ext4.img", 8 * MiB)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(system)], check=True)
    (tmp_path / "secret.txt").write_text(MARK * 200)
    for command in (f"write {tmp_path / 'secret.txt'} secret.txt", "rm secret.txt"):
        subprocess.run(["debugfs", "-w", "-R", command, str(system)], check=True, capture_output=True)
    entry = struct.pack("<B3sB3sII", 0x80, bytes(3), 0x83, bytes(3), 2048, 16384)
    path = image(tmp_path / "disk.img", 10 * MiB, (446, entry), (510, b"\x55\xaa"), (2048 * 512, system.read_bytes()))
    found = survey(path)
    assert found.signatures == {"MBR": 1, "ext2/3/4": 1}
    assert found.deleted.get("ext4 names", 0) >= 1
    assert found.markings.get("utf-8", 0) >= 200


def test_gpt_is_seen(tmp_path: Path) -> None:
    head = b"EFI PART" + bytes(64) + struct.pack("<QII", 2, 128, 128)
    row = b"\x01" * 32 + struct.pack("<QQ", 2048, 4095)
    path = image(tmp_path / "gpt.img", 4 * MiB, (512, head), (1024, row), (2048 * 512, b"XFSB"))
    assert survey(path).signatures == {"GPT": 1, "XFS": 1}


def test_a_large_device_is_sampled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    monkeypatch.setattr(residual, "EVERYTHING_BELOW", 16 * MiB)
    monkeypatch.setattr(residual, "SAMPLES", 4)
    path = image(tmp_path / "large.img", 200 * MiB, (100 * MiB, MARK.encode()))
    found = survey(path)
    assert not found.complete
    assert found.read == 4 * residual.PIECE
    facts = checks()["device-erased"].run(make(computer_class="confidential", device=found)).facts
    assert any("samples" in one.what.en and "%" in one.seen for one in facts)
    assert survey(path, everything=True).markings == {"utf-8": 1}


def test_the_device_is_not_changed_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "fat.img"
    path.write_bytes(fat16({"A.TXT": b"a"}, deleted={"A.TXT"}))
    before = path.read_bytes(), path.stat().st_mtime_ns
    path.chmod(0o444)
    survey(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_damaged_file_systems_and_what_is_no_device_end_with_an_answer(tmp_path: Path) -> None:
    broken = bytearray(fat16({"A.TXT": b"a" * 5000}, deleted={"A.TXT"}))
    broken[512:4096] = random.Random(3).randbytes(3584)  # noqa: S311
    path = tmp_path / "broken.img"
    path.write_bytes(bytes(broken))
    assert survey(path).size == len(broken)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotADevice):
        survey(tmp_path / "pipe")
    with pytest.raises(NotADevice):
        survey(tmp_path)
    assert survey(image(tmp_path / "empty.img", 0)).blocks == 0


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    survey(image(tmp_path / "a.img", 20 * MiB), progress=lambda done, due, _seconds: told.append((done, due)))
    assert told[-1] == (20 * MiB, 20 * MiB)
    assert len(told) == 3
