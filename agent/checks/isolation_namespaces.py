"""Other network namespaces of this computer: containers, and whatever was moved out of sight on purpose.

A namespace is entered by a thread of its own that does nothing but look and then ends; the agent itself stays where it
is. Only an agent that knows itself to be in the computer's first namespace (that of process 1) looks into others: one
that is in a container, or may not know, speaks for its own namespace alone, and its verdict says so.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from agent.checks.isolation_sockets import process_name

Seen = TypeVar("Seen")

_CLONE_NEWNET = 0x40000000
_MOST = 256
"""Namespaces looked into at one time."""
NAMED = ("run/netns", "var/run/netns", "run/docker/netns")
"""Where tools keep namespaces that no process is in."""


def others(look: Callable[[], Seen], root: Path = Path("/")) -> tuple[list[tuple[str, Seen]], int] | None:
    """What ``look`` sees in each other namespace, by name, and how many could not be looked into.

    None where this process speaks for its own namespace alone.
    """
    mine = _inode(root / "proc/self/ns/net")
    if mine is None or _inode(root / "proc/1/ns/net") != mine:
        return None
    seen: dict[int, tuple[str, Path]] = {}
    denied = 0
    for name, path in _candidates(root):
        try:
            inode = path.stat().st_ino
        except PermissionError:  # of another user's process: there may be a namespace, and we cannot know
            denied = 1
            continue
        except OSError:  # ended meanwhile
            continue
        if inode != mine:
            seen.setdefault(inode, (name, path))
    found: list[tuple[str, Seen]] = []
    unseen = denied + max(0, len(seen) - _MOST)
    for name, path in list(seen.values())[:_MOST]:
        one = within(path, look)
        if one is None:
            unseen += 1
        else:
            found.append((name, one))
    return sorted(found, key=lambda pair: pair[0]), unseen


def _candidates(root: Path) -> Iterator[tuple[str, Path]]:
    """Files that stand for namespaces, those that somebody named first."""
    for folder in NAMED:
        for name in _names(root / folder):
            yield name, root / folder / name
    for pid in _names(root / "proc"):
        if pid.isdigit():
            yield process_name(root / "proc" / pid) or pid, root / "proc" / pid / "ns/net"


def within(path: Path, look: Callable[[], Seen], patience: float = 10) -> Seen | None:
    """What is seen from within a namespace; None where it cannot be entered, or ``patience`` (seconds) ends."""
    found: list[Seen] = []

    def body() -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) == 0:
                found.append(look())
        except OSError:  # told by the count of those that were not seen
            return
        finally:
            os.close(descriptor)

    thread = threading.Thread(target=body, name="look into a namespace", daemon=True)
    thread.start()
    thread.join(patience)
    return found[0] if found else None


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
