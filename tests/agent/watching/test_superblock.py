from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.watching import superblock


def test_an_ext4_file_system_tells_its_uuid_and_label(tmp_path: Path) -> None:
    image = tmp_path / "i"
    image.write_bytes(bytes(4 * 1024 * 1024))
    uuid = "0f3e1c52-9a0b-4c44-8a53-6d1f5c1a2b3c"
    subprocess.run(
        ["/usr/sbin/mkfs.ext4", "-q", "-F", "-U", uuid, "-L", "资料盘", str(image)], check=True, capture_output=True
    )
    assert superblock.read(image) == superblock.FileSystemName(uuid, "资料盘")


def fat32(label: bytes) -> bytes:
    head = bytearray(2048)
    head[67:71] = bytes.fromhex("EFBEADDE")
    head[71:82] = label.ljust(11)
    head[82:90] = b"FAT32   "
    return bytes(head)


@pytest.mark.parametrize(
    ("label", "shown"), [(b"NO NAME", ""), ("资料".encode("gb18030"), "资料"), (b"USB KEY", "USB KEY")]
)
def test_a_fat_file_system_tells_its_serial_and_label(label: bytes, shown: str) -> None:
    assert superblock.parse(fat32(label)) == superblock.FileSystemName("DEAD-BEEF", shown)


def test_ntfs_and_exfat_tell_their_serials() -> None:
    ntfs = bytearray(2048)
    ntfs[3:11], ntfs[72:80] = b"NTFS    ", (0x1122334455667788).to_bytes(8, "little")
    assert superblock.parse(bytes(ntfs)).uuid == "1122334455667788"
    exfat = bytearray(2048)
    exfat[3:11], exfat[100:104] = b"EXFAT   ", (0x1234ABCD).to_bytes(4, "little")
    assert superblock.parse(bytes(exfat)).uuid == "1234-ABCD"


@pytest.mark.parametrize("head", [b"", b"short", bytes(2048), b"\xff" * 2048])
def test_what_is_not_known_has_no_name(head: bytes) -> None:
    assert superblock.parse(head) == superblock.FileSystemName()


@pytest.mark.parametrize(
    ("start", "at", "more", "locked"),
    [
        (b"LUKS\xba\xbe\0\1", 168, b"0f6b1a5e-7c36-4b7c-9a2e-3f0f2c1d4e5f", "crypto_LUKS"),
        (b"LUKS\xba\xbe\0\2", 168, b"0f6b1a5e-7c36-4b7c-9a2e-3f0f2c1d4e5f", "crypto_LUKS"),
        (b"\xeb\x58\x90-FVE-FS-", 0, b"", "BitLocker"),
        (b"\xeb\x58\x90MSWIN4.1", 424, bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"), "BitLocker"),
        (b"\xeb\x58\x90MSWIN4.1", 0, b"", ""),
    ],
    ids=["LUKS 1", "LUKS 2", "BitLocker", "BitLocker To Go", "a FAT that only looks like it"],
)
def test_a_locked_container_is_known_by_its_first_bytes(start: bytes, at: int, more: bytes, locked: str) -> None:
    head = bytearray(2048)
    head[at : at + len(more)] = more
    head[: len(start)] = start
    name = superblock.parse(bytes(head))
    assert name.locked == locked
    assert name.uuid == (more.decode() if locked == "crypto_LUKS" else "")
