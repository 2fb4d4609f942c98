"""The sieve itself: which bytes are worth reading, and where in them the literals stand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Protocol

from signatures.engine.bytecode import ENCODINGS
from signatures.engine.cache import Cache
from signatures.engine.engines import Data, Engine, Expressions, make
from signatures.engine.screens import Exact, Screens, screens
from signatures.literals import Literal

Span = tuple[int, int, str]
"""Start, end (both in bytes) and encoding of one literal."""

_ANCHOR_REACH = 1024


class Sieve(Protocol):
    """The cheap test that stands before every dear one. It may say yes too often, never no too often."""

    def worth(self, data: Data, *, encodings: frozenset[str] | None = None) -> bool:
        """Whether any rule's literal is in these bytes, in any (or one of the given) encodings."""
        ...

    def spans(self, data: Data, *, encodings: frozenset[str] | None = None) -> list[Span]:
        """Where: (start, end, encoding) of each literal, in order of end, overlaps included."""
        ...


class _Plan:
    """The screens of one set of encodings, worked out only when they are needed.

    An engine that comes from the cache answers `LiteralSieve.worth` without them, and most processes ask no more.
    """

    def __init__(self, literals: tuple[Literal, ...], encodings: frozenset[str]) -> None:
        self._literals = literals
        self._encodings = encodings
        told = repr(sorted(set(literals), key=repr)) + repr(sorted(encodings))
        self.expressions = Expressions(lambda: self.screens.expressions, hashlib.sha256(told.encode()).hexdigest())

    @cached_property
    def screens(self) -> Screens:
        """What is looked for, and whom each expression wakes."""
        return screens(self._literals, self._encodings)


class LiteralSieve:
    """Looks for literals in raw bytes, in up to six encodings at once. May be shared by threads and by forks.

    For each set of encodings asked for, an engine is compiled (or loaded from the cache) once, when first needed.
    """

    def __init__(self, literals: Iterable[Literal], *, cache: Path | None = None, prefer: str = "auto") -> None:
        self._literals = tuple(literals)
        self._cache = Cache(cache) if cache else None
        self._prefer = prefer
        self._made: dict[frozenset[str], tuple[_Plan, Engine]] = {}
        self._making = threading.Lock()

    @property
    def engine(self) -> str:
        """Name of the engine in use: ``hyperscan``, ``re2`` or ``re``."""
        return self._engine(frozenset({"utf-8"}))[1].name

    def prepare(self, *sets: frozenset[str]) -> None:
        """Compile (and cache) the engines for these sets of encodings now, or for all encodings together."""
        for encodings in sets or (frozenset(ENCODINGS),):
            self._engine(encodings)

    def worth(self, data: Data, *, encodings: frozenset[str] | None = None) -> bool:
        """Whether any literal is in these bytes, in any (or one of the given) encodings. A superset of `spans`."""
        return self._engine(encodings)[1].any(data)

    def spans(self, data: Data, *, encodings: frozenset[str] | None = None) -> list[Span]:
        """Where each literal stands: (start, end, encoding) in order of end, start, encoding; overlaps included.

        ``data`` begins at a whole character; what is not at a character's boundary in its encoding is left out,
        and so are the occurrences in ``ent`` that are plain UTF-8.
        """
        plan, engine = self._engine(encodings)
        ends = engine.ends(data)
        if not ends:
            return []
        found = {
            (start, end, exact.encoding)
            for exact, windows in _windows(plan.screens, ends, len(data)).items()
            for low, high in windows
            for start, end in _occurrences(exact, data, low, high)
        }
        return sorted(found, key=lambda span: (span[1], span[0], ENCODINGS.index(span[2])))

    def _engine(self, encodings: frozenset[str] | None) -> tuple[_Plan, Engine]:
        wanted = frozenset(ENCODINGS) if encodings is None else encodings
        made = self._made.get(wanted)
        if made is None:
            with self._making:
                made = self._made.get(wanted)
                if made is None:
                    plan = _Plan(self._literals, wanted)
                    made = self._made[wanted] = (plan, make(plan.expressions, prefer=self._prefer, cache=self._cache))
        return made


def build(literals: Iterable[Literal], *, cache: Path | None = None, prefer: str = "auto") -> LiteralSieve:
    """A sieve for these literals.

    ``cache`` is a folder for compiled databases (see `signatures.engine.cache` for when it is trusted).
    ``prefer`` is ``auto``, ``hyperscan``, ``re2``, ``re`` or ``portable`` (the best without Hyperscan); with
    ``auto`` and ``portable`` an engine that is not installed or does not work is passed over.
    Raises `ValueError` for an unknown engine or an empty literal.
    """
    sieve = LiteralSieve(literals, cache=cache, prefer=prefer)
    sieve.prepare(frozenset({"utf-8"}))
    return sieve


def _windows(plan: Screens, ends: dict[int, list[int] | None], size: int) -> dict[Exact, list[tuple[int, int]]]:
    """The stretches of the data in which each woken exact pattern is to be tried, without overlaps."""
    points: dict[Exact, list[int] | None] = {}
    wakes = list(plan.wakes.values())
    for number, where in ends.items():
        for exact in wakes[number]:
            known = points.get(exact, [])
            points[exact] = None if where is None or known is None else known + where
    found: dict[Exact, list[tuple[int, int]]] = {}
    for exact, where in points.items():
        if where is None:
            found[exact] = [(0, size)]
            continue
        merged: list[tuple[int, int]] = []
        for point in sorted(set(where)):
            low, high = max(0, point - exact.reach), min(size, point + exact.reach)
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
            else:
                merged.append((low, high))
        found[exact] = merged
    return found


def _occurrences(exact: Exact, data: Data, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The occurrences of one literal between two offsets that stand at whole characters."""
    position = low
    while (match := exact.pattern.search(data, position, high)) is not None:
        start, end = match.span()
        if exact.encoding.startswith("utf-16") and start % 2:
            # Half a character off; an occurrence at the right place may begin within this one.
            position = start + 1
            continue
        if exact.encoding in ("gb18030", "big5") and not _aligned(data, start, end, exact.encoding):
            position = start + 1
            continue
        position = end
        if exact.encoding == "ent" and b"&" not in bytes(data[start:end]):
            continue
        yield start, end


def _aligned(data: Data, start: int, end: int, encoding: str) -> bool:
    """Whether a character of a double-byte encoding begins at ``start``; yes in doubt.

    No byte below 0x30 is ever the second half of a character of GB18030 or Big5, so the nearest one is an anchor
    from which the characters can be counted. Bytes that cannot be counted through to the next anchor are damaged:
    there the count proves nothing.
    """
    low = max(0, start - _ANCHOR_REACH)
    before = bytes(data[low:start])
    anchor = next((place for place in range(len(before) - 1, -1, -1) if before[place] < 0x30), -1)
    if anchor < 0 and low > 0:
        return True
    before = before[anchor + 1 :]
    try:
        before.decode(encoding)
    except UnicodeDecodeError as problem:
        if "incomplete" not in problem.reason:
            return True
    else:
        return True
    after = bytes(data[start : end + _ANCHOR_REACH])
    stop = next((place for place in range(end - start, len(after)) if after[place] < 0x30), len(after))
    try:
        (before + after[:stop]).decode(encoding)
    except UnicodeDecodeError as problem:
        return "incomplete" not in problem.reason or stop < len(after)
    return False
