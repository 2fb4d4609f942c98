"""Which table of mounts is asked: the kernel's own, or psutil's list where that cannot be read."""

from __future__ import annotations

import logging
from pathlib import Path

from agent.watching.mounts import MOUNTINFO, Mount, MountTable, Table

log = logging.getLogger(__name__)


def mount_table(file: Path = MOUNTINFO) -> Table:
    """The table of mounts of the kernel; as psutil lists them where that cannot be read. Raises `OSError`."""
    try:
        return MountTable(file)
    except OSError as error:
        # Here: it is needed nowhere else.
        from agent.watching.partitions import Partitions

        log.warning("the kernel's table of mounts cannot be read (%s): it is polled by psutil", error.strerror)
        return Partitions()


def current() -> list[Mount]:
    """All mounts now, where nobody waits for them to change. Raises `OSError`."""
    table = mount_table()
    try:
        return table.read()
    finally:
        table.close()
