"""Rules kept in the cache as they were read: reading packs written for people takes longer than many a scan.

What is kept holds for the very bytes of the packs and the very same program, and is trusted as compiled databases are
(see `signatures.engine.cache`): nobody but this user or root can have written it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.scanning.program import program
from agent.scanning.rules_key import rules_key
from signatures.engine.cache import Cache
from signatures.rules import RuleSet, load_rules


def rules_of(directory: Path | None, cache: Path | None) -> RuleSet:
    """The packs of a directory, or those we ship. Raises as `load_rules` does."""
    key = rules_key(directory, program()) if cache is not None else ""
    if cache is None or not key:
        return load_rules(directory)
    kept = Cache(cache).load(key)
    if kept is not None:
        try:
            return msgspec.msgpack.decode(kept, type=RuleSet)
        except msgspec.MsgspecError:
            pass  # kept by another version of a library: read anew, and kept anew
    rules = load_rules(directory)
    if key == rules_key(directory, program()):
        Cache(cache).store(key, msgspec.msgpack.encode(rules))
    return rules
