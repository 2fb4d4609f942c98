from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.judging.media import NOTHING_LEFT, Left
from agent.watching import left
from agent.watching.left import LeftFiles
from protocol.records import Medium

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = bytes(32)
STICK = Medium(key="k")


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    (folder / "汇报").mkdir(parents=True)
    (folder / "汇报" / "方案.docx").write_bytes(b"one")
    (folder / "setup.exe").write_bytes(b"MZ")
    return folder


@pytest.fixture
def files(state: Path) -> LeftFiles:
    return LeftFiles(state, KEY, 7)


def test_what_lies_longer_than_allowed_is_counted_with_its_days(files: LeftFiles, stick: Path) -> None:
    assert files.look(STICK, str(stick), MONDAY) == NOTHING_LEFT
    (stick / "新.pdf").write_bytes(b"two")
    assert files.look(STICK, str(stick), MONDAY + 6 * DAY) == NOTHING_LEFT
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == Left(1, 9), "the newer one may lie a while yet"
    assert files.look(STICK, str(stick), MONDAY + 20 * DAY) == Left(2, 20)


def test_programs_are_no_office_documents(files: LeftFiles, stick: Path) -> None:
    (stick / "汇报" / "方案.docx").unlink()
    files.look(STICK, str(stick), MONDAY)
    assert files.look(STICK, str(stick), MONDAY + 30 * DAY) == NOTHING_LEFT


def test_a_time_is_kept_over_a_restart_and_wherever_the_medium_is_mounted(
    files: LeftFiles, state: Path, stick: Path, tmp_path: Path
) -> None:
    files.look(STICK, str(stick), MONDAY)
    elsewhere = stick.rename(tmp_path / "elsewhere")
    assert LeftFiles(state, KEY, 7).look(STICK, f"{elsewhere}/", MONDAY + 8 * DAY) == Left(1, 8)


def test_what_was_cleared_and_comes_back_or_was_written_anew_begins_anew(files: LeftFiles, stick: Path) -> None:
    document = stick / "汇报" / "方案.docx"
    files.look(STICK, str(stick), MONDAY)
    document.unlink()
    files.look(STICK, str(stick), MONDAY + 5 * DAY)
    document.write_bytes(b"one")
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == NOTHING_LEFT
    document.write_bytes(b"another task")
    assert files.look(STICK, str(stick), MONDAY + 17 * DAY) == NOTHING_LEFT


def test_each_medium_has_times_of_its_own(files: LeftFiles, stick: Path) -> None:
    files.look(STICK, str(stick), MONDAY)
    assert files.look(Medium(key="other"), str(stick), MONDAY + 9 * DAY) == NOTHING_LEFT
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == Left(1, 9)


def test_each_partition_of_a_medium_has_times_of_its_own(files: LeftFiles, stick: Path, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    first, second = (Medium(key="k", filesystem_uuid_hash=uuid) for uuid in ("a", "b"))
    for now in (MONDAY, MONDAY + 9 * DAY):
        told = [files.look(first, str(stick), now), files.look(second, str(tmp_path / "second"), now)]
    assert told == [Left(1, 9), NOTHING_LEFT]


def test_a_medium_pulled_before_the_look_forgets_nothing(files: LeftFiles, stick: Path, tmp_path: Path) -> None:
    files.look(STICK, str(stick), MONDAY)
    assert files.look(STICK, str(tmp_path / "gone"), MONDAY + 5 * DAY) == NOTHING_LEFT
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == Left(1, 9)


def test_a_clock_that_was_set_back_accuses_nobody(files: LeftFiles, stick: Path) -> None:
    files.look(STICK, str(stick), MONDAY)
    assert files.look(STICK, str(stick), MONDAY - 30 * DAY) == NOTHING_LEFT
    assert files.look(STICK, str(stick), MONDAY + DAY) == NOTHING_LEFT


def test_no_name_is_kept_and_nobody_else_may_read_the_table(files: LeftFiles, state: Path, stick: Path) -> None:
    files.look(STICK, str(stick), MONDAY)
    kept = (state / left.FILE).read_bytes()
    assert "方案".encode() not in kept
    assert b"docx" not in kept
    assert (state / left.FILE).stat().st_mode & 0o777 == 0o600


def test_the_table_is_bounded_and_forgets_media_that_do_not_come_back(
    files: LeftFiles, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "MOST_ROWS", 2)
    for number in range(4):
        files.look(Medium(key=f"k{number}"), str(stick), MONDAY + number * DAY)
    assert files.look(Medium(key="k0"), str(stick), MONDAY + 30 * DAY) == NOTHING_LEFT, "seen longest ago"
    assert files.look(Medium(key="k3"), str(stick), MONDAY + 31 * DAY) == Left(1, 28)
    assert files.look(Medium(key="k3"), str(stick), MONDAY + 32 * DAY + left.FORGOTTEN) == Left(1, 429)
    assert files.look(Medium(key="k0"), str(stick), MONDAY + 33 * DAY + left.FORGOTTEN) == NOTHING_LEFT


def test_a_damaged_table_is_told_and_times_begin_anew(files: LeftFiles, state: Path, stick: Path) -> None:
    files.look(STICK, str(stick), MONDAY)
    (state / left.FILE).write_bytes(b"no database at all" * 300)
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == NOTHING_LEFT
    assert files.failed
    assert files.look(STICK, str(stick), MONDAY + 10 * DAY) == NOTHING_LEFT
    assert not files.failed
    assert files.look(STICK, str(stick), MONDAY + 20 * DAY) == Left(1, 10)


def test_a_pipe_on_the_medium_stops_nothing(files: LeftFiles, stick: Path) -> None:
    os.mkfifo(stick / "汇报" / "pipe.docx")
    files.look(STICK, str(stick), MONDAY)
    assert files.look(STICK, str(stick), MONDAY + 9 * DAY) == Left(1, 9)
