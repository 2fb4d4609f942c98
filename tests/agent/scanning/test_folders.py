"""What the ledger knows of a whole folder counts only while not one of its files has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.scanning import ledger as ledger_module
from agent.scanning import versions
from agent.scanning.ledger import Ledger
from agent.scanning.walk import Listing, Walk
from agent.scanning.wire import Examined
from protocol.records import Finding, Reason, Severity, Verdict

FINDING = Finding(
    rule="cn-state.starred",
    family="state",
    level="机密",
    period="P10Y",
    zone="p1_top_left",
    confidence=95,
    severity=Severity.CRITICAL,
    marking="机密★10年",
)
NAMES = ("a.txt", "b.txt", "c.zip")
ROWS = {
    "a.txt": [Examined(Verdict.CLEAN, "text/plain", 5)],
    "b.txt": [Examined(Verdict.FINDING, "text/plain", 5, sha256="00" * 32, findings=(FINDING,))],
    "c.zip": [
        Examined(Verdict.CLEAN, "application/zip", 5),
        Examined(Verdict.NOT_EXAMINED, "application/pdf", 9, Reason.ENCRYPTED, member="inner/telling.pdf"),
    ],
}


@pytest.fixture(autouse=True)
def files_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "UNSETTLED", -1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    for name in NAMES:
        (made / name).write_text("hello")
    return made


def listing(folder: Path) -> Listing:
    (one,) = Walk([os.fspath(folder)]).listings()
    assert isinstance(one, Listing)
    return one


def remember(book: Path, folder: Path, rows: dict[str, list[Examined]] = ROWS, **more: str) -> None:
    """A scan of the folder, as the ledger sees it."""
    with Ledger(book, "rules", **more) as ledger:  # type: ignore[arg-type]
        met = listing(folder)
        assert ledger.settled(met) is None
        for file in met.found():
            ledger.put(file, file.status, rows[file.name])


def is_settled(book: Path, folder: Path, context: str = "rules", **more: str) -> bool:
    with Ledger(book, context, **more) as ledger:  # type: ignore[arg-type]
        return ledger.settled(listing(folder)) is not None


def test_a_folder_of_which_nothing_changed_is_known_with_all_its_rows(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder)
    with Ledger(tmp_path / "book", "rules") as ledger:
        known = ledger.settled(listing(folder))
    assert known is not None
    assert known.size == 15
    assert known.others == {1: ROWS["b.txt"], 2: ROWS["c.zip"]}
    assert [known.media_type(place) for place in range(3)] == ["text/plain", "text/plain", "application/zip"]


def _alter(path: Path) -> None:
    path.write_text("other")


def _touch(path: Path) -> None:
    os.utime(path, (1, 1))


def _add(path: Path) -> None:
    (path.parent / "d.txt").write_text("new")


def _rename(path: Path) -> None:
    path.rename(path.with_name("【机密】.txt"))


def _same_times(path: Path) -> None:
    """What somebody does who wants a change not to be seen: the time of last change cannot be set back."""
    before = path.stat()
    time.sleep(0.02)
    path.write_text("world")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [_alter, _touch, _add, Path.unlink, _rename, _same_times])
def test_any_change_to_any_file_is_seen(tmp_path: Path, folder: Path, change: Callable[[Path], object]) -> None:
    remember(tmp_path / "book", folder)
    assert is_settled(tmp_path / "book", folder)
    change(folder / "a.txt")
    assert not is_settled(tmp_path / "book", folder)


def test_what_did_not_change_in_a_changed_folder_is_still_known(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder)
    (folder / "a.txt").write_text("other")
    with Ledger(tmp_path / "book", "rules") as ledger:
        met = listing(folder)
        assert ledger.settled(met) is None
        assert [ledger.get(file) for file in met.found()] == [None, ROWS["b.txt"], ROWS["c.zip"]]
        (changed, *_) = met.found()
        ledger.put(changed, changed.status, ROWS["a.txt"])
    assert is_settled(tmp_path / "book", folder), "and the whole folder is known anew"


def test_other_rules_or_another_place_ask_again(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder)
    assert not is_settled(tmp_path / "book", folder, "other rules")
    folder.rename(tmp_path / "【机密】")
    assert not is_settled(tmp_path / "book", tmp_path / "【机密】")


@pytest.mark.parametrize("reason", [Reason.CRASHED, Reason.TIMEOUT, Reason.UNREADABLE])
def test_a_folder_with_a_failure_of_the_moment_is_asked_for_one_by_one(
    tmp_path: Path, folder: Path, reason: Reason
) -> None:
    failed = [Examined(Verdict.NOT_EXAMINED, "text/plain", 5, reason)]
    remember(tmp_path / "book", folder, {**ROWS, "a.txt": failed})
    assert not is_settled(tmp_path / "book", folder)


def test_a_new_version_of_a_format_asks_again_only_for_its_files(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(tmp_path / "book", folder)
    versions._made_by.cache_clear()
    real = versions._version
    monkeypatch.setattr(versions, "_version", lambda name: b"new" if name == "pdf" else real(name))
    with Ledger(tmp_path / "book", "rules") as ledger:
        met = listing(folder)
        assert ledger.settled(met) is None
        assert [ledger.get(file) for file in met.found()] == [ROWS["a.txt"], ROWS["b.txt"], None]
    versions._made_by.cache_clear()


def test_a_medium_is_known_again_although_its_device_and_inodes_are_others(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder, medium="stick 1")
    kept = {path: path.stat() for path in folder.iterdir()}
    moved = listing(folder)
    moved.device += 1
    times = {"st_mtime_ns", "st_ctime_ns"}
    moved.files = [
        (path.name, os.stat_result([status.st_mode, 7, *status[2:]], {name: getattr(status, name) for name in times}))
        for path, status in sorted(kept.items())
    ]
    with Ledger(tmp_path / "book", "rules", medium="stick 1") as ledger:
        assert ledger.settled(moved) is not None
    with Ledger(tmp_path / "book", "rules", medium="stick 2") as ledger:
        assert ledger.settled(moved) is None
    with Ledger(tmp_path / "book", "rules") as ledger:
        assert ledger.settled(moved) is None


def test_the_record_of_a_folder_names_nothing(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder)
    stored = (tmp_path / "book").read_bytes()
    assert not [telling for telling in ("a.txt", "c.zip", "telling.pdf", "机密", "b.txt") if telling.encode() in stored]


def test_the_ledger_lets_go_of_the_oldest_when_it_grows_too_large(tmp_path: Path, folder: Path) -> None:
    remember(tmp_path / "book", folder)
    with Ledger(tmp_path / "book", "rules") as ledger:
        ledger.database.execute("UPDATE seen SET at = at - 1000 WHERE key IN (SELECT key FROM seen LIMIT 1)")
        assert ledger.database.execute("SELECT count(*) FROM seen").fetchone() == (3,)
    with Ledger(tmp_path / "book", "rules", most=1) as ledger:
        assert ledger.database.execute("SELECT count(*) FROM seen").fetchone() == (2,)


def test_a_folder_of_many_files_is_taken_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.scanning.walk.FILES_TOGETHER", 10)
    for number in range(25):
        (tmp_path / f"{number}").write_text("x")
    parts = [one for one in Walk([os.fspath(tmp_path)]).listings() if isinstance(one, Listing)]
    assert [len(part.files) for part in parts] == [10, 10, 5]
    assert len({name for part in parts for name, _ in part.files}) == 25


def test_names_that_are_no_text_are_remembered_as_well(tmp_path: Path, folder: Path) -> None:
    odd = os.fsdecode(b"\xbb\xfa\xc3\xdc.txt")
    (folder / odd).write_text("hello")
    remember(tmp_path / "book", folder, {**ROWS, odd: ROWS["a.txt"]})
    assert is_settled(tmp_path / "book", folder)
    (folder / odd).rename(folder / os.fsdecode(b"\xbe\xf8\xc3\xdc.txt"))
    assert not is_settled(tmp_path / "book", folder)
