"""Engines for very many plain byte strings: Hyperscan, Aho-Corasick, and a table of slices where neither is."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from signatures.engine.cache import Cache
from signatures.engine.engines import ENGINES, Data, Expressions, make

log = logging.getLogger(__name__)

S = TypeVar("S", str, bytes)


class Strings(Protocol):
    """Many byte strings made ready to be looked for; may be used by several threads at once.

    ASCII letters of either case count as equal wherever ``caseless`` says so, and may do so elsewhere: hits are to
    be confirmed.
    """

    name: str

    def any(self, data: Data) -> bool:
        """Whether any of the strings is in there, or may be: bytes that are no text may be said to have one."""
        ...

    def hits(self, data: Data) -> Iterator[tuple[int, int]]:
        """The number of each string found, and where it ends."""
        ...


class Wanted(msgspec.Struct, frozen=True):
    """The strings to look for, worked out when they are first needed: a cached database needs only the digest."""

    build: Callable[[], tuple[list[bytes], frozenset[int]]]
    """The strings, and the numbers of those whose ASCII letters may be in either case."""
    digest: str
    """SHA-256, hex, over everything that decides what the strings are."""


class HyperscanStrings:
    """Hyperscan: 0.4 to 3 GB/s with ten thousand words. Raises `ImportError` where the package is missing."""

    name = "hyperscan"

    def __init__(self, wanted: Wanted, cache: Cache | None) -> None:
        def expressions() -> list[str]:
            strings, caseless = wanted.build()
            return [
                f"{'(?i)' if number in caseless else ''}\\x" + string.hex("|").replace("|", "\\x")
                for number, string in enumerate([*strings, *_padding(len(strings))])
            ]

        self._wanted = wanted
        self._engine = make(Expressions(expressions, wanted.digest), prefer=self.name, cache=cache)

    def any(self, data: Data) -> bool:
        """Whether any of the strings is in there; stops at the first."""
        return self._engine.any(data)

    def hits(self, data: Data) -> Iterator[tuple[int, int]]:
        """The number of each string found, and where it ends."""
        found = self._engine.ends(data)
        known = len(self._wanted.build()[0]) if found else 0
        for number, ends in found.items():
            for end in (ends or ()) if number < known else ():
                yield number, end


_PADDED = range(100, 6000)
_FULL = 10_000


def _padding(count: int) -> list[bytes]:
    """Strings that no text has, added where Hyperscan does better with them.

    By the number of strings and the shortest of them it chooses how to look. Chinese text, whose bytes are much
    alike, passes its choice for some hundreds of longer strings at a third of the speed that a short one leads to, and
    its choice for some thousands at two thirds of the speed of that for ten thousand. What is added is as long as it
    looks at, eight bytes: shorter strings would be given more room among its tables, at the cost of the others.
    """
    if count in _PADDED:
        return [b"\xff\xff"]
    if count < _PADDED.start:
        return []
    return [b"\xff" * 6 + number.to_bytes(2, "big") for number in range(_FULL - count)]


class AhoCorasickStrings:
    """Aho-Corasick in compiled code: some tens of MB/s. Raises `ImportError` where the package is missing."""

    name = "aho-corasick"

    def __init__(self, wanted: Wanted, cache: Cache | None) -> None:
        del cache  # made in less than a second
        import ahocorasick_rs

        strings, caseless = wanted.build()
        self._lower = bool(caseless)
        patterns = [string.lower() for string in strings] if caseless else list(strings)
        self._automaton: Any = ahocorasick_rs.BytesAhoCorasick(
            patterns, implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    def any(self, data: Data) -> bool:
        """Whether any of the strings is in there."""
        return bool(self._automaton.find_matches_as_indexes(self._seen(data)))

    def hits(self, data: Data) -> Iterator[tuple[int, int]]:
        """The number of each string found, and where it ends."""
        for number, _, end in self._automaton.find_matches_as_indexes(self._seen(data), overlapping=True):
            yield number, end

    def _seen(self, data: Data) -> bytes:
        return bytes(data).lower() if self._lower else bytes(data)


class Slices(Generic[S]):
    """Finds members of a set of strings by looking up slices: about 10 MB/s, nothing but Python, linear in the data.

    Works on text as well as on bytes. A start is looked at closely only where the shortest string's length of data
    begins one; then once for each length that such strings have.
    """

    def __init__(self, strings: Sequence[S]) -> None:
        self._numbers: dict[S, list[int]] = {}
        for number, string in enumerate(strings):
            self._numbers.setdefault(string, []).append(number)
        self._head = min(map(len, strings), default=1)
        if not self._head:
            raise ValueError("an empty string is everywhere")
        lengths: defaultdict[S, set[int]] = defaultdict(set)
        for string in self._numbers:
            lengths[string[: self._head]].add(len(string))
        self._lengths: dict[S, list[int]] = {head: sorted(found) for head, found in lengths.items()}

    def hits(self, data: S) -> Iterator[tuple[int, int]]:
        """The number of each string found, and where it ends; in order of start, then of length."""
        head, known, numbers = self._head, self._lengths, self._numbers
        for start in range(len(data) - head + 1):
            if (lengths := known.get(data[start : start + head])) is None:
                continue
            for length in lengths:
                if start + length > len(data):
                    break
                for number in numbers.get(data[start : start + length], ()):
                    yield number, start + length


class PlainStrings:
    """`Slices` as an engine: always there, holds the GIL while it scans."""

    name = "slices"

    def __init__(self, wanted: Wanted, cache: Cache | None) -> None:
        del cache  # there is nothing to keep
        strings, caseless = wanted.build()
        self._lower = bool(caseless)
        self._slices = Slices([string.lower() for string in strings] if caseless else list(strings))

    def any(self, data: Data) -> bool:
        """Whether any of the strings is in there; stops at the first."""
        return next(self.hits(data), None) is not None

    def hits(self, data: Data) -> Iterator[tuple[int, int]]:
        """The number of each string found, and where it ends."""
        return self._slices.hits(bytes(data).lower() if self._lower else bytes(data))


def make_strings(wanted: Wanted, *, prefer: str = "auto", cache: Cache | None = None) -> Strings:
    """The engine for these strings that goes with the engine called ``prefer`` (see `signatures.engine.engines`).

    Raises `ValueError` for an unknown name and `ImportError` where a named engine is not installed.
    """
    if prefer == "hyperscan":
        return HyperscanStrings(wanted, cache)
    if prefer == "re":
        return PlainStrings(wanted, cache)
    if prefer not in ("auto", "portable", "re2"):
        raise ValueError(f"no such engine: {prefer}; known are auto, portable, {', '.join(ENGINES)}")
    if prefer == "auto":
        try:
            return HyperscanStrings(wanted, cache)
        except (ImportError, ValueError, RuntimeError, OSError) as problem:
            log.warning("the hyperscan engine is not used for words: %s", type(problem).__name__)
    try:
        return AhoCorasickStrings(wanted, cache)
    except ImportError:
        log.warning("the aho-corasick engine is not installed: words are looked for slowly")
        return PlainStrings(wanted, cache)
