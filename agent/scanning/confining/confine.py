"""Giving up all that reading open files does not need, and saying how far that went.

Everything is tried, and what this computer does not offer is named: `Level.word` is ``full`` only where nothing is
missing.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.scanning.confining import kernel, landlock, seccomp, user

DESCRIPTORS = 256
"""Descriptors a worker may hold: a batch of files."""

_CAPABILITY_VERSION = 0x20080522
_MOST_CAPABILITIES = 64


class Level(msgspec.Struct):
    """How far a process is confined."""

    missing: list[str] = msgspec.field(default_factory=list)
    """What could not be had, each with its reason."""
    holds_anything: bool = False

    @property
    def word(self) -> str:
        """``full``, ``partial: why`` or ``none: why``, as summaries and reports say it."""
        if not self.missing:
            return "full"
        return f"{'partial' if self.holds_anything else 'none'}: {'; '.join(self.missing)}"


def confine(memory: int) -> Level:
    """Confine this process, for ever. ``memory``: bytes it may take beyond what it has now.

    No thread may have been started. What is loaded and what is open stays; nothing else can be had afterwards: no
    file, no socket, no process, no signal to another, no other user.
    """
    level = Level()
    own, change = os.getpid(), os.geteuid() == 0
    steps: list[tuple[str, Callable[[], None]]] = [
        ("limits", lambda: _limits(memory)),
        ("own user", _own_user) if change else ("", _nothing),
        ("capabilities", _no_capabilities),
        ("no new privileges", lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)),
        ("hidden memory", lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 0)),
        # The kernel forgets this when the user changes, so that it comes after.
        ("end with the scan", lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)),
        ("Landlock", landlock.restrict),
        ("system call filter", lambda: seccomp.install(own)),
    ]
    for name, step in steps:
        try:
            step()
        except (OSError, ValueError, AttributeError, seccomp.Unsupported) as error:
            level.missing.append(f"{name} ({_reason(error)})")
        else:
            level.holds_anything = level.holds_anything or bool(name)
    return level


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__


def _nothing() -> None:
    """Whoever is not root is no other already."""


def _limits(memory: int) -> None:
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_MSGQUEUE):
        resource.setrlimit(which, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def _own_user() -> None:
    if not user.may_change():
        raise OSError("root here may not start processes of other users")
    for capability in range(_MOST_CAPABILITIES):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break  # the last one this kernel has, or we may not: without new privileges there is no way back to any
    user.become_nobody()


def _no_capabilities() -> None:
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.capset((ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())
