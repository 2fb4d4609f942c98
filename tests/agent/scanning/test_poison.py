"""A file that was the end of its worker twice is not tried again, whatever it is called, until the program changes."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from agent.scanning import cage as cage_module
from agent.scanning.ledger import Ledger
from agent.scanning.pipeline import Scanner, ScanOptions
from agent.scanning.poison import Poison
from agent.scanning.results import FileResult
from agent.scanning.walk import Found, Walk
from protocol.records import Reason

BRITTLE = (sys.executable, "-I", str(Path(__file__).with_name("brittle_worker.py")))


def found(path: Path) -> Found:
    (one,) = Walk([str(path)])
    assert isinstance(one, Found)
    return one


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    return Ledger(tmp_path / "book", "").database


def test_it_is_known_by_its_content_and_not_by_its_name(tmp_path: Path, database: sqlite3.Connection) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    Poison(database, "1").remember(found(tmp_path / "a"), Reason.CRASHED)
    (tmp_path / "b").write_bytes(b"poison")
    (tmp_path / "c").write_bytes(b"bread!")
    poison = Poison(database, "1")
    assert poison.reason(found(tmp_path / "b")) is Reason.CRASHED
    assert poison.reason(found(tmp_path / "c")) is None


def test_another_version_of_the_program_tries_again(tmp_path: Path, database: sqlite3.Connection) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    Poison(database, "1").remember(found(tmp_path / "a"), Reason.TIMEOUT)
    assert Poison(database, "2").reason(found(tmp_path / "a")) is None


def test_no_file_is_read_for_it_whose_size_does_not_fit(tmp_path: Path, database: sqlite3.Connection) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    poison = Poison(database, "1")
    poison.remember(found(tmp_path / "a"), Reason.CRASHED)
    (tmp_path / "b").write_bytes(b"longer than that")
    longer = found(tmp_path / "b")
    (tmp_path / "b").unlink()
    assert poison.reason(longer) is None


def test_a_scan_tries_a_poisonous_file_twice_and_the_next_scan_not_at_all(
    tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cage_module, "PROGRAM", BRITTLE)
    monkeypatch.setattr(
        cage_module.Cage.__init__, "__kwdefaults__", {**cage_module.Cage.__init__.__kwdefaults__, "program": BRITTLE}
    )
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(12):
        (tree / f"{number}.txt").write_text("EXIT\n" if number == 5 else f"ordinary {number}")
    options = ScanOptions(ledger=tmp_path / "book", cache=compiled, workers=1)

    def fates() -> tuple[Counter[str], int]:
        caplog.clear()
        results: list[FileResult] = []
        Scanner(options).run([tree], results.append)
        lost = sum("a worker was lost" in record.message for record in caplog.records)
        return Counter(str(result.reason or result.verdict) for result in results), lost

    assert fates() == ({"clean": 11, "crashed": 1}, 2)
    (tree / "5.txt").rename(tree / "another name.txt")
    assert fates() == ({"clean": 11, "crashed": 1}, 0)
