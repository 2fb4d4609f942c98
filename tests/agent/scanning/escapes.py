"""Attempts to get out of the cage. Each returns where it succeeded and raises OSError where it was refused.

Told apart from the product on purpose: nothing that is shipped knows of them. Where the pid of another process is
needed, the parent stands for it.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_X86_64 = os.uname().machine == "x86_64"


def call(x86_64: int, aarch64: int, *arguments: object) -> int:
    """A system call by its number on this kind of processor."""
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = int(_libc.syscall(ctypes.c_long(x86_64 if _X86_64 else aarch64), *given))
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _read_parents_memory() -> None:
    there = ctypes.create_string_buffer(16)

    class Piece(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    ours = Piece(ctypes.addressof(there), 16)
    theirs = Piece(ctypes.cast(_libc.getpid, ctypes.c_void_p).value, 16)  # libc lies where it lay when we were forked
    call(310, 270, os.getppid(), ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)


def _thread() -> None:
    try:
        threading.Thread(target=int).start()
    except RuntimeError as error:
        raise OSError("no thread") from error


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _more_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _owner_of_signals() -> None:
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())


def _attach() -> None:
    call(101, 117, 0x4206, os.getppid(), 0, 0)  # PTRACE_SEIZE: does not stop it


AS_ROOT = frozenset({"mount", "chroot", "become root", "namespace", "bpf", "asynchronous calls", "watch files"})
"""Attempts that not every process may make outside either."""

ATTEMPTS: dict[str, Callable[[], object]] = {
    "open a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "open by openat2": lambda: call(437, 437, -100, b"/etc/passwd\0", bytes(24), 24),
    "open for a path alone": lambda: os.open("/etc", os.O_PATH),
    "make a file": lambda: os.open(f"/tmp/mijian-escape-{os.getpid()}", os.O_CREAT | os.O_WRONLY, 0o600),
    "open our own program": lambda: os.open(sys.executable, os.O_RDONLY),
    "see whether a file exists": lambda: os.stat("/etc/passwd"),  # noqa: PTH116 - the call itself is meant
    "see a descriptor by its number": lambda: os.stat(0),
    "list a folder": lambda: os.listdir("/"),  # noqa: PTH208
    "follow a link": lambda: os.readlink("/proc/self/exe"),  # noqa: PTH115
    "open own memory": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "open another's memory": lambda: os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY),
    "read another's memory": _read_parents_memory,
    "trace another": _attach,
    "change folder": lambda: os.chdir("/"),
    "an internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "a datagram socket": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "a pair of sockets": socket.socketpair,
    "fork": _fork,
    "a thread": _thread,
    "run a program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "signal another": lambda: os.kill(os.getppid(), 0),
    "signal the group": lambda: os.kill(0, 0),
    "signal all": lambda: os.kill(-1, 0),
    "signal a thread of another": lambda: call(200, 130, os.getppid(), 0),
    "hold another": lambda: os.pidfd_open(os.getppid()),
    "have signals sent to another": _owner_of_signals,
    "limit another": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE),
    "raise the limit on memory": _more_memory,
    "memory without a name": lambda: os.memfd_create("x"),
    "shared memory": lambda: call(29, 194, 0, 4096, 0o1600),
    "message queue": lambda: call(68, 186, 0, 0o1600),
    "pipe": os.pipe,
    "event queue": lambda: call(291, 20, 0),
    "watch files": lambda: call(294, 26, 0),
    "namespace": lambda: call(272, 97, 0x00020000),
    "mount": lambda: call(165, 40, b"none\0", b"/proc\0", b"proc\0", 0, None),
    "chroot": lambda: os.chroot("/"),
    "become root": lambda: os.setresuid(0, 0, 0),
    "be dumpable": lambda: call(157, 167, 4, 1, 0, 0, 0),
    "bpf": lambda: call(321, 280, 0, bytes(128), 128),
    "asynchronous calls": lambda: call(425, 425, 1, ctypes.create_string_buffer(128)),
    "change the clock of scheduling": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
}
"""What to try, by its name."""

HARMLESS: dict[str, Callable[[], object]] = {
    "memory": lambda: mmap.mmap(-1, 1024 * 1024),
    "chance": lambda: os.urandom(16),
    "time": lambda: os.times(),
    "signal itself": lambda: os.kill(os.getpid(), 0),
    "ignore a signal": lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN),
    "copy a descriptor": lambda: fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 10),
}
"""What must go on working."""


def outcome(attempt: Callable[[], object]) -> str:
    """``succeeded`` or ``refused``."""
    try:
        attempt()
    except (OSError, ValueError):  # ValueError: a limit that may not be raised
        return "refused"
    return "succeeded"


def main() -> int:
    """Make each attempt in a process of its own that is not confined, and print how it went: the counter-test."""
    for name, attempt in {**ATTEMPTS, **HARMLESS}.items():
        pid = os.fork()
        if pid == 0:
            os._exit(0 if outcome(attempt) == "succeeded" else 1)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{name}\t{'succeeded' if status == 0 else 'refused'}\n")
        sys.stdout.flush()
    Path(f"/tmp/mijian-escape-{os.getpid()}").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
