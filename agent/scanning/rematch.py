"""Holding new rules against text that was kept, inside a worker; and handing back the text that is to be kept.

See `agent.scanning.kept_passages`. A file in whose kept text something is found is read again, as if nothing had been
kept: what a scan tells of a finding always comes from the file itself.
"""

from __future__ import annotations

import re

import msgspec
from msgspec.structs import replace

from agent.scanning.examine import Examiner, KeepingExamination, about_file
from agent.scanning.explain import Everything
from agent.scanning.formats.base import Reading, Source
from agent.scanning.seeing import Judge
from agent.scanning.wire import KEPT, Examined, Job
from protocol.records import Verdict
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.passages import Passage

LAST_PAGE = 60
"""Pages after which a PDF is read without the places of its text: then it is not all that a scan sees."""

_PARTS = re.compile(r"[!/\\]")


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """The text of one file with all that is in it: its rows, and what was read for each."""

    rows: list[Examined]
    read: list[list[Passage]]


_kept = msgspec.msgpack.Decoder(Kept)
_encode = msgspec.msgpack.Encoder().encode


class Keeping(KeepingExamination):
    """An examination that reads all of a file, wherever the sieve would have spared it that, and holds on to it."""

    def __init__(self, grammar: Judge, least: int, reading: Reading) -> None:
        super().__init__(grammar, least, replace(reading, sieve=Everything(reading.sieve), talk=frozenset()))
        self.sieve = reading.sieve
        self._read_of: dict[int, list[Passage]] = {}

    def file(
        self,
        source: Source,
        name: str,
        passages: list[Passage],
        member: str | None,
        depth: int,
        about: Circumstances = UNKNOWN,
    ) -> None:
        """Examine one file or member, and hold on to what was read of it."""
        place, around = len(self.rows), len(passages)
        super().file(source, name, passages, member, depth, about)
        self._read_of[place] = passages[around:]

    def kept(self) -> bytes:
        """What may be kept of it; nothing where there is a finding or not all of it was seen."""
        read = [self._read_of.get(place, []) for place in range(len(self.rows))]
        if any(row.findings or row.pictures for row in self.rows):
            return b""
        if any((passage.place.page or 0) > LAST_PAGE for passages in read for passage in passages):
            return b""
        if sum(len(passage.text) for passages in read for passage in passages) > KEPT:
            return b""
        kept = _encode(Kept(self.rows, read))
        return kept if len(kept) <= KEPT else b""


def judged_again(examiner: Examiner, job: Job) -> list[Examined] | None:
    """The rows of a file by its kept text; None where something is found in it, or it is no such text."""
    try:
        kept = _kept.decode(job.kept)
    except msgspec.MsgspecError:
        return None
    if not kept.rows or len(kept.rows) != len(kept.read):
        return None
    for row, read in zip(kept.rows, kept.read, strict=True):
        if row.member is None:
            around, about = examiner.around(job.name, job.folder), about_file(job.modified)
        else:
            *folders, last = _PARTS.split(row.member)
            around, about = examiner.around(last, "/".join(folders)), UNKNOWN
        if row.verdict is Verdict.FINDING or examiner.grammar.find([*around, *read], least=examiner.least, about=about):
            return None
    return kept.rows
