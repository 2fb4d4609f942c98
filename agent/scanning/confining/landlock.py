"""Landlock: no file of any file system, no port, no signal and no abstract socket outside this process's own domain.

The rule set names every access this kernel can refuse and allows none. What is open already stays open.
"""

from __future__ import annotations

import ctypes
import errno
import os

from agent.scanning.confining import kernel

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on all kinds of processors
_VERSION = 1

_FILE_ACCESS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version of Landlock on it knows how many kinds of access to files."""
_BIND_AND_CONNECT = 0b11
_SOCKETS_AND_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scope", ctypes.c_uint64))


def version() -> int:
    """The version of Landlock this kernel has; 0 where it has none or has it switched off."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return 0


def restrict() -> None:
    """Close everything Landlock can close to this process, for ever. Needs no-new-privileges. Raises OSError."""
    known = version()
    if not known:
        raise OSError(errno.EOPNOTSUPP, "no Landlock in this kernel (Linux 5.13 and later can have it)")
    kinds = max(count for since, count in _FILE_ACCESS if since <= known)
    rules = _Ruleset(
        (1 << kinds) - 1, _BIND_AND_CONNECT if known >= 4 else 0, _SOCKETS_AND_SIGNALS if known >= 6 else 0
    )
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    try:
        kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
