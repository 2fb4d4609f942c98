"""One member of a zip, as its directory (or, where that is lost, its local header) tells it."""

from __future__ import annotations

import msgspec

from agent.scanning.formats import zipnames


class Entry(msgspec.Struct, eq=False, gc=False):
    """One member as the directory tells it. ``size`` is -1 where only unpacking can tell."""

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    disk: int
    extra: bytes

    @property
    def name(self) -> str:
        """The name as text, with ``/`` between folders."""
        name = zipnames.decoded(self.raw, self.flags, self.extra)
        return name.replace("\\", "/") if "/" not in name else name

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder, which has no bytes of its own."""
        return self.raw.endswith((b"/", b"\\")) and self.size <= 0

    @property
    def encrypted(self) -> bool:
        """Whether a password stands before the bytes."""
        return bool(self.flags & 0x2041)
