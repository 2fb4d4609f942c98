"""Another user for a worker: what root starts is not to read files of strangers as root."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from pathlib import Path

NAME = "mijian-scan"
"""The user that workers become where whoever installed us has made one."""

DYNAMIC = range(61184, 65520)
"""Where systemd takes the users that exist while a service runs; nobody else uses these numbers."""

_NEEDED = (1 << 7) | (1 << 6) | (1 << 5)
"""CAP_SETUID, CAP_SETGID, and CAP_KILL: a worker of another user must still be ended."""


def may_change() -> bool:
    """Whether this process is root and may start processes of other users."""
    if os.geteuid() != 0:
        return False
    held = next(
        (int(line.split()[1], 16) for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line), 0
    )
    return held & _NEEDED == _NEEDED


def become_nobody() -> None:
    """Become the user for workers, or one that nobody is, with no group but its own. Raises OSError."""
    uid, gid = _known() or _unused()
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _known() -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return None
    return (entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _unused() -> tuple[int, int]:
    """A user and group of which nothing is known here: not by name, not as a process, not to systemd."""
    running = _users_of_processes()
    for _ in range(100):
        number = DYNAMIC[int.from_bytes(os.urandom(4)) % len(DYNAMIC)]
        if number not in running and not Path(f"/run/systemd/dynamic-uid/{number}").exists() and not _named(number):
            return number, number
    raise OSError("no unused user can be found")


def _users_of_processes() -> set[int]:
    users = set()
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended just now
                    users.add(entry.stat().st_uid)
    return users


def _named(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:
        pass
    else:
        return True
    try:
        grp.getgrgid(number)
    except KeyError:
        return False
    return True
