"""Zip and what is built on it without being a document: every member is handed on, to be read in turn."""

from __future__ import annotations

import io
from collections.abc import Iterator

from deflate import crc32

from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from agent.scanning.formats.charset import decode, rank
from agent.scanning.formats.zipdir import MOST_ENTRIES, ZipDirectory
from agent.scanning.formats.zipentry import Entry
from protocol.records import Place, Reason
from signatures.passages import Passage, Zone

NAME = "zip"
MEDIA_TYPES = ("application/zip", "application/java-archive")
LIMITS = {
    "member bytes": 128 * MiB,
    "member bytes in an inner zip": 64 * MiB,
    "entries": MOST_ENTRIES,
}
_UTF8 = frozenset({"utf-8"})
_COMMENTED = frozenset({"utf-8", "gb18030", "big5", "ent"})
LIMITATIONS = (
    "Members behind a password, by PPMd or implode, and those in other parts of a split zip are not read.",
    "Members that the directory does not list are read only where the directory itself is lost.",
)


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield a `Member` for each file in the zip and a passage for each folder's name that may matter.

    A member that cannot be had (password, method, size, bomb, damage) comes without bytes and with its problem.
    Raises `NotExamined` ``damaged`` at the end where the directory or the bytes of some member were broken.
    """
    directory = ZipDirectory(source)
    # Inner zips are held in memory together with all that hold them.
    inner = isinstance(source.stream, io.BytesIO)
    limit = LIMITS["member bytes in an inner zip" if inner else "member bytes"]
    seen: set[tuple[int, bytes]] = set()
    for entry in directory.entries:
        if (entry.offset, entry.raw) in seen:
            continue
        seen.add((entry.offset, entry.raw))
        if entry.is_folder:
            name = entry.name.rstrip("/")
            if reading.worth(name.encode("utf-8", "replace"), encodings=_UTF8):
                yield Passage(Zone.PATH, name)
        else:
            yield _member(directory, entry, reading, limit)
    for comment in directory.comments:
        if reading.worth(comment, encodings=_COMMENTED):
            yield Passage(Zone.BODY, decode(comment, rank(comment)[0]), Place(part="comment"))
    if directory.problem is not None:
        raise directory.problem
    if not directory.entries and source.size > 22:
        raise NotExamined(Reason.DAMAGED, "no member could be found in the zip")


def _member(directory: ZipDirectory, entry: Entry, reading: Reading, limit: int) -> Member:
    try:
        if entry.offset in directory.overlapping:
            raise NotExamined(Reason.BOMB, "its bytes run into those of another member")
        data = bytes(directory.read(entry, reading.budget, limit))
    except NotExamined as problem:
        return Member(entry.name, None, max(entry.size, 0), problem)
    if entry.size >= 0 and entry.crc and crc32(data) != entry.crc:
        directory.mark_damaged("the checksum of a member is wrong")
    return Member(entry.name, data, len(data))
