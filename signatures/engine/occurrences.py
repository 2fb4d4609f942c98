"""From where expressions matched to where literals stand: what each expression wakes, and the proof at the place."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from functools import cached_property, lru_cache

import msgspec

from signatures.engine.alignment import Aligned, aligned
from signatures.engine.bytecode import ENCODINGS
from signatures.engine.cache import Cache
from signatures.engine.engines import Data, Expressions
from signatures.engine.screens import SCREENS_VERSION, Exact, Screens, Woken, exact, screens
from signatures.literals import Literal

log = logging.getLogger(__name__)

_DOUBLE = ("gb18030", "big5")
_Span = tuple[int, int, str]
_Ends = dict[int, list[int] | None]


class Plan:
    """The screens of one set of encodings, worked out only when they are needed.

    An engine that comes from the cache tells without them whether anything is there, and where the cache also holds
    whom each expression wakes, they are not needed to tell what.
    """

    def __init__(self, literals: tuple[Literal, ...], encodings: frozenset[str], cache: Cache | None) -> None:
        self._literals, all_told = told(literals)
        self._encodings = encodings
        self._cache = cache
        digest = hashlib.sha256((all_told + repr(sorted(encodings))).encode()).hexdigest()
        self._key = f"wakes-{SCREENS_VERSION}-{digest}"
        self._woken: dict[int, Woken] = {}
        self.expressions = Expressions(lambda: self._screens.expressions, digest)

    def prepare(self) -> None:
        """Have it all worked out, or read from the cache: what was read is taken apart only when it is asked for."""
        if self._kept is None:
            _ = self._wakes

    def occurrences(self, ends: _Ends, data: Data, most: int | None = None) -> set[_Span]:
        """The literals that stand where the expressions matched; once there are ``most`` the rest is not looked for."""
        found, others = self._solid(ends, bytes(data))
        for one, windows in self._windows(others, len(data)).items():
            for low, high in windows:
                for start, end in _occurrences(one, data, low, high):
                    found.add((start, end, one.encoding))
                    if len(found) == most:
                        return found
        return found

    @cached_property
    def _screens(self) -> Screens:
        """What is looked for, and whom each expression wakes."""
        return screens(self._literals, self._encodings)

    @cached_property
    def _kept(self) -> bytes | None:
        """The table `_wakes` as the cache has it."""
        return self._cache.load(self._key) if self._cache else None

    @cached_property
    def _wakes(self) -> list[list[tuple[int, int]]]:
        """By number of the expression: the literals that it wakes, by number, each with the number of its encoding."""
        if self._kept is not None:
            try:
                return msgspec.msgpack.decode(self._kept, type=list[list[tuple[int, int]]])
            except msgspec.DecodeError:
                log.info("a table in the cache is damaged and is made anew")
        number = {literal: at for at, literal in enumerate(self._literals)}
        wakes = [
            [(number[one.literal], ENCODINGS.index(one.encoding)) for one in exacts]
            for exacts in self._screens.wakes.values()
        ]
        if self._cache:
            self._cache.store(self._key, msgspec.msgpack.encode(wakes))
        return wakes

    def _wakened(self, number: int) -> Woken:
        """Whom the expression of this number wakes."""
        woken = self._woken.get(number)
        if woken is None:
            each = [exact(self._literals[literal], ENCODINGS[encoding]) for literal, encoding in self._wakes[number]]
            woken = self._woken[number] = Woken(each)
        return woken

    def _solid(self, ends: _Ends, data: bytes) -> tuple[set[_Span], _Ends]:
        """The occurrences written as in the rules, with nothing between the characters; and where to look further.

        Nearly all are such, and for them the end and one look at the bytes before it are enough.
        """
        found: set[_Span] = set()
        others: _Ends = {}
        places = Aligned(data)
        for number, where in ends.items():
            if where is None:
                others[number] = None
                continue
            woken = self._wakened(number)
            rest = []
            for end in where:
                for length, solid in woken.solid:
                    start = end - length
                    encodings = solid.get(data[start:end]) if start >= 0 else None
                    if encodings is not None:
                        for one in encodings:
                            if one == "utf-8" or (
                                places.at(start, end, one) if one in _DOUBLE else _is_whole(data, start, end, one)
                            ):
                                found.add((start, end, one))
                        break
                else:
                    rest.append(end)
            if rest:
                others[number] = rest
        return found, others

    def _windows(self, ends: _Ends, size: int) -> dict[Exact, list[tuple[int, int]]]:
        """The stretches of the data in which each woken exact pattern is to be tried, without overlaps."""
        points: dict[Exact, list[int] | None] = {}
        for number, where in ends.items():
            for one in self._wakened(number).exacts:
                known = points.get(one, [])
                points[one] = None if where is None or known is None else known + where
        found: dict[Exact, list[tuple[int, int]]] = {}
        for one, where in points.items():
            if where is None:
                found[one] = [(0, size)]
                continue
            merged: list[tuple[int, int]] = []
            for point in sorted(set(where)):
                low, high = max(0, point - one.reach), min(size, point + one.reach)
                if merged and low <= merged[-1][1]:
                    merged[-1] = (merged[-1][0], high)
                else:
                    merged.append((low, high))
            found[one] = merged
        return found


@lru_cache(maxsize=4)
def told(literals: tuple[Literal, ...]) -> tuple[list[Literal], str]:
    """The literals in order, each once, and all that tells them from others: the same for all sets of encodings."""
    each = {repr(literal): literal for literal in literals}
    return [each[one] for one in sorted(each)], repr(sorted(each))


def _occurrences(exact: Exact, data: Data, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The occurrences of one literal between two offsets that stand at whole characters."""
    position = low
    while (match := exact.pattern.search(data, position, high)) is not None:
        start, end = match.span()
        if not _is_whole(data, start, end, exact.encoding):
            # Half a character off; an occurrence at the right place may begin within this one.
            position = start + 1
            continue
        position = end
        if exact.encoding == "ent" and b"&" not in bytes(data[start:end]):
            continue
        yield start, end


def _is_whole(data: Data, start: int, end: int, encoding: str) -> bool:
    """Whether a character begins at ``start``."""
    if encoding in _DOUBLE:
        return aligned(data, start, end, encoding)
    return not (start % 2 and encoding.startswith("utf-16"))
