"""Starting the nursery's process: light to load, so that one can be under way while the rest of us is still loading."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

PROGRAM = (sys.executable, "-I", "-m", "agent.scanning.nursery_process")
"""What the nursery's process runs: isolated from the environment and from the folder it is started in."""

_KEPT = ("PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR")
"""What it, and so a worker, gets of our environment; nothing that may hold a secret."""


class Spawned(NamedTuple):
    """A process that waits for its first message, and our end of the socket to it."""

    process: subprocess.Popen[bytes]
    connection: socket.socket


_ahead: list[Spawned] = []


def spawn(program: Sequence[str] = PROGRAM) -> Spawned:
    """A nursery's process: the one that was started ahead, or a new one. Raises `OSError` where none can be started."""
    if tuple(program) == PROGRAM and _ahead:
        return _ahead.pop()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        process = subprocess.Popen(
            program,
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what a library prints there may be a document's content
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,  # Ctrl-C at the terminal is not for it
        )
    ours.setblocking(False)
    return Spawned(process, ours)


def start_ahead() -> None:
    """Start a nursery's process for the scan that is about to come. If none comes, it ends when we do."""
    if not _ahead:
        _ahead.append(spawn())


def end_ahead() -> bool:
    """End the process that was started ahead, where no scan has taken it; whether there was one."""
    try:
        spawned = _ahead.pop()
    except IndexError:
        return False
    spawned.connection.close()  # it ends by itself when nobody speaks to it any more
    try:
        spawned.process.wait(5)
    except subprocess.TimeoutExpired:
        spawned.process.kill()
        spawned.process.wait()
    return True
