"""A pattern as an automaton of its positions (Glushkov's), with how often each step can be taken.

Each place in a pattern where one character is consumed is a position. That a step from one to the next can come
about in two ways (in ``(a*)*`` by the inner star or by the outer) is kept, because it is what makes `re` try both.
Repetitions of few rounds are written out; others count as endless, whatever their bound.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from signatures.lints.charsets import EVERYTHING, Alphabet, Ranges, folded, of_set, others

c: Any = import_module("re._constants")
parser: Any = import_module("re._parser")  # the only way to see a pattern as `re` reads it

FEW = 3
"""Rounds up to which a repetition is written out."""
EXACT = 16
"""The same where the number of rounds is fixed."""
LONGEST = 1000
"""Characters of a line that rules are held against at most; what is without end counts as this."""
MOST_POSITIONS = 6000
MOST_STEPS = 200_000


class NotJudged(Exception):
    """A pattern that cannot be judged: too large, or with references to what was matched before."""


@dataclass
class Automaton:
    """The positions of a pattern and the steps between them."""

    alphabet: Alphabet
    masks: list[int]
    """For each position the classes of characters it takes."""
    first: list[int]
    """Positions with which a match can begin."""
    follow: dict[int, Counter[int]]
    """From each position to the next, with the number of ways."""
    rounds: list[int]
    """How often a position can be passed, at most `LONGEST`: the product of the repetitions it stands in."""
    inner: list[Automaton] = field(default_factory=list)
    """Of its lookaheads and lookbehinds."""


def automaton(pattern: str) -> Automaton:
    """The automaton of a pattern. Raises `re.error`, and `NotJudged`."""
    return _Builder().whole(parser.parse(pattern))


@dataclass
class _Part:
    """A piece of a pattern: whether it may be empty, where it begins and ends."""

    empty: bool
    first: list[int]
    last: list[int]


class _Builder:
    def __init__(self) -> None:
        self._sets: list[Ranges] = []
        self._rounds: list[int] = []
        self._follow: dict[int, Counter[int]] = defaultdict(Counter)
        self._inner: list[Automaton] = []
        self._within = 1
        self._steps = 0

    def whole(self, parsed: Any) -> Automaton:
        """The automaton of a whole expression, as `re._parser.parse` gave it."""
        part = self._sequence(list(parsed), parsed.state.flags)
        alphabet = Alphabet(self._sets)
        masks = [alphabet.mask(ranges) for ranges in self._sets]
        return Automaton(alphabet, masks, part.first, dict(self._follow), self._rounds, self._inner)

    def _sequence(self, items: Sequence[tuple[Any, Any]], flags: int) -> _Part:
        whole = _Part(True, [], [])
        for kind, value in items:
            whole = self._then(whole, self._item(kind, value, flags))
        return whole

    def _item(self, kind: Any, value: Any, flags: int) -> _Part:
        if kind in (c.LITERAL, c.NOT_LITERAL, c.IN, c.ANY):
            return self._position(_characters(kind, value, flags))
        if kind is c.BRANCH:
            return self._either([self._sequence(list(way), flags) for way in value[1]])
        if kind is c.SUBPATTERN:
            _, add, remove, inner = value
            return self._sequence(list(inner), (flags | add) & ~remove)
        if kind is c.ATOMIC_GROUP:
            return self._sequence(list(value), flags)
        if kind in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            least, most, inner = value
            return self._repeated(least, most, list(inner), flags)
        if kind in (c.ASSERT, c.ASSERT_NOT):
            self._look(list(value[1]), flags)
            return _Part(True, [], [])
        if kind is c.AT:
            return _Part(True, [], [])
        raise NotJudged(f"{str(kind).lower()} is not allowed in a rule")

    def _position(self, ranges: Ranges) -> _Part:
        if len(self._sets) >= MOST_POSITIONS:
            raise NotJudged("the pattern is too large")
        self._sets.append(ranges)
        self._rounds.append(min(LONGEST, self._within))
        number = len(self._sets) - 1
        return _Part(False, [number], [number])

    def _step(self, before: list[int], after: list[int]) -> None:
        self._steps += len(before) * len(after)
        if self._steps > MOST_STEPS:
            raise NotJudged("the pattern is too large")
        for last in before:
            for first in after:
                self._follow[last][first] += 1

    def _then(self, one: _Part, two: _Part) -> _Part:
        self._step(one.last, two.first)
        return _Part(
            one.empty and two.empty,
            one.first + (two.first if one.empty else []),
            two.last + (one.last if two.empty else []),
        )

    @staticmethod
    def _either(ways: list[_Part]) -> _Part:
        first = [number for way in ways for number in way.first]
        last = [number for way in ways for number in way.last]
        return _Part(any(way.empty for way in ways), first, last)

    def _repeated(self, least: int, most: Any, items: list[tuple[Any, Any]], flags: int) -> _Part:
        rounds = int(most)
        if rounds <= FEW or (least == rounds <= EXACT):
            whole = _Part(True, [], [])
            for number in range(rounds, 0, -1):
                whole = self._then(self._sequence(items, flags), whole)
                whole.empty = whole.empty or number > least
            return whole
        outside, self._within = self._within, min(LONGEST, self._within * rounds)
        body = self._sequence(items, flags)
        self._within = outside
        self._step(body.last, body.first)
        return _Part(body.empty or least == 0, body.first, body.last)

    def _look(self, items: list[tuple[Any, Any]], flags: int) -> None:
        builder = _Builder()
        part = builder._sequence(items, flags)
        alphabet = Alphabet(builder._sets)
        masks = [alphabet.mask(ranges) for ranges in builder._sets]
        self._inner.append(
            Automaton(alphabet, masks, part.first, dict(builder._follow), builder._rounds, builder._inner)
        )


def _characters(kind: Any, value: Any, flags: int) -> Ranges:
    if kind is c.ANY:
        return EVERYTHING if flags & re.DOTALL else others(((10, 10),))
    ranges = of_set(value) if kind is c.IN else ((value, value),)
    if flags & re.IGNORECASE:
        ranges = folded(ranges)
    return others(ranges) if kind is c.NOT_LITERAL else ranges
