"""What the scanner and its workers say to each other: msgpack structs, each with its length before it.

The worker is not trusted: it reads hostile files. What comes from it is decoded into these types and nothing else.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from protocol.records import Finding, Reason, Verdict
from signatures.labels import LabelMeaning

LENGTH = 4
"""Bytes of the length that stands before every message, big-endian."""

LONGEST = 64 * 1024 * 1024
"""Bytes of the longest message that is believed."""

KEPT = 1024 * 1024
"""Bytes of one file's text above which it is read again rather than kept."""

FILES_AT_ONCE = 64
"""Files in one message at most: the kernel passes no more than 253 descriptors at a time."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The first message to a worker: what it is to do."""

    rules: str | None
    """Directory of rule packs; None for those we ship."""
    keywords: str | None = None
    """File with a list of keywords, if there is one."""
    enable: tuple[str, ...] = ()
    """Packs to use although they are not enabled by themselves."""
    labels: tuple[LabelMeaning, ...] = ()
    """What the organisation's sensitivity labels mean."""
    sound: bool = False
    """Whether packs with a mistake are left out, rather than the scan refused."""
    cache: str | None
    """Directory for compiled databases; None for none."""
    least: int
    """Findings below this confidence are not told."""
    memory: int
    """Bytes of memory that it may take beyond what it has when it starts."""
    digests: bool = True
    """Whether the bytes of files with findings are hashed."""
    pictures: Literal["pass", "tell", "read"] = "pass"
    """What to do with pictures: pass them by, tell which files have some to be read, or read them (OCR)."""
    picture_seconds: float = 60.0
    """Processor time that reading the pictures of one file may take."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The nursery's first word: its rules are loaded, or why not."""

    rules: str = ""
    """Digest of the rules it loaded."""
    mistake: str = ""
    """Not empty where the rules cannot be read: a message for the person who wrote them."""


TEXT, COMMON, ALL, OCR = 0, 1, 2, 3
"""How much the nursery has loaded: what plain text takes; HTML and what tells unknown bytes too; all formats too; OCR
too, in the nursery that is to read pictures and in no other."""


class Hire(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the nursery: fork a worker. Its end of the socket travels beside the message."""

    number: int
    """What it is called from now on; no two in one scan are called the same."""
    loaded: int = ALL
    """How much it is to have loaded: it is forked once the nursery has as much."""


class Load(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the nursery: there are files to read, load more now."""

    loaded: int = ALL
    """How much it is to have loaded then."""


class Fire(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """To the nursery: end a worker at once."""

    number: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """From the nursery: a worker's process has ended."""

    number: int
    code: int
    """Exit status, or the number of the signal below zero."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's first word: it is confined and waits for files."""

    cage: str
    """How far it is confined: ``full``, or ``partial: why`` or ``none: why``."""
    pid: int


class Job(msgspec.Struct, frozen=True, array_like=True):
    """One file to examine. Its descriptor travels beside the message."""

    name: str
    """File name as text; undecodable bytes replaced."""
    folder: str
    """Folders from the start of the walk to the file, joined by ``/``."""
    size: int
    seconds: float
    """What the scanner grants it."""
    modified: float | None = None
    """When it was last changed, in seconds since 1970: the weakest of all issue dates."""
    explain: bool = False
    """Whether to say as well what was read of it."""
    known: bool = False
    """Whether its content is known: then it is read only where its names say something by themselves."""
    keep: bool = False
    """Whether to hand back its text, to be kept (see `agent.scanning.kept_passages`)."""
    kept: bytes = b""
    """Its text as it was kept: then it is read only where something is found in that."""


class Examined(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """How one file or member ended, as the worker tells it: a `FileResult` without the path, which it never learns."""

    verdict: Verdict
    media_type: str
    size: int = 0
    reason: Reason | None = None
    member: str | None = None
    sha256: str | None = None
    findings: tuple[Finding, ...] = ()
    pictures: bool = False
    """Whether it has pictures that nobody looked at, and that are to be read."""
    unread: bool = False
    """With findings: whether it, or a part of it, could not be read, so that they may not be all there is."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What reading one file or member came to; numbers and fixed words, never content."""

    member: str | None
    media_type: str
    format: str
    """Which format read it; empty where none does."""
    verdict: str
    size: int
    seconds: float
    """With all its members."""
    zones: dict[str, tuple[int, int]]
    """Passages and characters that were read from each zone."""
    cut: str = ""
    """Why not all of it was read: the reason and a fixed sentence; empty where all was."""
    limits: dict[str, int] = {}
    """What its format will not go beyond."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What reading one file from disk came to, with all that is inside it."""

    parts: list[Part]
    scanned: float
    """Seconds the scan itself took, which reads only what the sieve finds worth it."""
    read: float
    """Seconds that reading all of it took."""
    expanded: int
    """Bytes that were unpacked."""
    limits: dict[str, int]
    """What one file may cost, with all that is inside it."""


class Reply(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One file's rows, itself first, then its members in order."""

    rows: list[Examined]
    notes: list[str] = []
    """What went wrong inside, in fixed words of ours and names of types: for the log, never content."""
    leaving: bool = False
    """The worker has answered this file and now ends of its own will; another is to take its place."""
    explained: Explained | None = None
    lacking: bool = False
    """Not answered: the file needs what this worker does not have, and is to be handed to one that has."""
    content: str = ""
    """Where a row has pictures: what stands for the file's content, so that it need not be read twice."""
    named: bool = False
    """Whether the names of the file and its folders say something by themselves: then the rows hold for no other."""
    known: bool = False
    """Not read: its content is known, and its names say nothing."""
    kept: bytes = b""
    """Its text, where that is to be kept."""


_encoder = msgspec.msgpack.Encoder()


def framed(message: object) -> bytes:
    """A message with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH, "big") + body
