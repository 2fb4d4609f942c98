"""Archives that libarchive reads: 7z, rar, cab, iso, lha, cpio, xar, ar; every file is handed on, to be read."""

from __future__ import annotations

import io
from collections.abc import Iterator

from agent.scanning.formats import rar5, zipnames
from agent.scanning.formats.archive_library import Archive, Entry
from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason
from signatures.passages import Passage, Zone

NAME = "archive"
MEDIA_TYPES = (
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/vnd.ms-cab-compressed",
    "application/x-iso9660-image",
    "application/x-lha",
    "application/x-cpio",
    "application/x-xar",
    "application/x-archive",
)
LIMITS = {"member bytes": 128 * MiB, "member bytes in an inner archive": 64 * MiB, "entries": 100_000}
LIMITATIONS = (
    "Needs libarchive (Debian: libarchive13); without it these archives are told as unsupported.",
    "Members behind a password, archives in several volumes, and UDF images are not read.",
    "Solid archives of RAR before version 5 and 7z methods that libarchive does not know are not read.",
)
_UTF8 = frozenset({"utf-8"})


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield a `Member` for each file and a passage for each folder's name that may matter.

    A member that cannot be had comes without bytes and with its problem. Raises `NotExamined` where the archive
    breaks off, is encrypted as a whole, or where libarchive is not installed.
    """
    inner = isinstance(source.stream, io.BytesIO)
    limit = LIMITS["member bytes in an inner archive" if inner else "member bytes"]
    locked = set(rar5.encrypted_files(source))
    number = -1
    with Archive(source) as archive:
        for number, entry in enumerate(archive.entries()):
            entry.encrypted |= number in locked
            if number >= LIMITS["entries"]:
                raise NotExamined(Reason.TOO_LARGE, "the archive has too many entries")
            name = (zipnames.decoded(entry.name) if isinstance(entry.name, bytes) else _whole(entry.name)).strip("/")
            if entry.is_file:
                yield _member(archive, entry, name, source, reading, limit)
            elif name and reading.worth(name.encode("utf-8", "replace"), encodings=_UTF8):
                yield Passage(Zone.PATH, name)
    if number < 0 and source.head(4) == b"Rar!":
        # The library ends without a word where the first header is cut off; no program writes an empty one.
        raise NotExamined(Reason.DAMAGED, "no file could be found in the archive")


def _whole(name: str) -> str:
    """The name without halves of characters, which no encoder would take."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _member(archive: Archive, entry: Entry, name: str, source: Source, reading: Reading, limit: int) -> Member:
    try:
        if entry.encrypted:
            raise NotExamined(Reason.ENCRYPTED, "a password is needed")
        if entry.size > limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
        data = bytearray()
        for chunk in archive.chunks():
            reading.budget.spend(len(chunk))
            data += chunk
            if len(data) > MiB and len(data) > reading.budget.ratio * source.size:
                raise NotExamined(Reason.BOMB, "it unpacks to many times its size")
            if len(data) > limit:
                raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
    except NotExamined as problem:
        return Member(name, None, entry.size, problem)
    return Member(name, bytes(data), len(data))
