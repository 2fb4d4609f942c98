"""Partition tables, file systems and encryption, by their signatures at known places of a device."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

Read = Callable[[int, int], bytes]
"""Offset, count → bytes; fewer at the end or where the device fails."""

AT: tuple[tuple[str, int, bytes], ...] = (
    ("ext2/3/4", 1080, b"\x53\xef"),
    ("NTFS", 3, b"NTFS    "),
    ("exFAT", 3, b"EXFAT   "),
    ("FAT32", 82, b"FAT32   "),
    ("FAT16", 54, b"FAT16   "),
    ("FAT12", 54, b"FAT12   "),
    ("XFS", 0, b"XFSB"),
    ("btrfs", 65600, b"_BHRfS_M"),
    ("F2FS", 1024, b"\x10\x20\xf5\xf2"),
    ("APFS", 32, b"NXSB"),
    ("HFS+", 1024, b"H+"),
    ("ISO 9660", 32769, b"CD001"),
    ("LVM", 512, b"LABELONE"),
    ("swap", 4086, b"SWAPSPACE2"),
    ("Linux RAID", 4096, b"\xfc\x4e\x2b\xa9"),
    ("LUKS", 0, b"LUKS\xba\xbe"),
    ("BitLocker", 3, b"-FVE-FS-"),
)
"""Name, place from the start of the partition, bytes there."""
ENCRYPTED = frozenset({"LUKS", "BitLocker"})
TABLES = frozenset({"MBR", "GPT"})
_MOST_PARTITIONS = 128


def partitions(read: Read, size: int) -> tuple[list[str], list[int]]:
    """The partition tables that are there, and where partitions begin (0, the whole device, among them)."""
    tables, starts = [], {0}
    first = read(0, 512)
    if first[510:512] == b"\x55\xaa" and first[3:11] not in (b"NTFS    ", b"EXFAT   ") and first[54:59] != b"FAT16":
        entries = [struct.unpack_from("<B3xB3xII", first, 446 + 16 * number) for number in range(4)]
        used = [one for one in entries if one[1] != 0 and one[3] != 0 and one[0] in (0, 0x80)]
        if used and first[82:87] != b"FAT32":
            tables.append("MBR")
            starts |= {begin * 512 for _, _, begin, _ in used}
    for sector in (512, 4096):
        for place in (sector, size - sector):
            head = read(place, 92) if 0 < place < size else b""
            if head[:8] == b"EFI PART":
                tables.append("GPT")
                starts |= set(_gpt(read, head, sector))
    return tables, sorted(start for start in starts if 0 <= start < size)


def _gpt(read: Read, head: bytes, sector: int) -> Iterator[int]:
    table, count, width = struct.unpack_from("<QII", head, 72)
    if not 128 <= width <= 4096:
        return
    rows = read(table * sector, min(count, _MOST_PARTITIONS) * width)
    for place in range(0, len(rows) - 47, width):
        if rows[place : place + 16] != bytes(16):
            yield struct.unpack_from("<Q", rows, place + 32)[0] * sector


def file_systems(read: Read, start: int) -> list[str]:
    """The file systems and kinds of encryption whose signature stands at the start of one partition."""
    return [name for name, place, magic in AT if read(start + place, len(magic)) == magic]
