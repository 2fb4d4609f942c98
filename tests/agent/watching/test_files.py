from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import FilesSettings
from agent.watching import files as module
from agent.watching.files import FileWatch


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[FileWatch]:
    (tmp_path / "work").mkdir()
    made = FileWatch(FilesSettings(watch=(str(tmp_path / "work"),), settle_seconds=0.2), lambda _: None)
    assert made.start() == []
    yield made
    made.stop()


def gather(watch: FileWatch, count: int) -> list[str]:
    found: list[str] = []
    until = time.monotonic() + 10
    while len(found) < count and time.monotonic() < until:
        found += watch.settled()
        time.sleep(0.02)
    return found


def test_a_file_written_in_many_pieces_is_told_once(watch: FileWatch, tmp_path: Path) -> None:
    path = tmp_path / "work" / "sub" / "草稿.txt"
    path.parent.mkdir()
    time.sleep(0.3)
    with path.open("w") as file:
        for _ in range(20):
            file.write("x" * 100)
            file.flush()
    assert gather(watch, 1).count(str(path)) == 1
    time.sleep(0.5)
    assert str(path) not in watch.settled()


def test_a_file_saved_under_another_name_is_told_by_its_last(watch: FileWatch, tmp_path: Path) -> None:
    part, whole = tmp_path / "work" / "x.part", tmp_path / "work" / "x.docx"
    part.write_text("x")
    part.rename(whole)
    assert gather(watch, 1) == [str(whole)]


def test_a_file_that_is_gone_again_is_not_told(watch: FileWatch, tmp_path: Path) -> None:
    path = tmp_path / "work" / "x"
    path.write_text("x")
    path.unlink()
    time.sleep(0.6)
    assert watch.settled() == []


def test_more_changes_than_can_be_held_are_told_as_the_folder(
    watch: FileWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(10):
        (tmp_path / "work" / str(number)).write_text("x")
    assert str(tmp_path / "work") in gather(watch, 4)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    (tmp_path / "there").mkdir()
    watch = FileWatch(FilesSettings(watch=(missing, str(tmp_path / "there"))), lambda _: None)
    assert watch.start() == [missing]
    watch.stop()
