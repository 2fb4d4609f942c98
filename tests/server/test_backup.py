"""Backups: all of a collector in one file, and nothing of a file that is not whole."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from server import backup, keys
from server.locks import between_commits

PHRASE = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with keys, settings and a database of some size."""
    monkeypatch.delenv("MIJIAN_DATABASE_URL", raising=False)
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    keys.create(place)
    (place / "collector.yaml").write_text("name: 机要室\n", "utf-8")
    with closing(sqlite3.connect(place / "collector.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE counted (number INTEGER, filling BLOB)")
        database.executemany("INSERT INTO counted VALUES (?, randomblob(3000))", ((n,) for n in range(900)))
        database.commit()
    return place


def numbers(place: Path) -> list[int]:
    with closing(sqlite3.connect(place / "collector.sqlite3")) as database:
        return [row[0] for row in database.execute("SELECT number FROM counted ORDER BY number")]


@pytest.mark.parametrize("phrase", [PHRASE, None])
def test_what_was_backed_up_comes_back(home: Path, tmp_path: Path, phrase: str | None) -> None:
    file, other = tmp_path / "a.backup", tmp_path / "other"
    (home / "reports").mkdir()
    (home / "reports" / "2026-0007.pdf").write_bytes(b"%PDF signed")
    (home / "reports" / ".2026-0008.pdf.part").write_bytes(b"half")
    made = backup.make(home, file, phrase)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert backup.restore(file, other, phrase) == made
    for name in ("collector.yaml", *(f"keys/{name}" for name in keys.FILES)):
        assert (other / name).read_bytes() == (home / name).read_bytes()
    assert numbers(other) == numbers(home)
    for path in (other / "keys", *(other / "keys").iterdir(), other / "collector.sqlite3"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert (other / "reports" / "2026-0007.pdf").read_bytes() == b"%PDF signed"
    assert [path.name for path in (other / "reports").iterdir()] == ["2026-0007.pdf"], "no draft"
    assert sorted(path.name for path in other.iterdir()) == ["collector.sqlite3", "collector.yaml", "keys", "reports"]


def test_a_sealed_backup_shows_nothing_of_what_it_holds(home: Path, tmp_path: Path) -> None:
    backup.make(home, tmp_path / "a.backup", PHRASE)
    content = (tmp_path / "a.backup").read_bytes()
    for secret in (b"SQLite format", "机要室".encode(), (home / "keys" / "signing").read_bytes()):
        assert secret not in content


def test_a_backup_taken_while_others_write_is_of_one_moment(home: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home / "collector.sqlite3", timeout=30)) as database:
            number = 900
            while not stop.is_set():
                with database:
                    database.execute("INSERT INTO counted VALUES (?, zeroblob(10))", (number,))
                    database.execute("INSERT INTO counted VALUES (?, zeroblob(10))", (number + 1,))
                number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup.make(home, tmp_path / "a.backup", None)
    finally:
        stop.set()
        writer.join()
    backup.restore(tmp_path / "a.backup", tmp_path / "other", None)
    kept = numbers(tmp_path / "other")
    assert kept == list(range(len(kept)))
    assert len(kept) % 2 == 0, "a transaction was cut in two"


@pytest.mark.parametrize("place", [0.0, 0.0005, 0.3, 0.6, 0.9999])
@pytest.mark.parametrize("how", ["altered", "cut off"])
def test_a_file_that_is_not_whole_restores_nothing(home: Path, tmp_path: Path, place: float, how: str) -> None:
    file = tmp_path / "a.backup"
    backup.make(home, file, PHRASE)
    content = bytearray(file.read_bytes())
    at = int(place * len(content))
    if how == "altered":
        content[at] ^= 1
    else:
        del content[at:]
    file.write_bytes(content)
    with pytest.raises(backup.BackupError) as caught:
        backup.restore(file, tmp_path / "other", PHRASE)
    assert caught.value.reason in ("damaged", "not-a-backup")
    assert not (tmp_path / "other" / "keys").exists()
    assert not (tmp_path / "other" / "collector.sqlite3").exists()


def test_a_backup_is_tried_out_without_anything_being_left_or_changed(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "collector.sqlite3")) as database:
        database.execute("CREATE TABLE audit_entry (id INTEGER PRIMARY KEY, hash TEXT)")
        database.execute("INSERT INTO audit_entry VALUES (7, 'ab'), (8, 'cd')")
        database.commit()
    made, before = backup.make(home, tmp_path / "a.backup", PHRASE), sorted(home.rglob("*"))
    trial = backup.try_out(tmp_path / "a.backup", home, PHRASE)
    assert (trial.manifest, trial.entry, trial.head) == (made, 8, "cd")
    content = bytearray((tmp_path / "a.backup").read_bytes())
    content[-900] ^= 1
    (tmp_path / "a.backup").write_bytes(content)
    with pytest.raises(backup.BackupError, match="damaged"):
        backup.try_out(tmp_path / "a.backup", home, PHRASE)
    assert sorted(home.rglob("*")) == before


def test_chunks_that_changed_places_are_found_out(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.backup"
    backup.make(home, file, PHRASE)
    head, _, body = file.read_bytes().partition(b"\n")
    size = backup.CHUNK + 16
    assert len(body) > 2 * size
    file.write_bytes(head + b"\n" + body[size : 2 * size] + body[:size] + body[2 * size :])
    with pytest.raises(backup.BackupError, match="damaged"):
        backup.restore(file, tmp_path / "other", PHRASE)


@pytest.mark.parametrize(("phrase", "reason"), [("another phrase of mine", "damaged"), (None, "passphrase-missing")])
def test_without_the_passphrase_there_is_no_way_in(home: Path, tmp_path: Path, phrase: str | None, reason: str) -> None:
    backup.make(home, tmp_path / "a.backup", PHRASE)
    with pytest.raises(backup.BackupError, match=reason):
        backup.restore(tmp_path / "a.backup", tmp_path / "other", phrase)


def test_a_home_in_use_is_never_overwritten(home: Path, tmp_path: Path) -> None:
    backup.make(home, tmp_path / "a.backup", None)
    with pytest.raises(backup.BackupError, match="not-empty"):
        backup.restore(tmp_path / "a.backup", home, None)
    with pytest.raises(FileExistsError):
        backup.make(home, tmp_path / "a.backup", None)


def crafted(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with path.open("wb") as out:
        out.write(json.dumps({"kind": "mijian-backup"}).encode() + b"\n")
        with tarfile.open(fileobj=out, mode="w|") as tar:
            for entry, content in members:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/tmp/outside",
        "keys/../../outside",
        "keys/extra",
        "readme",
        "reports/../x.pdf",
        "reports/a.pdf",
        "reports/2026-0001.pdf/x",
        "reports/2026-0001.exe",
    ],
)
def test_no_name_in_a_backup_is_followed(tmp_path: Path, name: str) -> None:
    file = crafted(tmp_path / "bad.backup", [(tarfile.TarInfo(name), b"x")])
    with pytest.raises(backup.BackupError, match="not-a-backup"):
        backup.restore(file, tmp_path / "a" / "b", None)
    assert not list(tmp_path.rglob("outside"))


def test_a_link_in_place_of_a_member_is_refused(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("database")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(backup.BackupError, match="not-a-backup"):
        backup.restore(crafted(tmp_path / "bad.backup", [(entry, b"")]), tmp_path / "other", None)


@pytest.mark.parametrize("content", [b"", b"hello\n", b'{"kind": "another"}\n', b'{"kind": "mijian-backup"}\n'])
def test_another_file_is_told_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(backup.BackupError) as caught:
        backup.restore(tmp_path / "x", tmp_path / "other", None)
    assert caught.value.reason in ("not-a-backup", "damaged", "incomplete")


# As an administrator types it


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MIJIAN_", "DJANGO_"))}
    environment |= {"MIJIAN_HOME": str(place), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments], capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory, new_home: Path) -> Path:
    """A home that the tests leave as it is."""
    return shutil.copytree(new_home, tmp_path_factory.mktemp("backup") / "home")


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_collector_comes_back_with_its_reports_and_one_that_was_altered_is_told(
    tmp_path: Path, new_home: Path
) -> None:
    first, second, phrase = tmp_path / "first", tmp_path / "second", tmp_path / "phrase"
    phrase.write_text(PHRASE + "\n")
    settings = shutil.copytree(new_home, first) / "collector.yaml"
    settings.write_text(settings.read_text("utf-8").replace("name: ''", "name: 机要室"), "utf-8")
    before = told(run(first, "init", "--format", "json"))
    assert run(first, "report", "annual", "--format", "xlsx", "--out", str(tmp_path / "a.xlsx")).returncode == 0
    sealed = ("--passphrase-file", str(phrase), "--format", "json")
    assert told(run(first, "backup", str(tmp_path / "a.backup"), *sealed))["sealed"] is True
    assert told(run(first, "verify", "--backup", str(tmp_path / "a.backup"), *sealed))["ok"] is True
    told(run(second, "restore", str(tmp_path / "a.backup"), *sealed))
    after = told(run(second, "init", "--format", "json"))
    assert (after["collector"], after["name"], after["created"]) == (before["collector"], "机要室", False)
    checked = told(run(second, "verify", "--format", "json"))
    assert (checked["ok"], checked["report_files"]) == (True, 1)
    report = next((second / "reports").glob("*.xlsx"))
    report.write_bytes(report.read_bytes() + b"\n")
    again = run(second, "verify", "--format", "json")
    assert again.returncode == 1
    assert json.loads(again.stdout)["report_files_wrong"] == {report.name: "altered"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "NEW"], "--passphrase-file"),
        (["backup", "NEW", "--passphrase-file", "SHORT"], "at least 12"),
        (["backup", "NEW", "--passphrase-file", "NOWHERE"], "No such file"),
        (["backup", "SHORT", "--unsealed"], "is there already"),
        (["restore", "SHORT", "--unsealed"], "no backup of a collector"),
    ],
)
def test_mistakes_are_told_with_status_2(initialised: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    place = initialised if arguments[0] == "backup" else tmp_path / "empty"
    (tmp_path / "SHORT").write_text("short\n")
    words = [str(tmp_path / word) if word.isupper() else word for word in arguments]
    done = run(place, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "NEW").exists()


def test_a_backup_of_another_collector_is_told_when_it_is_tried_out(initialised: Path, tmp_path: Path) -> None:
    other = shutil.copytree(initialised, tmp_path / "other")
    told(run(other, "init", "--format", "json"))  # one entry more in its log
    told(run(other, "backup", str(tmp_path / "b.backup"), "--unsealed", "--format", "json"))
    done = run(initialised, "verify", "--backup", str(tmp_path / "b.backup"), "--unsealed")
    assert done.returncode == 1
    assert "of another collector" in done.stdout


def test_spool_and_database_are_of_one_moment_however_busy_they_are(home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "collector-spool.sqlite3")) as spool:
        spool.execute("PRAGMA journal_mode=WAL")
        spool.execute("CREATE TABLE envelope (number INTEGER PRIMARY KEY, done INTEGER)")
        spool.commit()
    stop = threading.Event()

    def work() -> None:
        """As the collector does: an envelope first, then its records, then it is done."""
        with (
            closing(sqlite3.connect(home / "collector.sqlite3", timeout=30)) as database,
            closing(sqlite3.connect(home / "collector-spool.sqlite3", timeout=30)) as spool,
        ):
            number = 900
            while not stop.is_set():
                with spool:
                    spool.execute("INSERT INTO envelope VALUES (?, 0)", (number,))
                with between_commits(home):
                    with database:
                        database.execute("INSERT INTO counted VALUES (?, zeroblob(10))", (number,))
                    with spool:
                        spool.execute("UPDATE envelope SET done = 1 WHERE number = ?", (number,))
                number += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for turn in range(4):
            backup.make(home, tmp_path / f"{turn}.backup", None)
    finally:
        stop.set()
        worker.join()
    for turn in range(4):
        place = tmp_path / f"restored-{turn}"
        backup.restore(tmp_path / f"{turn}.backup", place, None)
        with closing(sqlite3.connect(place / "collector-spool.sqlite3")) as spool:
            envelopes = dict(spool.execute("SELECT number, done FROM envelope"))
        stored = {number for number in numbers(place) if number >= 900}
        assert {number for number, done in envelopes.items() if done} == stored


def test_a_backup_of_an_older_version_still_comes_back(home: Path, tmp_path: Path) -> None:
    made = backup.make(home, tmp_path / "a.backup", None)
    assert "spool" not in made.sha256
    backup.restore(tmp_path / "a.backup", tmp_path / "other", None)
    assert numbers(tmp_path / "other") == numbers(home)
