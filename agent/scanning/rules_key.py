"""What tells rules, as they lie on the disk, from all others: known without reading them as rules."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

import signatures

SHIPPED = Path(signatures.__file__).parent / "packs"
"""The packs we ship."""


def rules_key(folder: Path | None, program: str, enable: Collection[str] = ()) -> str:
    """A digest of the bytes of the packs in a folder (None: those we ship), and of the program that reads them.

    ``enable``: packs that are used although they are not enabled by themselves.
    Empty where they cannot be read.
    """
    digest = hashlib.sha256(f"{program} {msgspec.__version__} {' '.join(sorted(enable))}".encode())
    try:
        for file in sorted((SHIPPED if folder is None else folder).glob("*.yaml")):
            data = file.read_bytes()
            digest.update(f"{file.name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    except OSError:
        return ""
    return f"rules-{digest.hexdigest()}"
