"""Two processes walk a tree that is known: they meet together what one meets alone, whatever happens to the second."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.scanning import abreast, ledger, pipeline, walk
from agent.scanning.abreast import Abreast, Distant
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.results import FileResult, Summary
from agent.scanning.walk import Listing, Walk
from protocol.records import Verdict


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(40):
        place = tmp_path / "tree" / f"{number:02}" / "inner"
        place.mkdir(parents=True)
        (place / "a.txt").write_text("机密★10年\n" if number % 8 == 0 else f"一般材料 {number}\n")
        (place.parent / "b.txt").write_text(f"一般材料 {number}\n")
    os.mkfifo(tmp_path / "tree" / "07" / "fifo")
    (tmp_path / "tree" / "08" / "link").symlink_to("/etc")
    return tmp_path / "tree"


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two processes walk even so small a tree; how many folders the second was given, scan by scan."""
    given: list[int] = []
    real = Abreast._take

    def take(self: Abreast, folders: list[walk.Folder], home: int) -> None:
        given.append(len(folders))
        real(self, folders, home)

    monkeypatch.setattr(Abreast, "_take", take)
    monkeypatch.setattr(pipeline, "possible", lambda: True)
    monkeypatch.setattr(ledger, "MANY", 4)
    monkeypatch.setattr(ledger, "UNSETTLED", -1.0)
    return given


def scan(tree: Path, compiled: Path) -> tuple[Summary, list[str]]:
    options = ScanOptions(cache=compiled, ledger=tree.parent / "ledger", workers=1, tell_clean=False)
    told: list[FileResult] = []
    summary = Scanner(options).run([tree], told.append)
    return summary, sorted(one.path for one in told if one.verdict is not Verdict.CLEAN)


def sums(summary: Summary) -> tuple[int, int, int, int]:
    return summary.clean, summary.finding, summary.not_examined, summary.bytes


def test_two_processes_come_to_the_same_sum_and_findings(tree: Path, compiled: Path, two: list[int]) -> None:
    first, found = scan(tree, compiled)
    assert two == [], "nothing is known yet"
    again, found_again = scan(tree, compiled)
    assert two == [20]
    assert sums(again) == sums(first)
    assert sums(first)[:3] == (75, 5, 1)
    assert found_again == found
    assert len(found) == 6


def test_what_changed_is_found_in_either_half(tree: Path, compiled: Path, two: list[int]) -> None:
    scan(tree, compiled)
    for number in (1, 2, 3, 4):
        (tree / f"{number:02}" / "b.txt").write_text("绝密★启用前\n")
        (tree / f"{number + 10}" / "new.txt").write_text("机密★5年\n")
    summary, found = scan(tree, compiled)
    assert two == [20]
    assert summary.finding == 5 + 8
    assert len(found) == 1 + 13


@pytest.mark.parametrize("after", [0, 7])
def test_the_second_process_may_be_lost(
    tree: Path, compiled: Path, two: list[int], after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, found = scan(tree, compiled)
    real, calls = Abreast._distant, [0]

    def lost(self: Abreast, met: Listing) -> Distant:
        calls[0] += 1
        if calls[0] > after:
            raise KeyboardInterrupt
        return real(self, met)

    monkeypatch.setattr(Abreast, "_distant", lost)
    again, found_again = scan(tree, compiled)
    assert two == [20]
    assert (sums(again), found_again) == (sums(first), found)
    assert calls == [0], "it happened in another process"


def test_a_folder_of_very_many_files_is_left_to_the_scanner(
    tree: Path, compiled: Path, two: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "FILES_TOGETHER", 10)
    for folder in ("20", "21"):
        for number in range(35):
            (tree / folder / f"more {number}").write_text("x")
    first, found = scan(tree, compiled)
    again, found_again = scan(tree, compiled)
    assert two == [20]
    assert (sums(again), found_again) == (sums(first), found)


def test_where_there_are_threads_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast.threading, "active_count", lambda: 2)
    assert not abreast.possible()


def test_without_a_second_process_a_walk_is_whole(tree: Path) -> None:
    walked = Walk([str(tree)])
    assert len(list(walked)) == 81
