"""Which program this is: what it made before (verdicts, compiled databases) holds only for the very same one."""

from __future__ import annotations

import hashlib
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
    return stamp(path for path in _sources() if path.parent != _FORMATS).hex()


def stamp(paths: Iterable[Path]) -> bytes:
    """A digest of the names, sizes and times of some files of the program."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(paths):
        status = path.stat()
        digest.update(f"{path.relative_to(HOUSE)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.digest()


def _sources() -> Iterator[Path]:
    for package in _BEARS_ON_VERDICTS:
        yield from (HOUSE / package).rglob("*.py")
    yield from (HOUSE / "agent/scanning").rglob("*.yaml")  # packs of rules are told apart by `rules_key`
