"""Rules kept in the cache as they were read: reading packs written for people takes longer than many a scan.

What is kept holds for the very bytes of the packs and the very same program, and is trusted as compiled databases are
(see `signatures.engine.cache`): nobody but this user or root can have written it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from agent.scanning.program import program
from signatures.engine.cache import Cache
from signatures.rules import PACKS, RuleSet, load_rules, load_sound


def rules_of(
    directory: Path | None, cache: Path | None, *, enable: Collection[str] = (), sound: bool = False
) -> RuleSet:
    """The packs of a directory, or those we ship. Raises as `load_rules` does.

    ``sound`` leaves out packs with a mistake instead, as `load_sound` does.
    """
    folder = PACKS if directory is None else directory
    key = _key(folder, enable) if cache is not None else ""
    if cache is None or not key:
        return _read(directory, enable, sound=sound)
    kept = Cache(cache).load(key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=RuleSet)
        except msgspec.MsgspecError:
            pass  # kept by another version of a library: read anew, and kept anew
    rules = _read(directory, enable, sound=sound)
    if not sound and key == _key(folder, enable):  # with a mistake left out they are not all that lies there
        Cache(cache).store(key, msgspec.msgpack.encode(rules))
    return rules


def _read(directory: Path | None, enable: Collection[str], *, sound: bool) -> RuleSet:
    return load_sound(directory, enable=enable).rules if sound else load_rules(directory, enable=enable)


def _key(folder: Path, enable: Collection[str]) -> str:
    """What tells these packs, read by this program, from all others; empty where they cannot be read."""
    digest = hashlib.sha256(f"{program()} {msgspec.__version__} {' '.join(sorted(enable))}".encode())
    try:
        for file in sorted(folder.glob("*.yaml")):
            data = file.read_bytes()
            digest.update(f"{file.name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    except OSError:
        return ""
    return f"rules-{digest.hexdigest()}"
