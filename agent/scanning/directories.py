"""Names in the directory of a zip or of an OLE file: what kind of document such a file is.

Only what `identify` needs: nothing is unpacked, damage is tolerated, and reading stops early.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from agent.scanning.formats.base import Source
from agent.scanning.media_types import Kind

_TAIL = 22 + 65_535
_MOST_DIRECTORY = 1024 * 1024
_MOST_SECTORS = 256

_OOXML = "application/vnd.openxmlformats-officedocument."
_OOXML_MAINS = (
    (b"word/", f"{_OOXML}wordprocessingml.document"),
    (b"xl/", f"{_OOXML}spreadsheetml.sheet"),
    (b"ppt/", f"{_OOXML}presentationml.presentation"),
    (b"visio/", "application/vnd.ms-visio.drawing"),
    (b"documents/1/", "application/vnd.ms-xpsdocument"),
    (b"documents/", "application/vnd.ms-xpsdocument"),
)
_TELLING = re.compile(
    rb"\[content_types\]|ofd\.xml|uof\.xml|encryptions\.xml|mimetype|meta-inf/|\.iwa|index\.xml|fixeddoc|\.fdseq|androidmanifest",
    re.IGNORECASE,
)
_MIMETYPE = re.compile(rb"[a-z]+/[A-Za-z0-9.+-]+")

Found = tuple[str, Kind]
ZIP: Found = ("application/zip", Kind.CONTAINER)


def zip_kind(source: Source, head: bytes) -> Found:
    """What a file that starts like a zip is, by the names in its directory, else by the names in its head."""
    directory = _central_directory(source)
    if directory and not _TELLING.search(directory):
        return ZIP
    if directory and (office := _ooxml_at_a_glance(directory)):
        return office
    names = {name.lower() for name in _central_names(directory)} if directory else set()
    if not names:
        names = {name.lower() for name in _local_names(head)}
    return _kind_of_names(names, head)


def ends_as_zip(source: Source) -> bool:
    """Whether a zip ends this file: a program that unpacks itself, or an archive hidden behind a picture."""
    source.stream.seek(max(0, source.size - 1024))
    tail = source.stream.read(1024)
    source.stream.seek(0)
    return b"PK\x05\x06" in tail and bool(_central_directory(source))


def _kind_of_names(names: set[bytes], head: bytes) -> Found:
    if b"ofd.xml" in names or b"encryptions.xml" in names:  # GM/T 0099-2020: the entry itself may be encrypted
        return "application/ofd", Kind.DOCUMENT
    if b"uof.xml" in names:
        return "application/vnd.uof", Kind.DOCUMENT
    if b"mimetype" in names and (said := _mimetype(head)):
        return said, Kind.DOCUMENT
    if b"[content_types].xml" in names:
        return _kind_of_ooxml(names)
    if b"meta-inf/container.xml" in names:
        return "application/epub+zip", Kind.DOCUMENT
    if b"meta-inf/manifest.xml" in names and b"content.xml" in names and b"styles.xml" in names:
        return "application/vnd.oasis.opendocument.text", Kind.DOCUMENT
    if b"buildversionhistory.plist" in names or any(name.endswith(b".iwa") for name in names):
        return "application/vnd.apple.iwork", Kind.DOCUMENT
    if any(b".fdseq" in name for name in names):  # or a piece of it
        return "application/vnd.ms-xpsdocument", Kind.DOCUMENT
    if b"meta-inf/manifest.mf" in names:
        return "application/java-archive", Kind.CONTAINER
    return ZIP


def _kind_of_ooxml(names: set[bytes]) -> Found:
    if b"xl/workbook.bin" in names:
        return "application/vnd.ms-excel.sheet.binary.macroEnabled.12", Kind.DOCUMENT
    for folder, media_type in _OOXML_MAINS:
        if any(name.startswith(folder) for name in names):
            return media_type, Kind.DOCUMENT
    return ZIP


_NOT_AT_A_GLANCE = (
    *(b"ofd.xml", b"mimetype", b"workbook.bin"),
    *(folder.replace(b"/", b"\\") for folder, _ in _OOXML_MAINS),
)
"""What leaves a doubt; a backslash alone does not, which may be one of the bytes of a checksum."""


def _ooxml_at_a_glance(directory: bytes) -> Found | None:
    """The kind of an ordinary Office Open XML file, without taking its directory apart; None in any doubt."""
    low = directory.lower()
    if any(doubt in low for doubt in _NOT_AT_A_GLANCE) or not _begins_a_name(low, b"[content_types].xml"):
        return None
    return next(
        ((media_type, Kind.DOCUMENT) for folder, media_type in _OOXML_MAINS if _begins_a_name(low, folder)), None
    )


def _begins_a_name(directory: bytes, beginning: bytes) -> bool:
    """Whether a name in a directory in small letters begins so: then the head of its record stands before it."""
    at = directory.find(beginning)
    while at >= 0:
        if directory.startswith(b"pk\x01\x02", at - 46 if at >= 46 else 0):
            return True
        at = directory.find(beginning, at + 1)
    return False


def _mimetype(head: bytes) -> str | None:
    """The ``mimetype`` member that OpenDocument and EPUB files keep stored as their first."""
    if head[30:38] != b"mimetype" or len(head) < 60:
        return None
    extra = int.from_bytes(head[28:30], "little")
    size = int.from_bytes(head[22:26], "little")
    start = 38 + extra
    said = _MIMETYPE.match(head, start, start + size if 0 < size < 200 else len(head))
    if said is None:
        return None
    # Without a size in the local header the next record follows at once: its "PK" is no part of the type.
    return said.group().split(b"PK")[0].decode("ascii")


def _central_directory(source: Source) -> bytes:
    tail_start = max(0, source.size - _TAIL)
    # Most files have no comment: one short read finds the end record.
    for start in (max(0, source.size - 1024), tail_start):
        source.stream.seek(start)
        tail = source.stream.read(source.size - start)
        at = tail.rfind(b"PK\x05\x06")
        if at >= 0 and len(tail) >= at + 22:
            break
        if start == tail_start:
            return b""
    size, offset = struct.unpack_from("<II", tail, at + 12)
    end = start + at
    begin = offset if size == 0xFFFFFFFF or offset == 0xFFFFFFFF else end - size
    if begin < 0 or begin >= end:
        begin = max(0, end - _MOST_DIRECTORY)
    source.stream.seek(begin)
    directory = source.stream.read(min(end - begin, _MOST_DIRECTORY))
    first = directory.find(b"PK\x01\x02")
    return directory[first:] if first >= 0 else b""


def _central_names(directory: bytes) -> Iterator[bytes]:
    at = 0
    while directory[at : at + 4] == b"PK\x01\x02" and at + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        yield directory[at + 46 : at + 46 + name].replace(b"\\", b"/").lstrip(b"/")
        at += 46 + name + extra + comment


def _local_names(head: bytes) -> Iterator[bytes]:
    at = head.find(b"PK\x03\x04")
    while at >= 0 and at + 30 <= len(head):
        size = int.from_bytes(head[at + 26 : at + 28], "little")
        yield head[at + 30 : at + 30 + size].replace(b"\\", b"/").lstrip(b"/")
        at = head.find(b"PK\x03\x04", at + 30)


def ole_kind(source: Source, head: bytes) -> Found:
    """What an OLE compound file is, by the names at the root of its directory."""
    names = _ole_names(source, head)
    for name, found in _OLE_NAMES:
        if name in names:
            return found
    if any(name.startswith(("__substg1.0_", "__properties_version", "__nameid_version")) for name in names):
        return "application/vnd.ms-outlook", Kind.DOCUMENT
    # Installers and thumbnails keep no document; their names are none a person would read.
    if names and not any(name.isascii() and name.strip("\x05\x01").replace(" ", "").isalnum() for name in names):
        return "application/x-msi", Kind.BINARY
    return "application/x-ole-storage", Kind.DOCUMENT


_OLE_NAMES: tuple[tuple[str, Found], ...] = (
    ("EncryptedPackage", ("application/x-ole-encrypted-package", Kind.DOCUMENT)),
    ("FileHeader", ("application/x-hwp", Kind.DOCUMENT)),
    ("Quill", ("application/vnd.ms-publisher", Kind.DOCUMENT)),
    ("WordDocument", ("application/msword", Kind.DOCUMENT)),
    ("Workbook", ("application/vnd.ms-excel", Kind.DOCUMENT)),
    ("Book", ("application/vnd.ms-excel", Kind.DOCUMENT)),
    ("PowerPoint Document", ("application/vnd.ms-powerpoint", Kind.DOCUMENT)),
    ("PP40", ("application/vnd.ms-powerpoint", Kind.DOCUMENT)),
    ("PP97_DUALSTORAGE", ("application/vnd.ms-powerpoint", Kind.DOCUMENT)),
    ("VisioDocument", ("application/vnd.visio", Kind.DOCUMENT)),
    ("Props9", ("application/vnd.ms-project", Kind.DOCUMENT)),
    ("Props12", ("application/vnd.ms-project", Kind.DOCUMENT)),
    ("MatOST", ("application/vnd.ms-works", Kind.DOCUMENT)),
    ("WksSSWorkBook", ("application/vnd.ms-works", Kind.DOCUMENT)),
    ("Catalog", ("application/x-thumbs-db", Kind.BINARY)),
)


def _ole_names(source: Source, head: bytes) -> set[str]:
    """Names of the streams and folders at the root; all names where the tree is broken."""
    entries: list[tuple[str, int, int, int]] = []
    for block in _ole_directory(source, head):
        for at in range(0, len(block) - 127, 128):
            raw = block[at : at + 128]
            length = int.from_bytes(raw[64:66], "little")
            name = raw[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace") if raw[66] else ""
            entries.append((name, *struct.unpack_from("<iii", raw, 68)))
    names: set[str] = set()
    if not entries:
        return names
    waiting, seen = [entries[0][3]], set[int]()
    while waiting:
        index = waiting.pop()
        if index in seen or not 0 <= index < len(entries):
            continue
        seen.add(index)
        name, left, right, _child = entries[index]
        names.add(name)
        waiting += (left, right)
    return names - {""} or {name for name, *_rest in entries[1:]} - {""}


def _ole_directory(source: Source, head: bytes) -> Iterator[bytes]:
    """The sectors of the directory, in order, as far as the chain holds."""
    if len(head) < 512:
        return
    shift = int.from_bytes(head[30:32], "little")
    if shift not in (9, 12):
        return
    size = 1 << shift
    tables = _ole_tables(source, head, shift)
    sector = int.from_bytes(head[48:52], "little")
    seen: set[int] = set()
    while sector < 0xFFFFFFFA and sector not in seen and len(seen) < _MOST_SECTORS:
        seen.add(sector)
        source.stream.seek((sector + 1) << shift)
        block = source.stream.read(size)
        if not block:
            return
        yield block
        table, slot = divmod(sector, size // 4)
        if table >= len(tables) or tables[table] >= 0xFFFFFFFA:
            return
        source.stream.seek(((tables[table] + 1) << shift) + slot * 4)
        link = source.stream.read(4)
        if len(link) < 4:
            return
        sector = int.from_bytes(link, "little")


def _ole_tables(source: Source, head: bytes, shift: int) -> list[int]:
    """Sectors of the allocation table: 109 named in the head, those of files above 7 MB in a chain after it."""
    tables = list(struct.unpack_from("<109I", head, 76))
    sector = int.from_bytes(head[68:72], "little")
    count = (1 << shift) // 4
    for _ in range(_MOST_SECTORS):
        if sector >= 0xFFFFFFFA:
            break
        source.stream.seek((sector + 1) << shift)
        block = source.stream.read(1 << shift)
        if len(block) < 1 << shift:
            break
        *more, sector = struct.unpack(f"<{count}I", block)
        tables += more
    return tables
