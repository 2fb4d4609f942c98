"""Explaining one file, inside a worker: what was read of it, from which zones, in what time, and what was cut off.

The file is read a second time, on the exact road wherever there are two: what the sieve would have spared the scan
is counted too. Nothing of the content is told, not even its findings' text: zones, numbers, media types, and the
fixed sentences with which a reader gives up.
"""

from __future__ import annotations

import time
from collections import Counter

from msgspec.structs import replace

from agent.scanning.examine import LONGEST_TEXT, Examination, Examiner
from agent.scanning.formats import FORMATS, load
from agent.scanning.formats.base import Budget, NotExamined, Reading, Source
from agent.scanning.identify import Identity
from agent.scanning.seeing import Judge
from agent.scanning.wire import Explained, Part
from protocol.records import Reason
from signatures.engine import Sieve, Span
from signatures.engine.engines import Data
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.passages import Passage


def explained(examiner: Examiner, source: Source, name: str, scanned: float) -> Explained:
    """What reading a file comes to. ``scanned``: seconds that the scan itself took. Never raises an `Exception`."""
    whole, budget = Budget(), Budget()
    began = time.monotonic()
    usual = examiner.reading(budget)
    reading = _Explanation(
        examiner.grammar,
        examiner.least,
        replace(usual, sieve=Everything(usual.sieve), talk=frozenset()),
    )
    if examiner.eyes is not None:
        examiner.eyes.begin()
    reading.eyes = examiner.eyes
    reading.file(source, name, [], None, 0)
    return Explained(
        parts=[part for _, part in sorted(reading.parts.items())],
        scanned=scanned,
        read=time.monotonic() - began,
        expanded=whole.expanded - budget.expanded,
        limits={
            "bytes unpacked": whole.expanded,
            "unpacked over packed": whole.ratio,
            "members": whole.members,
            "nesting": whole.depth,
            "characters of text": LONGEST_TEXT,
        },
    )


class Everything:
    """A sieve that takes all to be worth reading."""

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve

    def worth(self, data: Data, *, encodings: frozenset[str] | None = None) -> bool:  # noqa: ARG002 - a Sieve's
        """Yes."""
        return len(data) > 0

    def spans(self, data: Data, *, encodings: frozenset[str] | None = None) -> list[Span]:
        """Where literals stand, as ever."""
        return self._sieve.spans(data, encodings=encodings)


class _Explanation(Examination):
    """An examination that keeps account of what it read."""

    def __init__(self, grammar: Judge, least: int, reading: Reading) -> None:
        super().__init__(grammar, least, reading)
        self.parts: dict[int, Part] = {}
        self._cut = ""

    def file(
        self,
        source: Source,
        name: str,
        passages: list[Passage],
        member: str | None,
        depth: int,
        about: Circumstances = UNKNOWN,
    ) -> None:
        """Examine one file or member, then count what came of it."""
        place, began = len(self.rows), time.monotonic()
        outer, self._cut = self._cut, ""
        super().file(source, name, passages, member, depth, about)
        row, cut = self.rows[place], self._cut
        self._cut = outer
        format_name = FORMATS.get(row.media_type, "")
        characters: Counter[str] = Counter()
        for passage in passages:
            characters[passage.zone] += len(passage.text)
        self.parts[place] = Part(
            member=member,
            media_type=row.media_type,
            format=format_name,
            verdict=str(row.verdict),
            size=source.size,
            seconds=time.monotonic() - began,
            zones={zone: (count, characters[zone]) for zone, count in Counter(p.zone.value for p in passages).items()},
            cut=cut,
            limits=dict(load(format_name).LIMITS) if format_name else {},
        )

    def _fate(self, error: Exception, identity: Identity) -> Reason:
        reason = super()._fate(error, identity)
        detail = error.detail if isinstance(error, NotExamined) else ""
        self._cut = f"{reason}: {detail}" if detail else str(reason)
        return reason
