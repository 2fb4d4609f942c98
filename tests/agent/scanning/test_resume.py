"""What was examined is not opened again: not in an unchanged tree, not after a scan that was cut short.

Which files are opened is told by the kernel (inotify), whoever opens them.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from agent.scanning import ledger as ledger_module
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult, Summary

_IN_OPEN, _IN_ISDIR, _NONBLOCK = 0x20, 0x40000000, os.O_NONBLOCK
_libc = ctypes.CDLL(None, use_errno=True)

FILES = 60


@pytest.fixture(autouse=True)
def files_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "UNSETTLED", -1.0)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for number in range(FILES):
        place = folder / str(number % 3)
        place.mkdir(parents=True, exist_ok=True)
        marked = "机密★10年\n" if number % 10 == 0 else ""
        (place / f"{number}.txt").write_text(f"{marked}一般材料 {number}\n")
    return folder


@pytest.fixture
def options(tmp_path: Path, compiled: Path) -> ScanOptions:
    return ScanOptions(cache=compiled, ledger=tmp_path / "ledger.sqlite", workers=1)


def opened(tree: Path, act: Callable[[], object]) -> set[str]:
    """The names of the files that were opened meanwhile."""
    watch = _libc.inotify_init1(_NONBLOCK)
    assert watch >= 0
    try:
        for folder in tree.iterdir():
            assert _libc.inotify_add_watch(watch, os.fsencode(folder), ctypes.c_uint32(_IN_OPEN)) >= 0
        act()
        names = set()
        try:
            data = os.read(watch, 1024 * 1024)
        except BlockingIOError:
            return set()
        at = 0
        while at < len(data):
            _, mask, _, length = struct.unpack_from("iIII", data, at)
            if not mask & _IN_ISDIR:
                names.add(data[at + 16 : at + 16 + length].rstrip(b"\0").decode())
            at += 16 + length
        return names
    finally:
        os.close(watch)


def scan(tree: Path, options: ScanOptions, after: int = 10**6) -> tuple[dict[str, str], Summary]:
    """Scan, and stop after so many results; the verdicts by name."""
    told: dict[str, str] = {}
    stop = Event()

    def result(one: FileResult) -> None:
        told[Path(one.path).name] = str(one.verdict)
        if len(told) >= after:
            stop.set()

    return told, Scanner(options).run([tree], result, stop=stop)


def test_an_unchanged_tree_is_told_again_without_one_file_being_opened(tree: Path, options: ScanOptions) -> None:
    first: dict[str, str] = {}
    again: dict[str, str] = {}
    names = opened(tree, lambda: first.update(scan(tree, options)[0]))
    assert len(names) == FILES
    assert opened(tree, lambda: again.update(scan(tree, options)[0])) == set()
    assert again == first
    assert sum(verdict == "finding" for verdict in again.values()) == 6


def test_one_changed_file_is_opened_and_no_other(tree: Path, options: ScanOptions) -> None:
    scan(tree, options)
    (tree / "1" / "31.txt").write_text("绝密★启用前\n")
    told: dict[str, str] = {}
    assert opened(tree, lambda: told.update(scan(tree, options)[0])) == {"31.txt"}
    assert told["31.txt"] == "finding"
    assert len(told) == FILES


def test_a_scan_that_was_cut_short_goes_on_with_what_was_not_examined(tree: Path, options: ScanOptions) -> None:
    before, summary = scan(tree, options, after=25)
    assert not summary.complete
    told: dict[str, str] = {}
    names = opened(tree, lambda: told.update(scan(tree, options)[0]))
    assert names == {f"{number}.txt" for number in range(FILES)} - set(before)
    assert len(told) == FILES


def test_the_ledger_known_or_not_the_sum_is_the_same(tree: Path, options: ScanOptions) -> None:
    quiet = ScanOptions(cache=options.cache, ledger=options.ledger, workers=1, tell_clean=False)
    _, first = scan(tree, options)
    told, known = scan(tree, quiet)
    assert (known.enumerated, known.clean, known.finding, known.bytes) == (FILES, 54, 6, first.bytes)
    assert set(told.values()) == {"finding"}, "and clean files are not told where nobody asks for them"
