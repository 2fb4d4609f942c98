"""The filter of system calls, run here instruction by instruction as the kernel would, for both kinds of processor."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from agent.scanning.confining.seccomp import (
    ALLOW,
    ALLOWED,
    AUDIT_ARCH,
    FATAL,
    FCNTL,
    FCNTL_COMMANDS,
    IF_AT_LEAST,
    IF_EQUAL,
    KILL,
    LIMITS,
    LOAD,
    REFUSE,
    RETURN,
    TO_ITSELF,
    X32,
    Instruction,
    Unsupported,
    program,
)

OWN = 4321
MACHINES = ("x86_64", "aarch64")
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
TABLES = {**ALLOWED, **TO_ITSELF, **LIMITS, **FCNTL, **FATAL}


def run(filter_: list[Instruction], arch: int, number: int, *arguments: int) -> int:
    """What the filter says of one call. Fails where it leaves its own bounds, as the kernel's verifier would."""
    shown = {0: number, 4: arch} | {16 + 8 * place: value & 0xFFFFFFFF for place, value in enumerate(arguments)}
    held, at = 0, 0
    for _ in range(len(filter_) + 1):
        code, then, otherwise, value = filter_[at]
        at += 1
        match code:
            case 0x20:
                held = shown[value]
            case 0x15:
                at += then if held == value else otherwise
            case 0x35:
                at += then if held >= value else otherwise
            case 0x06:
                return value
            case _:
                raise AssertionError(f"no such instruction: {code:#x}")
    raise AssertionError("it does not end")


def expected(machine: str, number: int, first: int, second: int) -> int:
    column = MACHINES.index(machine)
    name = next((name for name, numbers in TABLES.items() if numbers[column] == number), "")
    if name in FATAL:
        return KILL
    allowed = (
        name in ALLOWED
        or (name in TO_ITSELF and first == OWN)
        or (name in LIMITS and first == 0)
        or (name in FCNTL and second in FCNTL_COMMANDS)
    )
    return ALLOW if allowed else REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_gets_just_the_answer_that_the_tables_say(machine: str) -> None:
    filter_ = program(machine, OWN)
    for number in [*range(600), 0x7FFF, 0x3FFFFFFF]:
        for first, second in itertools.product((0, 1, OWN, OWN + 1, 0xFFFFFFFF), (0, 3, 4, 8, 1030)):
            wanted = expected(machine, number, first, second)
            assert run(filter_, AUDIT_ARCH[machine], number, first, second) == wanted, (number, first, second)


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_kind_of_processor_end_the_process(machine: str) -> None:
    filter_ = program(machine, OWN)
    i386 = 0x40000003
    others = {i386, *AUDIT_ARCH.values()} - {AUDIT_ARCH[machine]}
    assert {run(filter_, other, number, 0, 0) for other in others for number in range(600)} == {KILL}


def test_calls_with_short_pointers_end_the_process() -> None:
    filter_ = program("x86_64", OWN)
    assert {run(filter_, AUDIT_ARCH["x86_64"], X32 + number, 0, 0) for number in range(600)} == {KILL}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_one_the_kernel_takes(machine: str) -> None:
    filter_ = program(machine, OWN)
    assert len(filter_) < 4096
    assert {one.code for one in filter_} <= {LOAD, IF_EQUAL, IF_AT_LEAST, RETURN}
    assert filter_[-1] == Instruction(RETURN, 0, 0, REFUSE)
    for at, one in enumerate(filter_):
        assert 0 <= one.then < 256
        assert 0 <= one.otherwise < 256
        if one.code in (IF_EQUAL, IF_AT_LEAST):
            assert at + 1 + max(one.then, one.otherwise) < len(filter_)


def test_the_beginning_of_the_filter_for_aarch64_is_this() -> None:
    assert program("aarch64", OWN)[:6] == [
        (0x20, 0, 0, 4),  # load the kind of processor
        (0x15, 1, 0, 0xC00000B7),  # aarch64: on
        (0x06, 0, 0, 0x80000000),  # any other: the end
        (0x20, 0, 0, 0),  # load the number
        (0x15, 0, 1, 63),  # read
        (0x06, 0, 0, 0x7FFF0000),  # allowed
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_no_call_that_takes_a_path_or_makes_a_process_is_allowed(machine: str) -> None:
    forbidden = r"open|stat$|link|access|chdir|mkdir|rmdir|rename|chmod|chown|mknod|mount|exec|fork|clone|socket|xattr"
    taking = {name for name in {**ALLOWED, **TO_ITSELF, **LIMITS, **FCNTL} if re.search(forbidden, name)}
    assert taking == {"fstat"}, "which takes a descriptor"


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernel(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed here")
    stated = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s", HEADERS[machine].read_text())
    known = {name: int(number) for name, number in stated}
    ours = {name: numbers[MACHINES.index(machine)] for name, numbers in TABLES.items()}
    assert {name: number for name, number in ours.items() if number is not None and known.get(name) != number} == {}
    assert {name for name, number in ours.items() if number is None} & set(known) <= {"time", "poll", "select"}


def test_an_unknown_kind_of_processor_is_said() -> None:
    with pytest.raises(Unsupported, match="riscv64"):
        program("riscv64", OWN)
