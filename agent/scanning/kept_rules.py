"""Rules kept in the cache as they were read: reading packs written for people takes longer than many a scan.

What is kept holds for the very bytes of the packs and the very same program, and is trusted as compiled databases are
(see `signatures.engine.cache`): nobody but this user or root can have written it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from agent.scanning.program import program
from signatures.engine.cache import Cache
from signatures.rules import PACKS, RuleSet, load_rules


def rules_of(directory: Path | None, cache: Path | None) -> RuleSet:
    """The packs of a directory, or those we ship. Raises as `load_rules` does."""
    key = _key(PACKS if directory is None else directory) if cache is not None else ""
    if cache is None or not key:
        return load_rules(directory)
    kept = Cache(cache).load(key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=RuleSet)
        except msgspec.MsgspecError:
            pass  # kept by another version of a library: read anew, and kept anew
    rules = load_rules(directory)
    if key == _key(PACKS if directory is None else directory):
        Cache(cache).store(key, msgspec.msgpack.encode(rules))
    return rules


def _key(folder: Path) -> str:
    """What tells these packs, read by this program, from all others; empty where they cannot be read."""
    digest = hashlib.sha256(f"{program()} {msgspec.__version__}".encode())
    try:
        for file in sorted(folder.glob("*.yaml")):
            data = file.read_bytes()
            digest.update(f"{file.name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    except OSError:
        return ""
    return f"rules-{digest.hexdigest()}"
