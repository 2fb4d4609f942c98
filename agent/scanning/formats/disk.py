"""Disk images as they lie on the disk (.img, .dd, fixed .vhd): the files of their FAT, exFAT, NTFS or ext.

The Sleuth Kit reads them, inside the cage: nothing is mounted. A table of partitions is followed; each file of each
file system is handed on, to be read in turn, streams beside a file's own (NTFS) too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason
from signatures.passages import Passage, Zone

try:
    import pytsk3
except ImportError:  # then images are told as unsupported
    pytsk3 = None

NAME = "disk"
MEDIA_TYPES = ("application/x-raw-disk-image",)
LIMITS = {
    "member bytes": 128 * MiB,
    "member bytes in an inner image": 64 * MiB,
    "bytes of all files": 2048 * MiB,
    "entries": 100_000,
    "folders within one another": 64,
    "partitions": 128,
}
LIMITATIONS = (
    "Deleted files and what lies between files are not read: that is for the check before disposal.",
    "Images in a form of their own (dynamic VHD, VHDX, VMDK, QCOW2), LVM, RAID and encrypted ones are not read.",
    "Needs pytsk3; without it images are told as unsupported.",
    "On some damaged images The Sleuth Kit does not end: they are told as timeout, the worker is replaced.",
)

_UTF8 = frozenset({"utf-8"})
_SECTOR = 512
_STEP = 1024 * 1024
_LOCKED = (b"LUKS\xba\xbe", b"-FVE-FS-")
_OWN_OF_EXFAT = frozenset({b"$ALLOC_BITMAP", b"$UPCASE_TABLE"})
_OWN_OF_NTFS = 24
"""Numbers of files below which they are NTFS's own tables."""


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield a `Member` for each file, and a passage for the name of each folder that may matter.

    What of an image cannot be read is a member without bytes, with its problem. Raises `NotExamined`.
    """
    if _is_locked(source.head(_SECTOR)):
        raise NotExamined(Reason.ENCRYPTED, "an encrypted disk image (LUKS or BitLocker)")
    if pytsk3 is None:
        raise NotExamined(Reason.UNSUPPORTED, "a disk image: mount it and scan what is in it")
    image = _kind_of_image()(source)
    limit = LIMITS["member bytes" if source.data is None else "member bytes in an inner image"]
    walk = _Walk(image, reading, limit)
    try:
        system = _system(image, 0)
        if system is not None:
            yield from walk.system(system, "")
        else:
            yield from _partitions(image, walk)
    finally:
        if image.lost is not None:
            raise image.lost
    if walk.damaged:
        raise NotExamined(Reason.DAMAGED, "a part of the image is damaged")


def _partitions(image: Any, walk: _Walk) -> Iterator[Piece]:
    """The files of each partition, under its number."""
    try:
        volume = pytsk3.Volume_Info(image)
        size = int(volume.info.block_size)
        listed = [(int(one.start), int(one.len)) for one in volume if int(one.flags) == pytsk3.TSK_VS_PART_FLAG_ALLOC]
    except OSError as error:
        raise NotExamined(Reason.UNSUPPORTED, "a disk image without a file system that is known") from error
    for number, (start, length) in enumerate(listed[: LIMITS["partitions"]], 1):
        name = f"partition{number}"
        head = image.read(start * size, _SECTOR)
        if _is_locked(head):
            yield Member(name, None, length * size, NotExamined(Reason.ENCRYPTED, "an encrypted partition"))
        elif (system := _system(image, start * size)) is not None:
            yield from walk.system(system, f"{name}/")
        elif head.strip(b"\0"):
            problem = NotExamined(Reason.UNSUPPORTED, "a partition whose file system is not known")
            yield Member(name, None, length * size, problem)


def _is_locked(head: bytes) -> bool:
    return head.startswith(_LOCKED) or head[3:11] in _LOCKED


def _system(image: Any, offset: int) -> Any:
    """The file system that begins at a place, or None."""
    try:
        return pytsk3.FS_Info(image, offset=offset)
    except OSError:
        return None


@cache
def _kind_of_image() -> type[Any]:
    """What the library reads an image from: made once it is known that the library is there."""

    class Image(pytsk3.Img_Info):  # type: ignore[misc]
        """A source, as the library asks for it. What the medium itself raised is kept in ``lost``."""

        def __init__(self, source: Source) -> None:
            self._stream, self._size = source.stream, source.size
            self.lost: OSError | None = None
            super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

        def read(self, offset: int, count: int) -> bytes:
            """The bytes at a place, zeros beyond the end: the last sector may be cut."""
            if offset < 0 or offset >= self._size:
                return b""
            try:
                self._stream.seek(offset)
                return self._stream.read(count).ljust(min(count, _SECTOR), b"\0")
            except OSError as error:
                self.lost = error
                raise

        def get_size(self) -> int:
            """Bytes of the image."""
            return self._size

    return Image


class _Walk:
    """The way through the folders of one image; every folder is entered once."""

    def __init__(self, image: Any, reading: Reading, limit: int) -> None:
        self._image = image
        self._reading = reading
        self._limit = limit
        self._entries = LIMITS["entries"]
        self._left = min(LIMITS["bytes of all files"], 4 * image.get_size())
        self._seen: set[int] = set()
        self._ntfs = False
        self.damaged = False

    def system(self, system: Any, before: str) -> Iterator[Piece]:
        """All files of one file system, their names after ``before``."""
        self._seen.clear()
        self._ntfs = int(system.info.ftype) == int(pytsk3.TSK_FS_TYPE_NTFS)
        try:
            root = system.open_dir(path="/")
        except OSError as error:
            raise NotExamined(Reason.DAMAGED, "the file system of the image is damaged") from error
        yield from self._folder(root, before, 0)

    def _folder(self, folder: Any, before: str, depth: int) -> Iterator[Piece]:
        entries = iter(folder)
        while True:
            try:
                entry = next(entries)
            except StopIteration:
                return
            except OSError:
                self.damaged = True
                return
            self._entries -= 1
            if self._entries < 0:
                raise NotExamined(Reason.TOO_LARGE, "the image has too many entries")
            yield from self._entry(entry, before, depth)

    def _entry(self, entry: Any, before: str, depth: int) -> Iterator[Piece]:
        name, meta = entry.info.name, entry.info.meta
        if name is None or name.name in (b".", b"..") or int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_UNALLOC):
            return
        if (self._ntfs and int(name.meta_addr) < _OWN_OF_NTFS) or (not depth and name.name in _OWN_OF_EXFAT):
            return
        path = before + name.name.decode("utf-8", "backslashreplace").replace("/", "_")
        if meta is None:
            self.damaged = True
        elif meta.type == pytsk3.TSK_FS_META_TYPE_DIR:
            yield from self._inner_folder(entry, path, int(meta.addr), depth)
        elif meta.type == pytsk3.TSK_FS_META_TYPE_REG:
            yield self._file(entry, path, int(meta.size))
            if self._ntfs:
                yield from self._streams(entry, path)

    def _inner_folder(self, entry: Any, path: str, address: int, depth: int) -> Iterator[Piece]:
        if self._reading.worth(path.encode("utf-8", "replace"), encodings=_UTF8):
            yield Passage(Zone.PATH, path)
        if address in self._seen:
            return
        self._seen.add(address)
        if depth >= LIMITS["folders within one another"]:
            raise NotExamined(Reason.TOO_DEEP, "folders lie too deep in the image")
        try:
            inner = entry.as_directory()
        except OSError:
            self.damaged = True
            return
        yield from self._folder(inner, f"{path}/", depth + 1)

    def _streams(self, entry: Any, path: str) -> Iterator[Member]:
        """What NTFS keeps beside a file under a name of its own."""
        try:
            found = [
                (one.info.name.decode("utf-8", "backslashreplace"), int(one.info.size), int(one.info.id))
                for one in entry
                if one.info.name and one.info.type == pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA
            ]
        except OSError:
            self.damaged = True
            return
        for name, size, number in found:
            yield self._file(entry, f"{path}:{name}", size, int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA), number)

    def _file(self, entry: Any, path: str, size: int, *which: int) -> Member:
        """A file or a stream of one; ``which``: type and number of the stream."""
        try:
            return Member(path, self._content(entry, size, which), size)
        except NotExamined as problem:
            return Member(path, None, size, problem)

    def _content(self, entry: Any, size: int, which: tuple[int, ...]) -> bytes:
        if size > self._limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {self._limit} bytes")
        if size > self._left:
            raise NotExamined(Reason.TOO_LARGE, "more than is read of one image: mount it and scan what is in it")
        self._left -= size
        data = bytearray()
        try:
            while len(data) < size:
                more = entry.read_random(len(data), min(_STEP, size - len(data)), *which)
                if not more:
                    raise NotExamined(Reason.DAMAGED, "the file ends too early")
                data += more
        except OSError as error:
            raise NotExamined(Reason.DAMAGED, "the file cannot be read") from error
        return bytes(data)
