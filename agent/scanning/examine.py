"""Examining one file, inside a worker: identify it, read its names and pieces, ask the grammar, go into its members.

Whatever a file does to the code that reads it ends in a row: this is where that is made sure of.
"""

from __future__ import annotations

import errno
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from agent.scanning import disguises
from agent.scanning.at_work import GRAMMAR, AtWork
from agent.scanning.formats import FORMATS, format_for, pictures_in
from agent.scanning.formats.base import (
    Budget,
    Format,
    Member,
    NotExamined,
    OnlyPictures,
    Picture,
    Piece,
    Reading,
    Source,
)
from agent.scanning.formats.known_parts import KnownParts
from agent.scanning.identify import Identity, Kind, identify
from agent.scanning.seeing import Eyes, Judge, Sight
from agent.scanning.talk import in_bytes
from agent.scanning.wire import Examined, Reply
from protocol.records import Finding, Reason, Verdict
from signatures.engine import LiteralSieve, Sieve
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.markings.combine import Row, combine
from signatures.passages import Passage, Zone

ENCRYPTED = frozenset(
    {
        "application/pgp-encrypted",
        "application/x-microsoft-rpmsg-message",
        "application/x-transparently-encrypted",
    }
)
"""Media types that are nothing but an encryption's wrapping."""

LONGEST_TEXT = 32_000_000
"""Characters of one file's passages that are held at once; `too-large` after that, with what was read judged."""

_DEVICE_ERRORS = frozenset(
    {errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOMEDIUM, errno.ETIMEDOUT, errno.EACCES, errno.EISDIR}
)
"""What reading says when the medium was pulled or is failing; any other OSError comes from a parser."""

LETTERS = frozenset({"message/rfc822", "application/vnd.ms-outlook", "application/vnd.ms-tnef"})
"""Media types to which files are attached rather than put together in them."""

_UTF8 = frozenset({"utf-8"})
_MOST_DAYS = 700_000
"""Days on either side of 1970 that every calendar has."""
_UNSET = 1980
"""The year at which clocks that were never set begin, or one after it."""


class Examiner:
    """Examines files one after another; of none it holds more than a hash of parts that many share."""

    eyes: Eyes | None = None
    """What reads pictures, where this process can."""
    at_work: AtWork | None = None
    """Where to tell which formats begin to read, for those who see how it ends."""

    def __init__(
        self,
        sieve: Sieve,
        grammar: Judge,
        *,
        least: int = 45,
        labels: bool = False,
        tell_pictures: bool = False,
        digests: bool = True,
    ) -> None:
        """``labels``: see `Reading`. ``tell_pictures``: say of which files there are pictures to be read.

        ``digests``: hash the bytes of what has findings.
        """
        self._sieve = sieve
        self.grammar = grammar
        self.least = least
        self._quiet = sieve if isinstance(sieve, LiteralSieve) and sieve.talk else None
        self._talk = in_bytes(self._quiet.talk) if self._quiet else frozenset()
        self._labels = labels
        self._tell_pictures = tell_pictures
        self._digests = digests
        self._known = KnownParts(sieve)
        self._folder: tuple[str, list[Passage]] = ("", [])
        self._silent: frozenset[str] = frozenset()
        """Names that are known to say nothing."""

    def examine(
        self,
        source: Source,
        name: str,
        folder: str = "",
        budget: Budget | None = None,
        about: Circumstances = UNKNOWN,
        keep: Callable[[Judge, int, Reading], KeepingExamination] | None = None,
    ) -> Reply:
        """One file from disk: its own row first, then one for each member, in order. Never raises an `Exception`.

        ``about`` is what is known of the file from outside; nothing of it is said of its members, which are older.
        ``keep`` makes an examination that holds on to what it reads.
        """
        around = self.around(name, folder)
        named = bool(around)  # what is read will be added to them
        reading = self.reading(budget or Budget())
        keeping = keep(self.grammar, self.least, reading) if keep is not None else None
        examination = keeping or Examination(self.grammar, self.least, reading)
        if self.eyes is not None:
            self.eyes.begin()
        examination.eyes, examination.tell_pictures = self.eyes, self._tell_pictures
        examination.at_work, examination.digests = self.at_work, self._digests
        examination.file(source, name, around, None, 0, about)
        rows = examination.rows if len(examination.rows) == 1 else _together(examination.rows)
        content = _content(source, name, around) if any(row.pictures for row in rows) else ""
        kept = keeping.kept() if keeping is not None else b""
        return Reply(rows, examination.notes, examination.out_of_memory, content=content, named=named, kept=kept)

    def around(self, name: str, folder: str) -> list[Passage]:
        """What the names of a file and of its folders say, as far as it is worth the grammar's time."""
        if folder != self._folder[0]:
            self._folder = (folder, self._named(folder.split("/"), Zone.PATH))
        own = [] if name in self._silent else self._named([name], Zone.FILENAME)
        return own + self._folder[1]

    def foresee(self, names: Sequence[str]) -> None:
        """Look at the names of files that are to come in one pass: most often none of them says anything."""
        told = "\n".join(shown for name in names for shown in disguises.shown(name))
        worth = self._sieve.worth(told.encode("utf-8", "replace"), encodings=_UTF8)
        self._silent = frozenset() if worth else frozenset(names)

    def reading(self, budget: Budget) -> Reading:
        """What formats are given to read a file with."""
        return Reading(self._sieve, budget, self._talk, self._quiet, self._labels, known=self._known)

    def _named(self, names: list[str], zone: Zone) -> list[Passage]:
        return _named(self._sieve, names, zone)


def _named(sieve: Sieve, names: list[str], zone: Zone) -> list[Passage]:
    """Names as passages, as far as they are worth the grammar's time."""
    return [
        Passage(zone, name)
        for written in names
        for name in disguises.shown(written)
        if name and sieve.worth(name.encode("utf-8", "replace"), encodings=_UTF8)
    ]


class Examination:
    """One file from disk with all that is in it: shared budget, rows in order, notes for the log."""

    def __init__(self, grammar: Judge, least: int, reading: Reading) -> None:
        self.sieve = reading.sieve
        self.reading = reading
        self.grammar = grammar
        self.least = least
        self.budget = reading.budget
        self.rows: list[Examined] = []
        self.notes: list[str] = []
        self.out_of_memory = False
        self.eyes: Eyes | None = None
        self.at_work: AtWork | None = None
        self.tell_pictures = False
        self.digests = True

    def file(
        self,
        source: Source,
        name: str,
        passages: list[Passage],
        member: str | None,
        depth: int,
        about: Circumstances = UNKNOWN,
    ) -> None:
        """Examine one file or member and all that it holds; adds their rows."""
        place = len(self.rows)
        self.rows.append(Examined(Verdict.CLEAN, "application/octet-stream", source.size, member=member))
        identity = Identity("application/octet-stream", Kind.BINARY)
        reason: Reason | None = None
        sight = Sight(self.eyes, self.sieve, self.grammar, passages)
        try:
            identity = identify(source, name)
            self._read(identity, source, name, passages, sight, member, depth)
        except Exception as error:  # noqa: BLE001 — see _fate: no file may end the scan, whatever its reader raises
            reason = self._fate(error, identity)
        findings: tuple[Finding, ...] = ()
        try:
            if passages:
                self._begin(GRAMMAR)
                findings = self.grammar.find(passages, least=self.least, about=about)
        except Exception as error:  # noqa: BLE001 — the same for the grammar
            reason = self._fate(error, identity)
        verdict = Verdict.FINDING if findings else Verdict.NOT_EXAMINED if reason else Verdict.CLEAN
        self.rows[place] = Examined(
            verdict=verdict,
            media_type=identity.media_type,
            size=source.size,
            reason=reason if verdict is Verdict.NOT_EXAMINED else None,
            member=member,
            sha256=_digest(source) if findings and self.digests else None,
            findings=findings,
            pictures=self.tell_pictures and sight.missed > 0,
            unread=reason is not None and bool(findings),
        )

    def _read(
        self,
        identity: Identity,
        source: Source,
        name: str,
        passages: list[Passage],
        sight: Sight,
        member: str | None,
        depth: int,
    ) -> None:
        """Read the pieces of one file: passages are added to ``passages``, members examined, pictures seen at once."""
        rest: OnlyPictures | None = None
        room = LONGEST_TEXT
        hidden = disguises.behind(source, identity.media_type)
        if hidden is not None:
            self.budget.spend(len(hidden.data or b""))
            self._member(hidden, member, depth)
        try:
            for piece in self._pieces(identity, source, name, depth):
                if isinstance(piece, Member):
                    self._member(piece, member, depth)
                elif isinstance(piece, Picture):
                    sight.meet(piece)
                else:
                    passages.append(piece)
                    room -= len(piece.text)
                    if room < 0:
                        raise NotExamined(Reason.TOO_LARGE, "more text than is held at once")
        except OnlyPictures as problem:
            rest = problem
        if self.eyes is not None or self.tell_pictures:
            for picture in pictures_in(identity.media_type, source):
                sight.meet(picture)
        sight.finish(rest)

    def _pieces(self, identity: Identity, source: Source, name: str, depth: int) -> Iterator[Piece]:
        if identity.kind is Kind.EMPTY or (identity.kind is Kind.BINARY and identity.media_type not in FORMATS):
            return iter(())  # a program, a font, nothing at all: only its name is looked at
        if identity.media_type in ENCRYPTED:
            raise NotExamined(Reason.ENCRYPTED)
        reader: Format | None = format_for(identity.media_type)
        if reader is None:
            raise NotExamined(Reason.UNSUPPORTED)
        if depth >= self.budget.depth:
            raise NotExamined(Reason.TOO_DEEP, f"nested more than {self.budget.depth} deep")
        self._begin(FORMATS[identity.media_type])
        return reader.pieces(source, self.reading.named(name))

    def _begin(self, name: str) -> None:
        if self.at_work is not None:
            self.at_work.begin(name)

    def _member(self, piece: Member, outer: str | None, depth: int) -> None:
        """Examine a file inside: by its name alone where its bytes could not be had."""
        if self.budget.members <= 0:
            raise NotExamined(Reason.TOO_LARGE, "more members than are opened")
        self.budget.members -= 1
        name = piece.name.encode("utf-8", "backslashreplace").decode("utf-8")
        member = name if outer is None else f"{outer}!{name}"
        *folders, last = name.replace("\\", "/").split("/")
        around = _named(self.sieve, [last], Zone.ARCHIVE_MEMBER) + _named(self.sieve, folders, Zone.PATH)
        if piece.data is not None:
            self.file(Source.of(piece.data), last, around, member, depth + 1)
            return
        findings = self.grammar.find(around, least=self.least) if around else ()
        self.rows.append(
            Examined(
                verdict=Verdict.FINDING if findings else Verdict.NOT_EXAMINED,
                media_type="application/octet-stream",
                size=piece.size,
                reason=None if findings else piece.problem.reason if piece.problem else Reason.DAMAGED,
                member=member,
                findings=findings,
                unread=bool(findings),
            )
        )

    def _fate(self, error: Exception, identity: Identity) -> Reason:
        """The reason for what a reader raised.

        A reader raises `NotExamined` for what it knows; everything else is a mistake of ours or of a library, met
        by a file that nobody foresaw. That costs this file its verdict and is noted with the names of the error's
        type and of the media type, never with its message, which may hold content.
        """
        if isinstance(error, NotExamined):
            return error.reason
        if isinstance(error, MemoryError):
            self.out_of_memory = True
            return Reason.TOO_LARGE
        if isinstance(error, OSError) and error.errno in _DEVICE_ERRORS:
            return Reason.UNREADABLE
        self.notes.append(f"{type(error).__name__} in {identity.media_type}")
        return Reason.CRASHED


class KeepingExamination(Examination, ABC):
    """One that holds on to what it reads (see `agent.scanning.rematch`)."""

    @abstractmethod
    def kept(self) -> bytes:
        """What may be kept of the file, to be understood by whoever made this; nothing where none may."""


def _content(source: Source, name: str, around: list[Passage]) -> str:
    """What stands for a file's content, and for what its names say; empty where its bytes cannot be had again."""
    digest = _digest(source)
    names = "".join(f"{passage.zone}\0{passage.text}\0" for passage in around)
    said = f"{digest}\0{name.rpartition('.')[2].lower()}\0{names}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest() if digest else ""


def about_file(modified: float | None) -> Circumstances:
    """What the time of a file's last change, in seconds since 1970, says of its document.

    Nothing, where no calendar has it or the medium's clock stood at its beginning.
    """
    if modified is None or not -_MOST_DAYS < modified / 86400 < _MOST_DAYS:
        return UNKNOWN
    return _about_day(int(modified // 86400))


@lru_cache(maxsize=4096)
def _about_day(day: int) -> Circumstances:
    """The same for a day since 1970: files of one folder share a few."""
    date = datetime.fromtimestamp(day * 86400, UTC).date()
    return UNKNOWN if date.year <= _UNSET else Circumstances(file_time=date)


def _together(rows: list[Examined]) -> list[Examined]:
    """The rows, with what a container's mark and those of its members show only together (COMPILATION …)."""
    if sum(bool(row.findings) for row in rows) < 2:
        return rows
    told = combine([Row(row.member, row.findings, letter=row.media_type in LETTERS) for row in rows])
    return [
        row if row.findings == findings else msgspec.structs.replace(row, findings=findings)
        for row, findings in zip(rows, told, strict=True)
    ]


def _digest(source: Source) -> str | None:
    """SHA-256 of all the bytes; None where they cannot be read a second time."""
    if source.data is not None:
        return hashlib.sha256(source.data).hexdigest()
    digest = hashlib.sha256()
    try:
        source.stream.seek(0)
        while chunk := source.stream.read(1024 * 1024):
            digest.update(chunk)
    except (OSError, ValueError):
        return None
    return digest.hexdigest()
