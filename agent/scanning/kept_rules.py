"""Rules kept in the cache as they were read: reading packs written for people takes longer than many a scan.

What is kept holds for the very bytes of the packs and the very same program, and is trusted as compiled databases are
(see `signatures.engine.cache`): nobody but this user or root can have written it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from agent.scanning.program import program
from agent.scanning.rules_key import rules_key
from signatures.engine.cache import Cache
from signatures.rules import RuleSet, load_rules, load_sound


def rules_of(
    directory: Path | None, cache: Path | None, *, enable: Collection[str] = (), sound: bool = False
) -> RuleSet:
    """The packs of a directory, or those we ship. Raises as `load_rules` does.

    ``sound`` leaves out packs with a mistake instead, as `load_sound` does.
    """
    key = rules_key(directory, program(), enable) if cache is not None else ""
    if cache is None or not key:
        return _read(directory, enable, sound=sound)
    kept = Cache(cache).load(key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=RuleSet)
        except msgspec.MsgspecError:
            pass  # kept by another version of a library: read anew, and kept anew
    rules = _read(directory, enable, sound=sound)
    if not sound and key == rules_key(directory, program(), enable):  # with a mistake left out they are not all
        Cache(cache).store(key, msgspec.msgpack.encode(rules))
    return rules


def _read(directory: Path | None, enable: Collection[str], *, sound: bool) -> RuleSet:
    return load_sound(directory, enable=enable).rules if sound else load_rules(directory, enable=enable)
