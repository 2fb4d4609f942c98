"""The filter of system calls: what reading an open file takes, and nothing else.

Allowed by name, for x86-64 and aarch64. Everything else is refused with EPERM, which libraries that probe for
something take for an answer; what only an attack would call ends the process. Calls that take a path are all refused,
`stat` too: not even whether a file exists can be learned. The few calls that could reach another process are allowed
for this one alone.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.scanning.confining import kernel

Numbers = tuple[int | None, int | None]
"""A call's number on x86-64 and on aarch64; None where it has none."""

# fmt: off
ALLOWED: Mapping[str, Numbers] = {
    # files that are open
    "read": (0, 63), "pread64": (17, 67), "readv": (19, 65), "preadv": (295, 69), "write": (1, 64),
    "lseek": (8, 62), "fstat": (5, 80), "close": (3, 57), "dup": (32, 23), "fadvise64": (221, 223),
    # the socket that is open
    "sendto": (44, 206), "sendmsg": (46, 211), "recvfrom": (45, 207), "recvmsg": (47, 212),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "membarrier": (324, 283),
    # signals to itself
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    # time and chance
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getrandom": (318, 278),
    # what it is and what it may
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getrusage": (98, 165), "getrlimit": (97, 163),
    "uname": (63, 160), "sysinfo": (99, 179), "sched_getaffinity": (204, 123), "sched_yield": (24, 124),
    "getcpu": (309, 168), "rseq": (334, 293), "arch_prctl": (158, None), "futex": (202, 98),
    "set_robust_list": (273, 99),
    # the end
    "exit": (60, 93), "exit_group": (231, 94),
}

TO_ITSELF: Mapping[str, Numbers] = {"kill": (62, 129), "tgkill": (234, 131)}
"""Allowed where the first argument is this process."""

LIMITS: Mapping[str, Numbers] = {"prlimit64": (302, 261)}
"""Allowed where the first argument is 0, this process: its limit on processor time moves from file to file."""

FCNTL: Mapping[str, Numbers] = {"fcntl": (72, 25)}
FCNTL_COMMANDS = (0, 1, 2, 3, 1030)
"""``fcntl`` to copy a descriptor or to read or set its flags; not to have signals sent to a process."""

FATAL: Mapping[str, Numbers] = {
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "pivot_root": (155, 41), "chroot": (161, 51),
    "init_module": (175, 105), "finit_module": (313, 273), "kexec_load": (246, 104), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "open_by_handle_at": (304, 265),
}
"""Nothing that reads files has a use for these, and no library probes for them."""
# fmt: on

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
"""Numbers from here on are calls of another kind on x86-64, with the same effect: refused as a whole."""

_NUMBER_AT, _ARCH_AT, _FIRST_AT, _SECOND_AT = 0, 4, 16, 24
"""Where they stand in what the kernel shows to a filter; of arguments the low half, both kinds being little-endian."""

LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM


class Instruction(NamedTuple):
    """One instruction of a filter: where to go on is counted from the next one."""

    code: int
    then: int
    otherwise: int
    value: int


class Unsupported(Exception):
    """There is no list of system calls for this kind of processor."""


def program(machine: str, own: int) -> list[Instruction]:
    """The filter for a kind of processor (as `platform.machine` names it) and this process id. Raises `Unsupported`."""
    if machine not in AUDIT_ARCH:
        raise Unsupported(f"no list of system calls for {machine}")
    column = list(AUDIT_ARCH).index(machine)
    made = [_load(_ARCH_AT), Instruction(IF_EQUAL, 1, 0, AUDIT_ARCH[machine]), _return(KILL), _load(_NUMBER_AT)]
    if machine == "x86_64":
        made += [Instruction(IF_AT_LEAST, 0, 1, X32), _return(KILL)]
    for numbers in ALLOWED.values():
        made += _when(numbers[column], ALLOW)
    for numbers in FATAL.values():
        made += _when(numbers[column], KILL)
    for calls, at, values in (
        (TO_ITSELF, _FIRST_AT, (own,)),
        (LIMITS, _FIRST_AT, (0,)),
        (FCNTL, _SECOND_AT, FCNTL_COMMANDS),
    ):
        for numbers in calls.values():
            made += _when_argument(numbers[column], at, values)
    return [*made, _return(REFUSE)]


def install(own: int) -> None:
    """Put the filter over this process, for ever. Needs no-new-privileges. Raises OSError, `Unsupported`."""
    instructions = program(platform.machine(), own)
    code = b"".join(struct.pack("=HBBI", *one) for one in instructions)
    held = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(instructions), ctypes.addressof(held)))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.byref(head))


def _load(at: int) -> Instruction:
    return Instruction(LOAD, 0, 0, at)


def _return(action: int) -> Instruction:
    return Instruction(RETURN, 0, 0, action)


def _when(number: int | None, action: int) -> list[Instruction]:
    return [] if number is None else [Instruction(IF_EQUAL, 0, 1, number), _return(action)]


def _when_argument(number: int | None, at: int, values: Sequence[int]) -> list[Instruction]:
    """Allow a call where an argument has one of some values, refuse it with any other."""
    if number is None:
        return []
    compare = [
        Instruction(IF_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)
    ]  # each jumps over the rest and the refusal
    body = [_load(at), *compare, _return(REFUSE), _return(ALLOW)]
    return [Instruction(IF_EQUAL, 0, len(body), number), *body]
