"""The scan as a whole: every file in one row, rows that add up, and a ledger that saves work but hides nothing."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import time
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from agent.scanning.ledger import UNSETTLED
from agent.scanning.pipeline import Progress, Scanner, ScanOptions, start_of
from agent.scanning.results import FileResult, Summary
from agent.scanning.walk import MissingPath
from protocol.records import Reason, Verdict

MARKED = "机密★10年\n\n关于开展年度检查工作的通知\n"
GiB = 1024**3


@pytest.fixture
def options(compiled: Path) -> ScanOptions:
    return ScanOptions(workers=2, cache=compiled)


def scan(
    options: ScanOptions, *paths: Path, stop: Event | None = None
) -> tuple[dict[tuple[str, str | None], FileResult], Summary]:
    """All results by path and member, and the sum; fails where a file is told twice or the sum does not add up."""
    results: list[FileResult] = []
    summary = Scanner(options).run(paths, results.append, stop=stop)
    by_place = {(Path(result.path).name, result.member): result for result in results}
    assert len(by_place) == len(results) == summary.enumerated
    assert summary.enumerated == summary.clean + summary.finding + summary.not_examined
    assert sum(summary.reasons.values()) == summary.not_examined
    return by_place, summary


def test_a_mixed_folder_adds_up(tmp_path: Path, options: ScanOptions) -> None:
    (tmp_path / "marked.txt").write_text(MARKED)
    (tmp_path / "ordinary.txt").write_text("hello")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../slip.txt", MARKED)
    results, summary = scan(options, tmp_path)
    assert {place: str(result.reason or result.verdict) for place, result in results.items()} == {
        ("marked.txt", None): "finding",
        ("ordinary.txt", None): "clean",
        ("empty", None): "clean",
        ("fifo", None): "special-file",
        ("a.zip", None): "clean",
        ("a.zip", "../slip.txt"): "finding",
    }
    assert summary.exit_code == 1
    assert summary.complete
    assert summary.rules.startswith("sha256:")
    assert summary.cage.partition(":")[0] in ("full", "partial")
    assert not (tmp_path.parent / "slip.txt").exists()


def test_a_two_gigabyte_text_and_a_bomb_end_as_rows(tmp_path: Path, options: ScanOptions) -> None:
    with (tmp_path / "huge.txt").open("wb") as huge:
        huge.write(MARKED.encode())
        huge.truncate(2 * GiB)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("z", "w") as member:
        for _ in range(256):
            member.write(bytes(1024 * 1024))
    results, summary = scan(options, tmp_path)
    assert results["bomb.zip", "z"].reason is Reason.BOMB
    assert results["huge.txt", None].verdict in (Verdict.FINDING, Verdict.CLEAN)
    assert summary.bytes == 2 * GiB + (tmp_path / "bomb.zip").stat().st_size


def test_a_name_that_is_not_utf8_is_told_escaped_and_read_as_gb18030(tmp_path: Path, options: ScanOptions) -> None:
    raw = os.fsencode(tmp_path) + "/【机密】方案.bin".encode("gb18030")
    Path(os.fsdecode(raw)).write_bytes(b"\x7fELF" + bytes(100))
    ((name, _),) = scan(options, tmp_path)[0]
    (result,) = scan(options, tmp_path)[0].values()
    assert name.startswith("\\xa1\\xbe\\xbb")
    assert result.findings[0].level == "机密"
    assert b"\\\\xbb" in result.to_json()


def test_names_in_utf8_are_read_as_they_are_whatever_stands_beside_them(tmp_path: Path, options: ScanOptions) -> None:
    """Ideographic spaces are no sign of another encoding, and a folder in GB18030 is none for the others."""
    other = Path(os.fsdecode(os.fsencode(tmp_path) + "/报告".encode("gb18030"))) / "【机密】项目"
    other.mkdir(parents=True)
    (other / "a.txt").write_text("hello")
    (tmp_path / "【秘密】\u3000方案.txt").write_text("hello")
    results, _ = scan(options, tmp_path)
    assert results["a.txt", None].findings[0].level == "机密"
    assert results["【秘密】\u3000方案.txt", None].findings[0].level == "秘密"


def test_nothing_to_scan_is_a_whole_scan(tmp_path: Path, options: ScanOptions) -> None:
    _, summary = scan(options, tmp_path)
    assert (summary.enumerated, summary.exit_code, summary.complete) == (0, 0, True)
    assert summary.rules.startswith("sha256:")


def test_a_missing_path_is_told_before_anything_is_read(tmp_path: Path, options: ScanOptions) -> None:
    results: list[FileResult] = []
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(MissingPath):
        Scanner(options).run([tmp_path, tmp_path / "nothing"], results.append)
    assert results == []


def test_a_second_scan_takes_verdicts_from_the_ledger(tmp_path: Path, compiled: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "marked.txt").write_text(MARKED)
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("inner.txt", MARKED)
    (folder / "letter.rtf").write_bytes(b"{\\rtf1 hello}")
    time.sleep(2.1)  # a file changed just now may change again unseen: it would not be remembered
    options = ScanOptions(workers=1, cache=compiled, ledger=tmp_path / "ledger.sqlite")
    first, first_sum = scan(options, folder)
    # Reading is made impossible to show that nothing is read: the content changes, what the ledger knows it by not.
    for name in ("marked.txt", "a.zip", "letter.rtf"):
        assert first[name, None].path.endswith(name)
    second, second_sum = scan(options, folder)
    assert second == first
    assert (second_sum.clean, second_sum.finding, second_sum.not_examined) == (
        first_sum.clean,
        first_sum.finding,
        first_sum.not_examined,
    )
    (folder / "marked.txt").write_text("hello")
    assert scan(options, folder)[0]["marked.txt", None].verdict is Verdict.CLEAN


def test_the_ledger_is_really_used(tmp_path: Path, compiled: Path) -> None:
    """Verdicts of a scan at another least confidence are another matter; those of the same are not looked up twice."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "marked.txt").write_text(MARKED)
    time.sleep(2.1)
    ledger = tmp_path / "ledger.sqlite"
    scan(ScanOptions(workers=1, cache=compiled, ledger=ledger), folder)
    (folder / "marked.txt").chmod(0o600)  # ctime changes: not the same file any more, as far as can be told
    rows_before = _count(ledger)
    time.sleep(2.1)
    scan(ScanOptions(workers=1, cache=compiled, ledger=ledger), folder)
    assert _count(ledger) == rows_before + 1
    scan(ScanOptions(workers=1, cache=compiled, ledger=ledger), folder)
    assert _count(ledger) == rows_before + 1
    scan(ScanOptions(workers=1, cache=compiled, ledger=ledger, least=25), folder)
    assert _count(ledger) == rows_before + 2


def _count(ledger: Path) -> int:
    import sqlite3

    with sqlite3.connect(ledger) as database:
        (count,) = database.execute("SELECT count(*) FROM seen").fetchone()
    database.close()
    return int(count)


def test_a_ledger_that_cannot_be_had_does_not_stop_the_scan(tmp_path: Path, compiled: Path) -> None:
    (tmp_path / "a.txt").write_text(MARKED)
    (tmp_path / "ledger.sqlite").write_text("something else " * 1000)
    options = ScanOptions(workers=1, cache=compiled, ledger=tmp_path / "ledger.sqlite")
    results, _ = scan(options, tmp_path / "a.txt")
    assert results["a.txt", None].verdict is Verdict.FINDING


def test_a_scan_that_is_stopped_tells_what_was_done(tmp_path: Path, options: ScanOptions) -> None:
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_text(MARKED)
    stop = Event()
    results: list[FileResult] = []

    def on_result(result: FileResult) -> None:
        results.append(result)
        if len(results) == 10:
            stop.set()

    summary = Scanner(options).run([tmp_path], on_result, stop=stop)
    assert not summary.complete
    assert 10 <= summary.enumerated == len(results) < 3000


def test_a_scan_runs_in_a_thread_of_the_service(tmp_path: Path, options: ScanOptions) -> None:
    (tmp_path / "a.txt").write_text(MARKED)
    sums: list[Summary] = []
    thread = Thread(target=lambda: sums.append(Scanner(options).run([tmp_path])))
    thread.start()
    thread.join()
    assert sums[0].finding == 1


def test_progress_counts_files_and_bytes_from_disk(tmp_path: Path, options: ScanOptions) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.txt", "x" * 1000)
    (tmp_path / "b.txt").write_text("hello")
    told: list[tuple[int, int]] = []

    def on_progress(progress: Progress) -> None:
        told.append((progress.files, progress.bytes))

    Scanner(options).run([tmp_path], on_progress=on_progress)
    assert told[-1] == (2, 5 + (tmp_path / "a.zip").stat().st_size)


def test_newest_files_are_told_first(tmp_path: Path, compiled: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("hello")
        os.utime(tmp_path / f"{number}.txt", (1_000_000 + number, 1_000_000 + number))
    told: list[str] = []
    options = ScanOptions(workers=1, cache=compiled, order="newest")
    Scanner(options).run([tmp_path], lambda result: told.append(Path(result.path).name))
    assert told == ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]


def test_a_time_that_no_calendar_has_is_left_out(tmp_path: Path, options: ScanOptions) -> None:
    (tmp_path / "a.txt").write_text("hello")
    os.utime(tmp_path / "a.txt", ns=(0, -(2**62)))
    results, _ = scan(options, tmp_path)
    assert results["a.txt", None].verdict is Verdict.CLEAN


def test_tar_members_that_link_elsewhere_are_not_followed(tmp_path: Path, options: ScanOptions) -> None:
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        entry = tarfile.TarInfo("b.txt")
        data = b"hello"
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    results, _ = scan(options, tmp_path)
    assert all(result.verdict is not Verdict.FINDING for result in results.values())


@pytest.mark.shared
def test_hostile_and_odd_files_of_the_world_do_not_break_the_scan(shared: Path, options: ScanOptions) -> None:
    results: list[FileResult] = []
    summary = Scanner(replace(options, pictures=False)).run([shared / "corpus" / "real"], results.append)
    on_disk = sum(1 for path in (shared / "corpus" / "real").rglob("*") if path.is_file())
    assert sum(1 for result in results if result.member is None) == on_disk
    assert len(results) == summary.enumerated
    assert summary.reasons["crashed"] == summary.reasons["timeout"] == 0


def test_each_marking_is_told_with_how_it_stands_today(tmp_path: Path, compiled: Path) -> None:
    today = datetime.now().astimezone().date()
    dates = {"due": today - timedelta(days=1), "soon": today + timedelta(days=30), "valid": today + timedelta(days=999)}
    for name, day in dates.items():
        (tmp_path / f"{name}.txt").write_text(f"机密★{day:%Y年%m月%d日}\n\n通知\n")
    (tmp_path / "unknown.txt").write_text("机密★公布前\n\n通知\n")
    options = ScanOptions(workers=1, cache=compiled, ledger=tmp_path.parent / "ledger.sqlite")
    found, _ = scan(options, tmp_path)
    standing = {name: (f.findings[0].status, f.findings[0].severity) for (name, _), f in found.items()}
    assert standing == {
        "due.txt": ("due-for-review", "high"),
        "soon.txt": ("expires-soon", "critical"),
        "valid.txt": ("valid", "critical"),
        "unknown.txt": ("unknown", "critical"),
    }
    assert "EXPIRED_REVIEW" in found["due.txt", None].findings[0].codes
    assert "EXPIRES_SOON" in found["soon.txt", None].findings[0].codes


def test_what_was_kept_in_the_ledger_is_told_as_it_stands_on_the_day_of_the_scan(
    tmp_path: Path, compiled: Path
) -> None:
    (tmp_path / "a.txt").write_text("机密★10年\n\n通知\n")
    long_ago = datetime(2015, 3, 4, tzinfo=UTC).timestamp()
    os.utime(tmp_path / "a.txt", (long_ago, long_ago))
    time.sleep(UNSETTLED + 0.1)
    kept = tmp_path.parent / "kept.sqlite"
    options = ScanOptions(workers=1, cache=compiled, ledger=kept)
    (first,) = scan(options, tmp_path)[0].values()
    with sqlite3.connect(kept) as database:
        assert database.execute("SELECT count(*) FROM seen").fetchone() == (1,)
    (again,) = scan(options, tmp_path)[0].values()
    assert first.findings == again.findings
    assert (first.findings[0].status, first.findings[0].expires) == ("due-for-review", date(2025, 3, 4))


def test_workers_who_stand_in_another_folder_are_told_whole_paths() -> None:
    told = start_of(ScanOptions(rules=Path("packs"), keywords=Path("words.txt"), cache=Path("cache")))
    assert [told.rules, told.keywords, told.cache] == [
        str(Path(name).absolute()) for name in ("packs", "words.txt", "cache")
    ]
