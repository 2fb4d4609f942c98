"""A file that was the end of its worker twice is not tried again, whatever it is called, until the format changes."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.scanning import cage as cage_module
from agent.scanning import program, versions
from agent.scanning.at_work import GRAMMAR
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
    Poison(database).remember(found(tmp_path / "a"), Reason.CRASHED)
    (tmp_path / "b").write_bytes(b"poison")
    (tmp_path / "c").write_bytes(b"bread!")
    poison = Poison(database)
    assert poison.reason(found(tmp_path / "b")) is Reason.CRASHED
    assert poison.reason(found(tmp_path / "c")) is None


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Formats of their own: pdf imports layout, and zip stands alone."""
    folder = tmp_path / "formats"
    folder.mkdir()
    (folder / "layout.py").write_text("")
    (folder / "pdf.py").write_text("from agent.scanning.formats import layout\n")
    (folder / "zip.py").write_text("")
    monkeypatch.setattr(versions, "_FOLDER", folder)
    monkeypatch.setattr(program, "HOUSE", folder)
    forget()
    yield folder
    forget()


def forget() -> None:
    for cached in (versions._made_by, versions._version, versions.parts_of, versions._imported):
        cached.cache_clear()


@pytest.mark.parametrize(("changed", "tried"), [("pdf", True), ("layout", True), ("zip", False)])
def test_it_is_tried_again_once_a_format_that_had_a_hand_in_it_has_changed_and_not_before(
    tmp_path: Path, database: sqlite3.Connection, house: Path, changed: str, tried: bool
) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    Poison(database).remember(found(tmp_path / "a"), Reason.TIMEOUT, ["pdf"])
    assert Poison(database).reason(found(tmp_path / "a")) is Reason.TIMEOUT
    (house / f"{changed}.py").write_text("# mended\n")
    forget()
    assert (Poison(database).reason(found(tmp_path / "a")) is None) is tried


@pytest.mark.parametrize("formats", [[], ["pdf", GRAMMAR]])
def test_where_no_format_or_the_grammar_was_at_work_any_change_of_the_program_tries_again(
    tmp_path: Path,
    database: sqlite3.Connection,
    house: Path,
    formats: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    Poison(database).remember(found(tmp_path / "a"), Reason.CRASHED, formats)
    assert Poison(database).reason(found(tmp_path / "a")) is Reason.CRASHED
    (house / "agent" / "scanning").mkdir(parents=True)
    (house / "agent" / "scanning" / "identify.py").write_text("# mended\n")
    assert Poison(database).reason(found(tmp_path / "a")) is None


def test_a_format_that_is_gone_makes_no_trouble(tmp_path: Path, database: sqlite3.Connection, house: Path) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    Poison(database).remember(found(tmp_path / "a"), Reason.CRASHED, ["zip"])
    (house / "zip.py").unlink()
    forget()
    assert Poison(database).reason(found(tmp_path / "a")) is None


def test_no_file_is_read_for_it_whose_size_does_not_fit(tmp_path: Path, database: sqlite3.Connection) -> None:
    (tmp_path / "a").write_bytes(b"poison")
    poison = Poison(database)
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
    with sqlite3.connect(tmp_path / "book") as book:
        assert book.execute("SELECT formats, reason FROM poisonous").fetchall() == [("text", "crashed")]
    book.close()


def test_a_pdf_at_which_the_library_itself_breaks_costs_its_own_row_and_is_known_by_its_format(
    tmp_path: Path, compiled: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    shutil.copy(Path(__file__).with_name("formats") / "data" / "ends-pdfium.pdf", tree)
    (tree / "a.txt").write_text("机密★10年\n")
    told: dict[str, str] = {}
    options = ScanOptions(ledger=tmp_path / "book", cache=compiled, workers=1, pictures=False)
    summary = Scanner(options).run(
        [tree], lambda one: told.__setitem__(Path(one.path).name, str(one.reason or one.verdict))
    )
    assert summary.enumerated == 2
    assert told["a.txt"] == "finding"
    assert told["ends-pdfium.pdf"] in ("crashed", "damaged", "clean"), "mended one day: then it is read"
    with sqlite3.connect(tmp_path / "book") as book:
        remembered = book.execute("SELECT formats FROM poisonous").fetchall()
    book.close()
    assert remembered == ([("pdf",)] if told["ends-pdfium.pdf"] == "crashed" else [])
