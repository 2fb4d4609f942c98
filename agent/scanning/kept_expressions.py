"""The grammar's expressions kept in the cache as they were compiled: a worker makes them in milliseconds.

Trusted as compiled databases are (see `signatures.engine.cache`): nobody but this user or root can have written it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from agent.scanning.program import program
from signatures import expressions, precompiled
from signatures.engine.cache import Cache


def compile_ahead(rules_digest: str, cache: Path | None) -> None:
    """Have the expressions that there are by now, those of the grammar of these rules, made from what is kept.

    Where nothing is kept for these rules, this program and this Python, they are compiled and kept. Without a cache
    each is compiled when it is first used.
    """
    if cache is None or not precompiled.IDENTITY:
        return
    what = f"{rules_digest} {program()} {precompiled.IDENTITY}"
    key = f"expressions-{hashlib.sha256(what.encode()).hexdigest()}"
    kept = Cache(cache).load(key)
    if kept is None or not precompiled.use(kept):
        kept = expressions.kept()
        Cache(cache).store(key, kept)
        precompiled.use(kept)
