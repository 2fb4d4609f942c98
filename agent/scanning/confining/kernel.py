"""Calls of the kernel that Python has no function for, by the C library that is loaded already."""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, second: int, third: object = 0) -> None:
    """``prctl(2)``. Raises OSError."""
    last = third if not isinstance(third, int) else ctypes.c_ulong(third)
    _checked("prctl", _libc.prctl(option, ctypes.c_ulong(second), last, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number; integers are passed as longs. Raises OSError."""
    passed = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked("syscall", _libc.syscall(ctypes.c_long(number), *passed))


def capset(header: ctypes.Array[ctypes.c_uint32], data: ctypes.Array[ctypes.c_uint32]) -> None:
    """``capset(2)``. Raises OSError."""
    _checked("capset", _libc.capset(ctypes.byref(header), ctypes.byref(data)))


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
