"""The ledger of what was seen: used only for the same file in the same place under the same rules."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from agent.scanning.ledger import Ledger
from agent.scanning.walk import Found, Walk
from agent.scanning.wire import Examined
from protocol.records import Finding, Reason, Severity, Verdict

CLEAN = [Examined(Verdict.CLEAN, "text/plain", 5)]
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
MEMBERS = [
    Examined(Verdict.CLEAN, "application/zip", 5),
    Examined(Verdict.FINDING, "text/plain", 9, member="inner/b.txt", sha256="00" * 32, findings=(FINDING,)),
]


def file(path: Path, *, age: float = 60.0) -> Found:
    """A file whose last change, as the ledger sees it, lies ``age`` seconds back."""
    if not path.exists():
        path.write_text("hello")
    (found,) = Walk([os.fspath(path)])
    assert isinstance(found, Found)
    status = list(found.status)
    times = {name: getattr(found.status, name) for name in ("st_mtime_ns", "st_ctime_ns")}
    back = time.time() - age
    return Found(
        found.path,
        "a-folder",
        os.stat_result(status, times | {"st_mtime": back, "st_ctime": back}),
    )


def test_a_verdict_is_found_again(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "l" / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) is None
        ledger.put(seen, seen.status, MEMBERS)
    with Ledger(tmp_path / "l" / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) == MEMBERS


def test_a_changed_file_is_examined_again(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, CLEAN)
    (tmp_path / "a").write_text("other")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(file(tmp_path / "a")) is None


def test_a_renamed_or_moved_file_is_examined_again(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, CLEAN)
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) == CLEAN
        assert ledger.get(Found(seen.path, "【机密】", seen.status)) is None
        assert ledger.get(Found(f"{tmp_path}/【机密】.txt", seen.folder, seen.status)) is None


def test_other_rules_examine_everything_again(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules 1") as ledger:
        ledger.put(seen, seen.status, CLEAN)
    with Ledger(tmp_path / "ledger.sqlite", "rules 2") as ledger:
        assert ledger.get(seen) is None


def test_a_file_that_was_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    seen = file(tmp_path / "a", age=0.5)
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, CLEAN)
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) is None


@pytest.mark.parametrize("reason", [Reason.CRASHED, Reason.TIMEOUT, Reason.VANISHED, Reason.UNREADABLE])
def test_failures_of_the_moment_are_not_remembered(tmp_path: Path, reason: Reason) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, [Examined(Verdict.NOT_EXAMINED, "text/plain", 5, reason)])
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) is None


def test_failures_of_the_file_are_remembered(tmp_path: Path) -> None:
    seen, rows = file(tmp_path / "a"), [Examined(Verdict.NOT_EXAMINED, "application/zip", 5, Reason.ENCRYPTED)]
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, rows)
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) == rows


def test_verdicts_expire(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, CLEAN)
    with Ledger(tmp_path / "ledger.sqlite", "rules", expires=-60) as ledger:
        assert ledger.get(seen) is None
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) is None, "and are gone for good"


def test_the_ledger_holds_no_path_no_member_and_no_marking(tmp_path: Path) -> None:
    seen = file(tmp_path / "a-telling-name")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, MEMBERS)
    stored = (tmp_path / "ledger.sqlite").read_bytes()
    for telling in ("a-telling-name", "a-folder", "inner", "机密"):
        assert telling.encode() not in stored
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0


def test_an_altered_record_is_not_believed(tmp_path: Path) -> None:
    seen = file(tmp_path / "a")
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        ledger.put(seen, seen.status, MEMBERS)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        database.execute("UPDATE seen SET verdict = substr(verdict, 1, length(verdict) - 1) || x'00'")
    database.close()
    with Ledger(tmp_path / "ledger.sqlite", "rules") as ledger:
        assert ledger.get(seen) is None


def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("something else of somebody's " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        Ledger(tmp_path / "ledger.sqlite", "rules")
    assert (tmp_path / "ledger.sqlite").read_text().startswith("something else")
