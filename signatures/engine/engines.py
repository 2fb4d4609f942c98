"""The engines that look for many byte expressions at once: Hyperscan, RE2, and plain `re` where neither is."""

from __future__ import annotations

import hashlib
import logging
import platform
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

from signatures.engine.bytecode import any_of, unescape
from signatures.engine.cache import Cache
from signatures.engine.screens import SCREENS_VERSION

Data = bytes | memoryview


class Expressions:
    """Expressions with a digest that is known before they are: a cached database needs only the latter."""

    def __init__(self, build: Callable[[], Sequence[str]], digest: str | None = None) -> None:
        self._build = build
        self._digest = digest

    @cached_property
    def all(self) -> list[str]:
        """The expressions in the order of their numbers, built when first asked for."""
        return list(self._build())

    @property
    def digest(self) -> str:
        """SHA-256, hex, over everything that decides what the expressions are."""
        return self._digest or hashlib.sha256("\0".join(self.all).encode()).hexdigest()


log = logging.getLogger(__name__)


class _NothingToFind(Exception):
    """There is no expression to compile."""


class Engine(Protocol):
    """Many expressions compiled into one thing that may be used by several threads at once."""

    name: str
    tells_where: bool
    """Whether it can tell where expressions match."""

    def any(self, data: Data) -> bool:
        """Whether any expression matches."""
        ...

    def ends(self, data: Data) -> dict[int, list[int] | None]:
        """Which expressions match, by number, and where their matches end; None where the engine cannot tell."""
        ...

    def few(self, data: Data, most: int) -> tuple[dict[int, list[int] | None], bool]:
        """As `ends`, of the first ``most`` matches at least; and whether these are all."""
        ...


class Hyperscan:
    """Intel's Hyperscan (Vectorscan on ARM): 0.5 to 5 GB/s on one core, whatever the number of expressions.

    Raises `ImportError` where the package is missing. Raises `ValueError` for an expression it cannot take.
    The database is shared between threads, its scratch space is one per thread; the GIL is released while it scans.
    """

    name = "hyperscan"
    tells_where = True
    _slice = 1 << 30
    _overlap = 1 << 16

    def __init__(self, expressions: Expressions, cache: Cache | None = None) -> None:
        import hyperscan

        self._hyperscan: Any = hyperscan
        key = self._key(expressions)
        # It has a CRC of its own, and says for which version and CPU it was made: loading it proves all of that.
        blob = cache.load(key, proven=True) if cache else None
        database = self._load(blob) if blob is not None else None
        if database is None:
            database = self._compile(expressions.all)
            if cache:
                cache.store(key, hyperscan.dumpb(database))
        self._database: Any = database
        self._local = threading.local()
        self._local.scratch = database.scratch

    def _compile(self, expressions: list[str]) -> Any:
        if not expressions:
            raise _NothingToFind
        hyperscan = self._hyperscan
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[expression.encode("ascii") for expression in expressions],
                ids=list(range(len(expressions))),
                flags=[hyperscan.HS_FLAG_DOTALL] * len(expressions),
            )
        except hyperscan.error as problem:
            raise ValueError("Hyperscan cannot compile these expressions") from problem
        return database

    def _load(self, blob: bytes) -> Any | None:
        hyperscan = self._hyperscan
        try:
            database = hyperscan.loadb(blob, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
        except hyperscan.error:
            log.info("a cached database was made for another engine and is compiled anew")
            return None
        return database

    def _key(self, expressions: Expressions) -> str:
        """SHA-256 over all that a compiled database depends on: expressions, our and the engine's version, the CPU."""
        parts = [str(SCREENS_VERSION), self._hyperscan.__version__, _build_of(self._hyperscan), platform.machine()]
        return hashlib.sha256("\0".join([*parts, _cpu(), expressions.digest]).encode()).hexdigest()

    def _scratch(self) -> Any:
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        return scratch

    def any(self, data: Data) -> bool:
        """Whether any expression matches; stops at the first."""
        try:
            self._scan(data, _stop)
        except self._hyperscan.ScanTerminated:
            return True
        return False

    def ends(self, data: Data) -> dict[int, list[int] | None]:
        """Which expressions match and where each match ends."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        base = 0

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found[number].append(base + end)

        for base in range(0, max(len(data), 1), self._slice):
            self._scan_slice(data, base, note)
        return dict(found)

    def few(self, data: Data, most: int) -> tuple[dict[int, list[int] | None], bool]:
        """Which expressions match and where each match ends, until there are ``most``; and whether that is all."""
        hits: list[tuple[int, int]] = []
        base = 0

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            hits.append((number, base + end))
            return len(hits) >= most

        whole = True
        try:
            for base in range(0, max(len(data), 1), self._slice):
                self._scan_slice(data, base, note)
        except self._hyperscan.ScanTerminated:
            whole = False
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number, end in hits:
            found[number].append(end)
        return dict(found), whole

    def _scan(self, data: Data, handler: Any) -> None:
        for base in range(0, max(len(data), 1), self._slice):
            self._scan_slice(data, base, handler)

    def _scan_slice(self, data: Data, base: int, handler: Any) -> None:
        """Scan one piece: Hyperscan counts bytes in 32 bits."""
        if len(data) > self._slice:
            data = memoryview(data)[base : base + self._slice + self._overlap]
        self._database.scan(data, match_event_handler=handler, scratch=self._scratch())


def _stop(*_: object) -> bool:
    return True


@lru_cache(maxsize=1)
def _build_of(hyperscan: Any) -> str:
    """Version and features of the engine itself, which only a compiled database tells."""
    probe = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    probe.compile(expressions=[b"mijian"], ids=[0], flags=[0])
    return str(probe.info())


@lru_cache(maxsize=1)
def _cpu() -> str:
    """What this CPU can do, as the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


class Re2:
    """Google's RE2: one automaton over all expressions, 500 to 700 MB/s on one core; safe to share by threads.

    Raises `ImportError` where the package is missing, `ValueError` where it fails its own trial.
    """

    name = "re2"
    tells_where = False
    _memory = 256 * 1024 * 1024

    def __init__(self, given: Expressions, cache: Cache | None = None) -> None:
        del cache  # compiles in milliseconds
        expressions = given.all
        if not expressions:
            raise _NothingToFind
        import re2

        options: Any = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = self._memory
        options.dot_nl = True
        options.log_errors = False
        self._set: Any = re2.Set.SearchSet(options)
        for expression in expressions:
            self._set.Add(expression.encode("ascii"))
        self._set.Compile()
        # An automaton that ran out of memory answers "nothing here" instead of failing.
        strings = {number: string for number, text in enumerate(expressions) if (string := unescape(text)) is not None}
        if not strings.keys() <= set(self._set.Match(b"\n".join(strings.values())) or ()):
            raise ValueError("RE2 cannot hold all expressions")

    def any(self, data: Data) -> bool:
        """Whether any expression matches."""
        return bool(self._set.Match(data))

    def ends(self, data: Data) -> dict[int, list[int] | None]:
        """Which expressions match; where, this engine cannot tell."""
        return dict.fromkeys(self._set.Match(data) or ())

    def few(self, data: Data, _most: int) -> tuple[dict[int, list[int] | None], bool]:
        """All of them, always."""
        return self.ends(data), True


class Plain:
    """Python's own `re`: a few MB/s, and always there. Holds the GIL while it scans."""

    name = "re"
    tells_where = False

    def __init__(self, given: Expressions, cache: Cache | None = None) -> None:
        del cache  # there is nothing to keep
        expressions = given.all
        if not expressions:
            raise _NothingToFind
        self._each = [re.compile(expression.encode("ascii"), re.DOTALL) for expression in expressions]
        strings = [string for text in expressions if (string := unescape(text)) is not None]
        self._first = [re.compile(any_of(strings).encode("ascii"))] if strings else []
        self._first += [
            pattern for text, pattern in zip(expressions, self._each, strict=True) if unescape(text) is None
        ]

    def any(self, data: Data) -> bool:
        """Whether any expression matches."""
        return any(pattern.search(data) for pattern in self._first)

    def ends(self, data: Data) -> dict[int, list[int] | None]:
        """Which expressions match; where is left to the exact patterns."""
        return {number: None for number, pattern in enumerate(self._each) if pattern.search(data)}

    def few(self, data: Data, _most: int) -> tuple[dict[int, list[int] | None], bool]:
        """All of them, always."""
        return self.ends(data), True


ENGINES: dict[str, type[Hyperscan] | type[Re2] | type[Plain]] = {
    engine.name: engine for engine in (Hyperscan, Re2, Plain)
}
"""Every engine by its name, the fastest first."""


class Nothing:
    """The engine for no expressions at all: an encoding that has none of the characters looked for."""

    name = "none"
    tells_where = True

    def any(self, _data: Data) -> bool:
        """No."""
        return False

    def ends(self, _data: Data) -> dict[int, list[int] | None]:
        """None."""
        return {}

    def few(self, _data: Data, _most: int) -> tuple[dict[int, list[int] | None], bool]:
        """None, and these are all."""
        return {}, True


def make(expressions: Expressions | Sequence[str], *, prefer: str = "auto", cache: Cache | None = None) -> Engine:
    """The engine called ``prefer``, or with ``auto`` the fastest that works here, ``portable``: without Hyperscan.

    Raises `ValueError` for an unknown name and `ImportError` where a named engine is not installed.
    """
    given = expressions if isinstance(expressions, Expressions) else Expressions(lambda: expressions)
    if prefer in ENGINES:
        return _checked(ENGINES[prefer], given, cache)
    if prefer not in ("auto", "portable"):
        raise ValueError(f"no such engine: {prefer}; known are auto, portable, {', '.join(ENGINES)}")
    for name, engine in ENGINES.items():
        if name == Hyperscan.name and prefer == "portable":
            continue
        try:
            return _checked(engine, given, cache)
        except (ImportError, ValueError, RuntimeError, OSError) as problem:
            log.warning("the %s engine is not used: %s", name, type(problem).__name__)
    return Plain(given)


def _checked(engine: type[Hyperscan] | type[Re2] | type[Plain], given: Expressions, cache: Cache | None) -> Engine:
    try:
        return engine(given, cache)
    except _NothingToFind:
        return Nothing()
