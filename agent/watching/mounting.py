"""Mounting and unmounting by the kernel's own calls (mount(2), umount2(2), open_tree(2)), each one of them reversible.

Under systemd the agent lives in a mount namespace of its own, from which an unmount does not reach the computer's.
There the call is made by a small process that first enters the namespace of process 1 (needs CAP_SYS_ADMIN and
CAP_SYS_CHROOT: `deploy/systemd/holding.conf`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

OTHERS = "/proc/1/ns/mnt"
"""The namespace that everybody else on this computer is in."""

_MS_RDONLY, _MS_REMOUNT = 1, 32
_FLAGS = {
    "ro": _MS_RDONLY,
    "nosuid": 2,
    "nodev": 4,
    "noexec": 8,
    "sync": 16,
    "dirsync": 128,
    "nosymfollow": 256,
    "noatime": 1024,
    "nodiratime": 2048,
    "relatime": 1 << 21,
    "strictatime": 1 << 24,
    "lazytime": 1 << 25,
}
"""Options of mountinfo that are flags of mount(2); all others belong to the file system."""
_MNT_DETACH = 2
_OPEN_TREE = 428  # the same number on every architecture
_OPEN_TREE_CLONE, _AT_FDCWD = 1, -100
_CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def flags_of(options: str) -> int:
    """The flags of mount(2) among comma-separated options."""
    return sum(_FLAGS.get(option, 0) for option in set(options.split(",")))


def data_of(options: str) -> str:
    """The options that are the file system's own: what mount(2) takes as data."""
    return ",".join(option for option in options.split(",") if option not in (*_FLAGS, "rw", ""))


def make_read_only(path: str, options: str) -> None:
    """Make a mounted file system read-only for everybody. Raises `OSError`: EBUSY while a file is being written."""
    _mount("", path, "", flags_of(options) | _MS_REMOUNT | _MS_RDONLY, "")


def make_writable(path: str, options: str) -> None:
    """Undo `make_read_only`. Raises `OSError`."""
    _mount("", path, "", (flags_of(options) & ~_MS_RDONLY) | _MS_REMOUNT, "")


def mount_again(source: str, path: str, filesystem: str, options: str, data: str) -> None:
    """Mount a file system where and as it was mounted before. Raises `OSError`."""
    _checked(_mount, source, path, filesystem, str(flags_of(options)), data)


def unmount(path: str) -> None:
    """Take a mount away from everybody, also while it is in use: what has files open keeps them. Raises `OSError`."""
    _checked(_unmount, path)


def private_view(path: str) -> int:
    """A descriptor of a mount that stays readable for us, below ``/proc/self/fd``, once it is unmounted.

    Raises `OSError`.
    """
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC
    descriptor = int(_libc.syscall(_OPEN_TREE, _AT_FDCWD, ctypes.c_char_p(os.fsencode(path)), flags))
    if descriptor < 0:
        _fail(path)
    return descriptor


def mounted_in_private(source: str, filesystem: str, below: Path) -> int:
    """The same for a file system that is mounted nowhere: read-only, seen by nobody else. Raises `OSError`."""
    folder = below / "held"
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = flags_of("nosuid,nodev,noexec")
    try:
        _mount(source, str(folder), filesystem, kept | _MS_RDONLY, "")
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _mount(source, str(folder), filesystem, kept, "")  # somebody still has files of it open for writing
    try:
        return private_view(str(folder))
    finally:
        _unmount(str(folder))


def _mount(source: str, path: str, filesystem: str, flags: int | str, data: str) -> None:
    with suppress(OSError):  # a desktop takes its mount points away; where it cannot be made, the kernel says so
        Path(path).mkdir(exist_ok=True)
    names = [ctypes.c_char_p(os.fsencode(name) or None) for name in (source, path, filesystem)]
    if _libc.mount(*names, ctypes.c_ulong(int(flags)), ctypes.c_char_p(data.encode() or None)):
        _fail(path)


def _unmount(path: str) -> None:
    if _libc.umount2(ctypes.c_char_p(os.fsencode(path)), _MNT_DETACH):
        _fail(path)


def _fail(path: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), path)


_CALLS: dict[str, Callable[..., None]] = {"mount": _mount, "unmount": _unmount}


def _checked(call: Callable[..., None], *values: str) -> None:
    """Make a call where everybody sees it: here, or in the namespace of process 1."""
    if _same_namespace():
        call(*values)
        return
    name = next(name for name, known in _CALLS.items() if known is call)
    program = (sys.executable, "-I", "-m", "agent.watching.mounting", OTHERS, name, *values)
    done = subprocess.run(program, check=False, capture_output=True, timeout=30)
    if done.returncode:
        raise OSError(done.returncode, os.strerror(done.returncode), values[0])


def _same_namespace() -> bool:
    try:
        return Path(OTHERS).stat().st_ino == Path("/proc/self/ns/mnt").stat().st_ino
    except OSError:
        return True


def main() -> int:
    """Make one call in another mount namespace; the status is the number of the error, 0 for none."""
    others, name, *values = sys.argv[1:]
    try:
        with Path(others).open("rb") as namespace:
            if _libc.setns(namespace.fileno(), _CLONE_NEWNS):
                return ctypes.get_errno()
        _CALLS[name](*values)
    except OSError as error:
        return error.errno or 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
