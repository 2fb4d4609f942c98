"""The watch folder: sealed files that are put there are taken in as they come, each answered by a receipt beside it.

A file is taken once its size has not changed between two looks. What was taken goes to ``taken/``, what was refused to
``refused/``; nothing is deleted. Links are not followed, and names come from the folder, never from a file's content.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from django.conf import settings

from protocol.envelope import MAX_ENVELOPE
from server.intake.spool import SpoolUnavailable
from server.intake.taking import Taken, take

OURS = (".receipt", ".part", ".tmp")
"""Endings of files that are not looked at: our answers, and what copying programs write while they write."""
MOST = 500
"""Files of one look."""
_log = logging.getLogger(__name__)
_sizes: dict[str, tuple[int, int]] = {}
"""Name → size and time of change at the last look."""


def take_in() -> int:
    """Look at the folder once; how many files were taken or refused. Raises `OSError` where it cannot be read."""
    folder = Path(settings.MIJIAN_WATCH_FOLDER)
    done = 0
    seen: dict[str, tuple[int, int]] = {}
    for entry in sorted(os.scandir(folder), key=lambda one: one.name)[:MOST]:
        if entry.name.startswith(".") or entry.name.endswith(OURS) or not entry.is_file(follow_symlinks=False):
            continue
        told = entry.stat(follow_symlinks=False)
        state = (told.st_size, told.st_mtime_ns)
        if _sizes.get(entry.name) == state:
            done += _take(folder, entry.name)
        else:
            seen[entry.name] = state
    _sizes.clear()
    _sizes.update(seen)
    return done


def _take(folder: Path, name: str) -> bool:
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                return False
            taken = take(source.read(MAX_ENVELOPE + 1))
    except (OSError, SpoolUnavailable) as error:
        _log.warning("a file in the watch folder is left for later: %s", type(error).__name__)
        return False
    _file(folder, name, taken)
    return True


def _file(folder: Path, name: str, taken: Taken) -> None:
    """Write the receipt and put the file aside. The receipt first: a file that stays is taken again, as a duplicate."""
    receipt, draft = folder / f"{name}.receipt", folder / f"{name}.receipt.part"
    with draft.open("wb") as out:
        out.write(taken.receipt)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(receipt)
    aside = folder / ("refused" if taken.answer == "refused" else "taken")
    aside.mkdir(exist_ok=True)
    (folder / name).replace(aside / f"{taken.digest[:12]}-{name}"[:200])
