"""What a worker was at is known although it can no longer speak."""

from __future__ import annotations

import os
from pathlib import Path

from agent.scanning.at_work import GRAMMAR, AtWork, page


def test_what_a_process_told_before_it_was_gone_is_there_and_a_new_file_begins_anew() -> None:
    descriptor = page()
    theirs = os.dup(descriptor)
    ours = AtWork(descriptor)
    child = os.fork()
    if child == 0:
        told = AtWork(theirs)
        told.begin("zip")
        told.anew()
        told.begin("pdf")
        told.begin(GRAMMAR)
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    assert ours.told() == {"pdf", GRAMMAR}
    ours.close()


def test_a_page_keeps_no_descriptor_open() -> None:
    before = _open()
    kept = AtWork(page())
    assert _open() == before
    assert kept.told() == frozenset()
    kept.close()
    kept.close()


def _open() -> set[str]:
    """The descriptors this process has, but for the one that looks."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir() if entry.exists()}
