"""A list that is read anew when its file changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signatures.keywords import Watched
from signatures.strict_yaml import FileMistake


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("天河计划\n", "utf-8")
    return path


def replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def words(watched: Watched) -> list[str]:
    return [word.text for word in watched.current.words]


def test_a_changed_file_takes_the_place_of_the_old_list(file: Path) -> None:
    watched = Watched(file)
    replace(file, "长城计划\n")
    assert words(watched) == ["天河计划"]
    assert watched.refresh() is True
    assert words(watched) == ["长城计划"]
    assert watched.refresh() is False


def test_a_file_only_touched_changes_nothing(file: Path) -> None:
    watched = Watched(file)
    before = watched.current
    os.utime(file, (1, 1))
    assert watched.refresh() is False
    assert watched.current is before


def test_a_broken_new_version_is_refused_with_a_reason_and_the_old_list_stays_in_force(file: Path) -> None:
    watched = Watched(file)
    replace(file, "长城计划\n甲\n")
    assert watched.refresh() is False
    assert words(watched) == ["天河计划"]
    assert watched.problem is not None
    assert f"{file}:2:" in watched.problem
    assert "the last list stays in force" in watched.problem
    assert watched.refresh() is False
    assert watched.problem is not None
    replace(file, "长城计划\n")
    assert watched.refresh() is True
    assert (words(watched), watched.problem) == (["长城计划"], None)


def test_a_file_that_vanishes_leaves_its_list_in_force_and_may_come_back(file: Path) -> None:
    watched = Watched(file)
    file.unlink()
    assert watched.refresh() is False
    assert watched.problem is not None
    assert str(file) in watched.problem
    assert words(watched) == ["天河计划"]
    file.write_text("天河计划\n", "utf-8")
    assert watched.refresh() is False
    assert watched.problem is None


def test_a_file_that_is_wrong_from_the_start_is_refused(file: Path) -> None:
    file.write_text("甲\n", "utf-8")
    with pytest.raises(FileMistake):
        Watched(file)
    file.unlink()
    with pytest.raises(OSError, match="No such file"):
        Watched(file)
