"""Which program this is: what it made before (verdicts, compiled databases) holds only for the very same one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
_BEARS_ON_VERDICTS = ("agent/scanning", "signatures")
_FORMATS = HOUSE / "agent/scanning/formats"


def program() -> str:
    """A digest that changes with the program: of the names, sizes and times of the code that bears on verdicts."""
    return stamp(_sources()).hex()


def without_formats() -> str:
    """The same of all but the formats, each of which has a version of its own (see `agent.scanning.versions`)."""
    return stamp(path for path in _sources() if path.rpartition("/")[0] != os.fspath(_FORMATS)).hex()


def stamp(paths: Iterable[str | Path]) -> bytes:
    """A digest of the names, sizes and times of some files of the program."""
    digest = hashlib.blake2b(digest_size=16)
    here = len(os.fspath(HOUSE)) + 1
    for path in sorted(os.fspath(path) for path in paths):
        status = os.stat(path)  # noqa: PTH116 — asked for at every start
        digest.update(f"{path[here:]} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.digest()


def _sources() -> Iterator[str]:
    """Asked for at every start: by names, which are listed much faster than `Path` objects."""
    for package in _BEARS_ON_VERDICTS:
        # Packs of rules are told apart by `rules_key`.
        endings = (".py", ".yaml") if package == _BEARS_ON_VERDICTS[0] else (".py",)
        for folder, _, names in os.walk(HOUSE / package):
            yield from (f"{folder}/{name}" for name in names if name.endswith(endings))
