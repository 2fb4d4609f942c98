from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.reporting import reporter as module
from agent.reporting.marks import SeenMark
from agent.reporting.outbox import Outbox
from agent.reporting.reporter import Reporter
from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)


def fill_the_disk(outbox: Outbox) -> None:
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    while True:
        try:
            outbox.put(check())
        except module.OutboxUnavailable:
            return


def test_a_full_disk_does_not_stop_the_agent_and_loses_nothing(state: Path) -> None:
    outbox = Outbox(state)
    woken: list[int] = []
    reporter = Reporter(outbox, lambda: woken.append(1))
    fill_the_disk(outbox)
    before = outbox.waiting()["check"]
    mark = SeenMark("s", "c", "p", "MEDIA-05")
    for _ in range(10):
        reporter.report(check(), check(), check())
    assert reporter.report_once(check(), mark)
    assert reporter.stuck > 0
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    assert reporter.retry()
    assert reporter.stuck == 0
    assert outbox.waiting()["check"] == before + 31
    assert not reporter.report_once(check(), mark)
    assert woken


def test_what_finds_no_room_in_memory_either_is_counted(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 20)
    outbox = Outbox(state)
    reporter = Reporter(outbox)
    fill_the_disk(outbox)
    before = outbox.waiting()["check"]
    kept = 0
    while reporter.stuck < module.ROOM:
        reporter.report(check())
        kept += 1
    reporter.report(check())
    reporter.report(check())
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    assert reporter.retry()
    assert outbox.waiting() == {"check": before + kept, "dropped": 1}
    (line,) = outbox._db.execute("SELECT line FROM records WHERE type = 'dropped'").fetchone()
    assert b'"check":2' in line
