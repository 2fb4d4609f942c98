"""How far a process was confined is said in words, and what is missing is named."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import pytest

from agent.scanning.confining import landlock
from agent.scanning.confining.confine import Level

CONFINED = """
import json, sys
from agent.scanning.confining import confine, landlock, seccomp
{before}
level = confine.confine(64 * 1024 * 1024)
print(json.dumps([level.word, level.missing]))
"""


def confined(before: str = "") -> tuple[str, list[str]]:
    """What `confine` says in a process of its own, after some other code has run there."""
    command = [sys.executable, "-c", CONFINED.format(before=before)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    word, missing = json.loads(done.stdout)
    return word, missing


def test_nothing_missing_is_full() -> None:
    assert Level(holds_anything=True).word == "full"


def test_what_is_missing_is_named() -> None:
    assert Level(["Landlock (none here)"], holds_anything=True).word == "partial: Landlock (none here)"
    assert Level(["limits (refused)", "own user (refused)"]).word == "none: limits (refused); own user (refused)"


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_this_computer_offers_all_of_it() -> None:
    assert confined() == ("full", [])


def test_a_kernel_without_landlock_makes_it_partial_and_is_told() -> None:
    word, missing = confined("landlock.version = lambda: 0")
    assert word.startswith("partial: Landlock (no Landlock in this kernel")
    assert len(missing) == 1


def test_a_processor_without_a_list_of_calls_makes_it_partial_and_is_told() -> None:
    word, _ = confined("seccomp.platform.machine = lambda: 'riscv64'")
    assert word == "partial: system call filter (no list of system calls for riscv64)"


def test_a_kernel_that_refuses_the_filter_makes_it_partial_and_is_told() -> None:
    refused = f"""
def refused(*_):
    raise OSError({errno.EINVAL}, "Invalid argument")
seccomp.install = refused
"""
    assert confined(refused)[0] == "partial: system call filter (Invalid argument)"
