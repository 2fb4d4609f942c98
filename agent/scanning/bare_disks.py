"""Images of disks, which begin as the disk does: told by a boot sector, a file system or a table of partitions."""

from __future__ import annotations


def is_disk(head: bytes, size: int) -> bool:
    """Whether a file system or a table of partitions begins here: FAT, exFAT, NTFS, ext, GPT, a boot sector."""
    if head[0x438:0x43A] == b"\x53\xef" and not any(head[0x200:0x400]):
        return True
    if head[510:512] != b"\x55\xaa":
        return False
    told = (head[54:62], head[82:90], head[3:11])
    if any(each.startswith((b"FAT", b"NTFS", b"EXFAT", b"-FVE-FS-")) for each in told) or head[512:520] == b"EFI PART":
        return True
    return _has_partitions(head, size)


def _has_partitions(head: bytes, size: int) -> bool:
    """Whether the first sector ends with a table of partitions, at least one of which lies within the file."""
    rows = [head[at : at + 16] for at in range(446, 510, 16)]
    used = [row for row in rows if any(row)]
    if any(row[0] not in (0, 0x80) or not row[4] for row in used):
        return False
    places = [(int.from_bytes(row[8:12], "little"), int.from_bytes(row[12:16], "little")) for row in used]
    return any(first and count and (first + count) * 512 <= size for first, count in places)
