"""Identity of a file system read from its own first bytes: for computers where udev has not looked at it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

LUKS, BITLOCKER = "crypto_LUKS", "BitLocker"
LOCKED = (LUKS, BITLOCKER)
"""Containers that have to be unlocked before anything can be read, by the names udev has for them."""
_BITLOCKER_TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
"""GUID 4967d63b-2e29-4ad8-8399-f6a339e3d001 of a stick's boot sector, which looks like FAT otherwise."""


@dataclass(frozen=True, slots=True)
class FileSystemName:
    """UUID (or serial) and label, both empty where unknown."""

    uuid: str = ""
    label: str = ""
    locked: str = ""
    """Which of `LOCKED` it is; empty for a file system."""


def read(device: Path) -> FileSystemName:
    """Read the identity of ext2–4, FAT, exFAT, NTFS, LUKS or BitLocker; empty for others. Raises `OSError`."""
    with device.open("rb") as file:
        return parse(file.read(2048))


def parse(head: bytes) -> FileSystemName:
    """The same from the first 2048 bytes."""
    if len(head) < 2048:
        return FileSystemName()
    if head[:6] == b"LUKS\xba\xbe":  # LUKS2 has a label at 24; both have their UUID at 168
        label = _text(head[24:72]) if head[6:8] == b"\0\2" else ""
        return FileSystemName(_text(head[168:208]), label, LUKS)
    if head[3:11] == b"-FVE-FS-" or head[424:440] == _BITLOCKER_TO_GO:
        return FileSystemName(locked=BITLOCKER)
    if head[1080:1082] == b"\x53\xef":  # superblock at 1024, magic at +56, UUID at +104, label at +120
        raw = head[1128:1144].hex()
        uuid = "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
        return FileSystemName(uuid, _text(head[1144:1160]))
    if head[3:11] == b"EXFAT   ":
        return FileSystemName(_serial(head, 100))
    if head[3:11] == b"NTFS    ":
        return FileSystemName(f"{struct.unpack_from('<Q', head, 72)[0]:016X}")
    if head[82:87] == b"FAT32":
        return FileSystemName(_serial(head, 67), _fat_label(head[71:82]))
    if head[54:59] in (b"FAT12", b"FAT16"):
        return FileSystemName(_serial(head, 39), _fat_label(head[43:54]))
    return FileSystemName()


def _serial(head: bytes, at: int) -> str:
    (number,) = struct.unpack_from("<I", head, at)
    return f"{number >> 16:04X}-{number & 0xFFFF:04X}"


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "replace").strip()


def _fat_label(raw: bytes) -> str:
    label = raw.decode("gb18030", "replace").strip(" \0")
    return "" if label == "NO NAME" else label
