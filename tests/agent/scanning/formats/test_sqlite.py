"""Databases of SQLite, made by the library itself: values found in every encoding, hostile and damaged files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import sqlite
from agent.scanning.formats.base import Source
from protocol.records import Reason

MARK = "机密★10年"


def database(folder: Path, *more: str, encoding: str = "UTF-8", value: str = MARK) -> bytes:
    path = folder / "a.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"PRAGMA encoding = '{encoding}'")
        base.execute("CREATE TABLE notes (who, said, more)")
        base.execute("INSERT INTO notes VALUES ('王一', ?, 'x')", (value,))
        for statement in more:
            base.execute(statement)
        base.commit()
    return path.read_bytes()


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_a_value_is_told_though_others_stand_beside_it(tmp_path: Path, examiner: Examiner, encoding: str) -> None:
    (row,) = examiner.examine(Source.of(database(tmp_path, encoding=encoding)), "a.db").rows
    assert [finding.level for finding in row.findings] == ["机密"]


def test_one_that_was_written_with_a_log_is_read(tmp_path: Path, examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(database(tmp_path, "PRAGMA journal_mode = WAL")), "a.db").rows
    assert row.findings


def test_a_database_without_markings_is_clean(tmp_path: Path, examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(database(tmp_path, value="他说机密★10年的事不能讲")), "a.db").rows
    assert (row.findings, row.reason) == ((), None)


def test_what_a_table_would_have_worked_out_is_not_run(tmp_path: Path, examiner: Examiner) -> None:
    trap = "CREATE TABLE trap (a, b AS (zeroblob(a)))"
    (row,) = examiner.examine(Source.of(database(tmp_path, trap, "INSERT INTO trap (a) VALUES (9)")), "a.db").rows
    assert row.findings


@pytest.mark.parametrize("where", [100, 4096, 4100])
def test_a_damaged_one_is_told(tmp_path: Path, examiner: Examiner, where: int) -> None:
    data = bytearray(database(tmp_path))
    data[where : where + 8] = b"\xff" * 8
    (row,) = examiner.examine(Source.of(bytes(data)), "a.db").rows
    assert row.findings or row.reason is Reason.DAMAGED


def test_one_whose_rows_cannot_be_reached_is_no_clean_one(tmp_path: Path, examiner: Examiner) -> None:
    data = bytearray(database(tmp_path))
    assert data[4096] == 13  # a leaf: the page of the table
    data[4099:4101] = bytes(2)  # of which it says that it has no rows
    (row,) = examiner.examine(Source.of(bytes(data)), "a.db").rows
    assert row.findings or row.reason is Reason.DAMAGED


def test_what_was_deleted_marks_nothing(tmp_path: Path, examiner: Examiner) -> None:
    data = database(tmp_path, "DELETE FROM notes", "INSERT INTO notes VALUES ('王一', '通知', 'x')")
    (row,) = examiner.examine(Source.of(data), "a.db").rows
    assert (row.findings, row.reason) == ((), None)


def test_one_that_is_too_large_for_the_library_is_searched_as_bytes(
    tmp_path: Path, examiner: Examiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sqlite.LIMITS, "bytes read as tables", 100)
    data = database(tmp_path, "CREATE TABLE alone (a)", "INSERT INTO alone SELECT said FROM notes")
    (row,) = examiner.examine(Source.of(data), "a.db").rows
    assert (row.findings[0].level, row.reason) == ("机密", None)
