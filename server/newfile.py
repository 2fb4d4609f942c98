"""A new file that appears whole or not at all, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """Write to a draft beside ``target``; on a good end it is synced and gets its name. Nobody's file is replaced.

    Raises `FileExistsError` where the name is taken, or any other `OSError`, with nothing left behind.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, target)  # a rename would replace
    finally:
        draft.unlink(missing_ok=True)
