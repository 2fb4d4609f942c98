"""What a format is: one module with NAME, MEDIA_TYPES, LIMITS, LIMITATIONS and one generator of pieces.

A format module defines::

    NAME = "docx"                                   # one word, as in the docs
    MEDIA_TYPES = ("application/vnd…",)             # what `identify` may say that leads here
    LIMITS = {"part bytes": 64 * MiB}               # what it will not go beyond, by name
    LIMITATIONS = ("charts are not read",)          # what a reader of the docs must know
    def pieces(source: Source, reading: Reading) -> Iterator[Piece]: ...

``pieces`` yields `Passage`s (text with its zone), `Member`s (a file inside, to be identified and read in turn) and
`Picture`s (what only OCR can read).
It raises `NotExamined` when the text cannot be reached at all; yields what can be read and raises at the end
when only a part could be. It never opens a path, never starts a process, never writes.

Speed comes from `Reading.worth`: parsing is dear, the sieve is cheap. A format first offers the raw or
tag-stripped bytes of its parts to ``reading.worth(...)`` and takes the slow, exact road only where a literal of
some rule is in them. The sieve never misses what the grammar would find (tests hold it to that).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Protocol, runtime_checkable

import msgspec

from agent.scanning.formats.known_parts import KnownParts
from protocol.records import Reason
from signatures.engine import Sieve, TalkSieve
from signatures.passages import Passage, Zone

MiB = 1024 * 1024


class NotExamined(Exception):
    """The text of this file, or of the rest of it, cannot be reached. ``detail`` is a fixed sentence of ours."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class Source:
    """The bytes of one file or member. Seekable; nothing but bytes and size, never a path."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream: IO[bytes] | None = stream
        self.size = size
        self.data: bytes | None = None
        """All the bytes, where they are in memory already."""

    @classmethod
    def of(cls, data: bytes) -> Source:
        """A source that is in memory already."""
        source = cls.__new__(cls)
        source._stream, source.size, source.data = None, len(data), data
        return source

    @property
    def stream(self) -> IO[bytes]:
        """To be read from and sought in."""
        if self._stream is None:
            self._stream = io.BytesIO(self.data or b"")
        return self._stream

    def head(self, count: int = 4096) -> bytes:
        """The first ``count`` bytes, leaving the stream at its start."""
        if self.data is not None:
            return self.data[:count]
        self.stream.seek(0)
        data = self.stream.read(count)
        self.stream.seek(0)
        return data

    def read(self, limit: int) -> bytes:
        """All bytes. Raises `NotExamined` ``too-large`` where there are more than ``limit``."""
        if self.size > limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
        if self.data is not None:
            return self.data
        self.stream.seek(0)
        data = self.stream.read(limit + 1)
        if len(data) > limit:
            raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
        return data


class Member(msgspec.Struct, frozen=True):
    """A file inside a container. ``data`` is None where it could not be had; then ``problem`` says why."""

    name: str
    data: bytes | None
    size: int
    problem: NotExamined | None = None


class Drawn(msgspec.Struct, frozen=True):
    """A page that was drawn: rows of blue, green and red bytes, each row ``stride`` bytes long."""

    width: int
    height: int
    stride: int
    data: bytes


class Picture(msgspec.Struct, frozen=True):
    """What is to be seen rather than read. Only a worker with OCR looks at it; to all others it is nothing.

    ``load`` gives the bytes of its file, or pixels, and may raise `NotExamined`. It costs, and holds only until the
    next piece is asked for.
    """

    load: Callable[[], bytes | Drawn]
    page: int = 1
    """Which page of the document it is, or stands on; a file of several pages goes on counting from here."""
    zone: Zone | None = None
    """Where what it says stands; None where it is a page, of which each line has a zone of its own."""


class OnlyPictures(NotExamined):
    """What could be read is not all: there are pictures that hold the rest. Nothing where somebody looked at them."""

    def __init__(self, detail: str = "pages are pictures") -> None:
        super().__init__(Reason.UNSUPPORTED, detail)


Piece = Passage | Member | Picture


class Budget(msgspec.Struct):
    """What one file from disk, with all that is inside it, may cost. Shared by all its members."""

    expanded: int = 512 * MiB
    """Bytes that may still be unpacked; a `bomb` after that."""
    ratio: int = 200
    """Expanded over packed, for members above 1 MiB expanded, above which a member is taken for a bomb."""
    members: int = 20_000
    """Members that may still be opened; `too-large` after that."""
    depth: int = 16
    """Containers that may still be entered; `too-deep` after that."""

    def spend(self, expanded: int) -> None:
        """Take ``expanded`` bytes. Raises `NotExamined` ``bomb`` when there are not so many left."""
        if expanded > self.expanded:
            raise NotExamined(Reason.BOMB, "the file unpacks to more than is allowed")
        self.expanded -= expanded


class Reading(msgspec.Struct):
    """What a format may use while it reads: the sieve, the budget, and a place to leave remarks."""

    sieve: Sieve
    budget: Budget = msgspec.field(default_factory=Budget)
    talk: frozenset[bytes] = frozenset()
    """Literals, as bytes, that running text may hold hundreds of and that no rule looks for in the midst of it."""
    quiet: TalkSieve | None = None
    """The sieve again, where it can pass over these."""
    labels: bool = False
    """Whether the organisation has said what its sensitivity labels mean: then they count without any literal."""
    name: str = ""
    """The last part of the file's name, for what is called after it; empty where nobody said."""
    known: KnownParts | None = None
    """Parts that hold nothing, as the files before this one have shown; see `known_parts`."""

    def named(self, name: str) -> Reading:
        """The same for a file of this name."""
        return Reading(self.sieve, self.budget, self.talk, self.quiet, self.labels, name, self.known)

    @property
    def known_parts(self) -> KnownParts | None:
        """Parts that hold nothing for this very sieve: whoever reads with another must see all of them."""
        return self.known if self.known is not None and self.known.sieve is self.sieve else None

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        """Whether these bytes deserve the slow, exact road."""
        return self.sieve.worth(data, encodings=encodings)


@runtime_checkable
class Format(Protocol):
    """The shape of a format module."""

    NAME: str
    MEDIA_TYPES: tuple[str, ...]
    LIMITS: dict[str, int]
    LIMITATIONS: tuple[str, ...]

    def pieces(self, source: Source, reading: Reading) -> Iterator[Piece]:
        """Yield what is inside, passage by passage, member by member."""
        ...
