"""Which program this is: what it made before (verdicts, compiled databases) holds only for the very same one."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BEARS_ON_VERDICTS = ("agent/scanning", "signatures")


def program() -> str:
    """A digest that changes with the program: of the names, sizes and times of the code that bears on verdicts."""
    house = Path(__file__).resolve().parents[2]
    digest = hashlib.blake2b(digest_size=16)
    for package in _BEARS_ON_VERDICTS:
        for path in sorted((house / package).rglob("*.py")):
            status = path.stat()
            digest.update(f"{path.relative_to(house)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
