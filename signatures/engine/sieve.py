"""The sieve itself: which bytes are worth reading, and where in them the literals stand."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Protocol

from signatures.engine.bytecode import ENCODINGS
from signatures.engine.cache import Cache
from signatures.engine.engines import Data, Engine, Expressions, make
from signatures.engine.narrow import is_seen_narrow, narrowed
from signatures.engine.occurrences import Plan, told
from signatures.engine.quiet import QUIET_ENCODINGS, begins_line, besides
from signatures.engine.words import Span, Words
from signatures.literals import Literal

__all__ = ["MANY", "LiteralSieve", "Sieve", "Span", "TalkSieve", "build"]

MANY = 5000
"""Places of one piece of text above which they are too many to be looked at one by one."""


class Sieve(Protocol):
    """The cheap test that stands before every dear one. It may say yes too often, never no too often."""

    def worth(self, data: Data, *, encodings: frozenset[str] | None = None) -> bool:
        """Whether any rule's literal is in these bytes, in any (or one of the given) encodings."""
        ...

    def spans(self, data: Data, *, encodings: frozenset[str] | None = None) -> list[Span]:
        """Where: (start, end, encoding) of each literal, in order of end, overlaps included."""
        ...


class TalkSieve(Sieve, Protocol):
    """A sieve that knows which literals running text may be full of."""

    def few(self, data: Data, most: int, *, encodings: frozenset[str] | None = None) -> tuple[list[Span], bool]:
        """As `spans`, but of some ``most`` literals only where there are more; and whether these are all."""
        ...

    def besides_talk(self, data: Data, own: str) -> list[int] | None:
        """Where something ends that stands out in text full of talk, in the encoding ``own`` or in any other.

        None where there are more than `MANY` such places, or the engine cannot tell.
        """
        ...


class LiteralSieve:
    """Looks for literals in raw bytes, in up to six encodings at once. May be shared by threads and by forks.

    For each set of encodings asked for, an engine is compiled (or loaded from the cache) once, when first needed.
    """

    def __init__(
        self,
        literals: Iterable[Literal],
        *,
        words: Iterable[Literal] = (),
        talk: frozenset[str] = frozenset(),
        cache: Path | None = None,
        prefer: str = "auto",
    ) -> None:
        self._literals = tuple(literals)
        self.talk = talk
        """The texts of literals that running text may be full of; see `besides_talk`."""
        self._cache = Cache(cache) if cache else None
        self._words = Words(words, cache=self._cache, prefer=prefer)
        self._prefer = prefer
        self._made: dict[frozenset[str], tuple[Plan, Engine]] = {}
        self._quiet: dict[str, Engine] = {}
        self._begun: dict[str, Callable[[Data, int], bool]] = {}
        self._making = threading.Lock()

    @property
    def engine(self) -> str:
        """Name of the engine in use: ``hyperscan``, ``re2`` or ``re``."""
        return self._engine(_UTF8)[1].name

    def prepare(self, *sets: frozenset[str]) -> None:
        """Have all that is needed for these sets of encodings (or for all together) compiled and in the cache now."""
        for encodings in sets or (frozenset(ENCODINGS),):
            self._engine(encodings)[0].prepare()
            self._words.prepare(encodings)

    def prepare_quiet(self) -> None:
        """The same for what `besides_talk` needs."""
        for own in QUIET_ENCODINGS:
            self._quiet_engine(own)

    def worth(self, data: Data, *, encodings: frozenset[str] | None = None) -> bool:
        """Whether any literal is in these bytes, in any (or one of the given) encodings. A superset of `spans`."""
        wanted = _wanted(encodings)
        if narrow := self._narrowed(data, wanted):
            data, wanted = narrow[0], _UTF8
        return self._engine(wanted)[1].any(data) or self._words.worth(data, wanted)

    def spans(self, data: Data, *, encodings: frozenset[str] | None = None) -> list[Span]:
        """Where each literal stands: (start, end, encoding) in order of end, start, encoding; overlaps included.

        ``data`` begins at a whole character; what is not at a character's boundary in its encoding is left out,
        and so are the occurrences in ``ent`` that are plain UTF-8. Of words, some places are told that only may be
        one.
        """
        wanted = _wanted(encodings)
        if narrow := self._narrowed(data, wanted):
            return _widened(self.spans(narrow[0], encodings=_UTF8), narrow)
        plan, engine = self._engine(wanted)
        found = set(self._words.each(data, wanted))
        if ends := engine.ends(data):
            found |= plan.occurrences(ends, data)
        return _ordered(found)

    def few(self, data: Data, most: int, *, encodings: frozenset[str] | None = None) -> tuple[list[Span], bool]:
        """As `spans`, but once there are ``most`` of them the rest is not looked for; and whether these are all.

        Up to `MANY` always, where words are looked for. So whoever is told that they are not all may ask
        `besides_talk` for what matters of the rest.
        """
        wanted = _wanted(encodings)
        if narrow := self._narrowed(data, wanted):
            few, whole = self.few(narrow[0], most, encodings=_UTF8)
            return _widened(few, narrow), whole
        plan, engine = self._engine(wanted)
        words: set[Span] = set()
        if self._words:
            most = max(most, MANY)
            words = set(islice(self._words.each(data, wanted), most))
        ends, whole = engine.few(data, most)
        found = plan.occurrences(ends, data, None if engine.tells_where else most) if ends else set()
        whole = whole and len(words) < most and (engine.tells_where or len(found) < most)
        return _ordered(found | words), whole

    def _narrowed(self, data: Data, wanted: frozenset[str]) -> tuple[bytes, int, str] | None:
        """See `narrowed`."""
        found = None if wanted.isdisjoint(_UTF16) else narrowed(data, wanted)
        return found if found is not None and self._is_seen_narrow else None

    @cached_property
    def _is_seen_narrow(self) -> bool:
        """See `is_seen_narrow`."""
        return is_seen_narrow(literal.text for literal in self._literals) and is_seen_narrow(self._words.texts)

    def besides_talk(self, data: Data, own: str) -> list[int] | None:
        """Where something ends that stands out in text full of talk, in the encoding ``own`` or in any other.

        See `signatures.engine.quiet`; ``own`` is one of its encodings. None where there are more than `MANY` such
        places, and where words are looked for: those are no talk.
        """
        if self._words or not self._engine(_UTF8)[1].tells_where:
            return None
        ends, whole = self._quiet_engine(own).few(data, MANY)
        if not whole:
            return None
        begins = self._begins_line(own)
        return sorted({end for where in ends.values() for end in where or () if not begins(data, end)})

    def _begins_line(self, own: str) -> Callable[[Data, int], bool]:
        """See `begins_line`."""
        made = self._begun.get(own)
        if made is None:
            made = self._begun[own] = begins_line(self._literals, self.talk, own)
        return made

    def _quiet_engine(self, own: str) -> Engine:
        made = self._quiet.get(own)
        if made is None:
            with self._making:
                encodings = frozenset(ENCODINGS) - {"ent"}
                all_told = f"quiet {sorted(self.talk)} {told(self._literals)[1]} {own}"
                digest = hashlib.sha256(all_told.encode()).hexdigest()
                given = Expressions(lambda: besides(self._literals, self.talk, encodings, own), digest)
                made = self._quiet[own] = make(given, prefer=self._prefer, cache=self._cache)
        return made

    def _engine(self, encodings: frozenset[str] | None) -> tuple[Plan, Engine]:
        wanted = _wanted(encodings)
        made = self._made.get(wanted)
        if made is None:
            with self._making:
                made = self._made.get(wanted)
                if made is None:
                    plan = Plan(self._literals, wanted, self._cache)
                    made = self._made[wanted] = (plan, make(plan.expressions, prefer=self._prefer, cache=self._cache))
        return made


def _widened(found: list[Span], narrow: tuple[bytes, int, str]) -> list[Span]:
    """Spans in the narrow form of a text, as spans of the text itself (see `narrowed`)."""
    _, begin, sixteen = narrow
    return [(begin + 2 * start, begin + 2 * end, sixteen) for start, end, _ in found]


def _ordered(found: set[Span]) -> list[Span]:
    return sorted(found, key=_END if len({span[2] for span in found}) < 2 else _in_order)


def _in_order(span: Span) -> tuple[int, int, int]:
    return span[1], span[0], _PLACE[span[2]]


_PLACE = {encoding: place for place, encoding in enumerate(ENCODINGS)}
_END = itemgetter(1, 0)
_UTF8 = frozenset({"utf-8"})
_UTF16 = frozenset({"utf-16-le", "utf-16-be"})


def _wanted(encodings: frozenset[str] | None) -> frozenset[str]:
    return frozenset(ENCODINGS) if encodings is None else encodings


def build(
    literals: Iterable[Literal],
    *,
    words: Iterable[Literal] = (),
    talk: frozenset[str] = frozenset(),
    cache: Path | None = None,
    prefer: str = "auto",
) -> LiteralSieve:
    """A sieve for these literals.

    ``words`` are literals without gaps and blanks, up to tens of thousands of them (see `signatures.engine.words`).
    ``talk`` are the texts of literals that running text may be full of (see `LiteralSieve.besides_talk`).
    ``cache`` is a folder for compiled databases (see `signatures.engine.cache` for when it is trusted).
    ``prefer`` is ``auto``, ``hyperscan``, ``re2``, ``re`` or ``portable`` (the best without Hyperscan); with
    ``auto`` and ``portable`` an engine that is not installed or does not work is passed over.
    Raises `ValueError` for an unknown engine, an empty literal or a word with gaps or blanks.
    """
    sieve = LiteralSieve(literals, words=words, talk=talk, cache=cache, prefer=prefer)
    sieve._engine(_UTF8)
    return sieve
