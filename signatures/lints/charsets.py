"""Sets of characters as ranges, and the alphabet in which those of one pattern can be compared."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

c: Any = import_module("re._constants")  # the names of what `re` sees in a pattern

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each range, in order, not touching one another."""

EVERYTHING: Ranges = ((0, sys.maxunicode),)
_PLANE = 0x10000
_FOLDED = 512
"""Ranges up to this long are given the other case of each of their characters."""
_READABLE = re.compile(r"[a-z0-9一-龥A-Z★]")


def union(parts: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges put in order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(parts):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def others(ranges: Ranges) -> Ranges:
    """Every character that is not in these ranges."""
    found, at = [], 0
    for first, last in ranges:
        if at < first:
            found.append((at, first - 1))
        at = last + 1
    return (*found, (at, sys.maxunicode)) if at <= sys.maxunicode else tuple(found)


@cache
def category(name: Any) -> Ranges:
    """What ``\\d``, ``\\s``, ``\\w`` and their opposites stand for; beyond the first plane ``\\w`` is everything."""
    word = str(name).rsplit("_", 1)[-1].lower()
    letters = re.compile({"digit": r"\d", "space": r"\s", "word": r"\w"}[word])
    ranges = [(code, code) for code in range(_PLANE) if letters.match(chr(code))]
    if word == "word":
        ranges.append((_PLANE, sys.maxunicode))
    found = union(ranges)
    return others(found) if "_NOT_" in str(name) else found


def folded(ranges: Ranges) -> Ranges:
    """The ranges with the other case of their letters, as ``(?i:…)`` has it."""
    more = list(ranges)
    for first, last in ranges:
        if last - first <= _FOLDED:
            both = {form for code in range(first, last + 1) for form in (chr(code).lower(), chr(code).upper())}
            more += [(ord(form), ord(form)) for form in both if len(form) == 1]
    return union(more)


def of_set(items: Sequence[tuple[Any, Any]]) -> Ranges:
    """What stands in square brackets."""
    parts: list[tuple[int, int]] = []
    negated = False
    for kind, value in items:
        if kind is c.NEGATE:
            negated = True
        elif kind is c.LITERAL:
            parts.append((value, value))
        elif kind is c.RANGE:
            parts.append(value)
        else:
            parts += category(value)
    return others(union(parts)) if negated else union(parts)


class Alphabet:
    """The classes of characters that the sets of one pattern tell apart: each set becomes a mask of classes."""

    def __init__(self, sets: Iterable[Ranges]) -> None:
        sets = list(sets)
        edges = {0} | {edge for ranges in sets for first, last in ranges for edge in (first, last + 1)}
        self._starts = sorted(edge for edge in edges if edge <= sys.maxunicode)
        self._masks = {ranges: self._mask(ranges) for ranges in set(sets)}

    def mask(self, ranges: Ranges) -> int:
        """The classes of a set, as bits."""
        return self._masks[ranges]

    def mask_of(self, letter: str) -> int:
        """The class of one character."""
        return 1 << (bisect_right(self._starts, ord(letter)) - 1)

    def _mask(self, ranges: Ranges) -> int:
        mask = 0
        for first, last in ranges:
            begin, end = bisect_right(self._starts, first) - 1, bisect_right(self._starts, last)
            mask |= (1 << end) - (1 << begin)
        return mask

    def letter(self, mask: int) -> str:
        """A character of the classes, one that can be read where there is one."""
        shown = ""
        number = 0
        while mask:
            if mask & 1:
                shown = shown or self._one(number)
                if _READABLE.match(self._one(number)):
                    return self._one(number)
            mask, number = mask >> 1, number + 1
        return shown

    def outside(self, mask: int) -> str:
        """A character that is in none of the classes; empty where there is none."""
        everything = (1 << len(self._starts)) - 1
        return self.letter(everything & ~mask)

    def _one(self, number: int) -> str:
        first = self._starts[number]
        return "\x00" if 0xD800 <= first <= 0xDFFF else chr(first)
