"""A damaged outbox: nothing readable is lost, nothing is told twice, and the collector learns of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.reporting.marks import SeenMark
from agent.reporting.mend import KIND, mend, open_outbox
from agent.reporting.outbox import FILE, Outbox, OutboxDamaged
from agent.reporting.reporter import Reporter
from agent.reporting.uplink import Uplink
from agent.settings import Settings, UplinkSettings
from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome, MediaSessionSeen, Medium, RecordsDropped

ROOM = 10_000_000
QUICK = Settings(uplink=UplinkSettings(first_retry_seconds=0.01, last_retry_seconds=0.05))


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS, why="x" * 300)


def filled(state: Path, count: int) -> list[str]:
    """An outbox with many records, closed; their ids."""
    outbox = Outbox(state)
    records = [check() for _ in range(count)]
    outbox.put(*records)
    outbox.close()
    return [record.id for record in records]


def spoil(state: Path, page: int) -> None:
    """Overwrite one page of the file, as a dying disk does."""
    with (state / FILE).open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)


def held(outbox: Outbox) -> list[Any]:
    return [msgspec.json.decode(line) for (line,) in outbox._db.execute("SELECT line FROM records ORDER BY number")]


def test_a_file_that_is_no_database_is_kept_aside_and_told(state: Path) -> None:
    state.mkdir()
    (state / FILE).write_bytes(b"not a database at all" * 300)
    outbox = open_outbox(state, max_bytes=ROOM)
    (dropped,) = held(outbox)
    assert (dropped["type"], dropped["counts"]) == ("dropped", {KIND: 1})
    (aside,) = state.glob("outbox.damaged-*.sqlite3")
    assert aside.read_bytes().startswith(b"not a database")
    assert aside.stat().st_mode & 0o077 == 0 or state.stat().st_mode & 0o077 == 0


def test_what_can_be_read_of_a_damaged_outbox_is_taken_over_once(state: Path) -> None:
    ids = filled(state, 600)
    pages = (state / FILE).stat().st_size // 4096
    spoil(state, pages // 2)
    outbox = open_outbox(state, max_bytes=ROOM)
    saved = [record["id"] for record in held(outbox) if record["type"] == "check"]
    assert len(saved) == len(set(saved)) > 500
    assert set(saved) < set(ids)
    outbox.examine()


def test_open_sessions_and_what_was_told_in_them_outlive_the_damage(state: Path) -> None:
    filled(state, 600)
    outbox = Outbox(state)
    now = datetime.now(UTC)
    session = MediaSessionSeen(id=uuid7(), session=uuid7(), medium=Medium(key="k"), mounted_at=now)
    outbox.session_open("mark", session)
    told = SeenMark(session.session, "c", "p", "MEDIA-05")
    assert outbox.put_once(check(), told)
    outbox.close()
    spoil(state, (state / FILE).stat().st_size // 4096 // 2)
    outbox = open_outbox(state, max_bytes=ROOM)
    assert [mark for mark, _ in outbox.sessions()] == ["mark"]
    assert not outbox.put_once(check(), told)


def test_an_agent_with_a_new_outbox_falls_in_again_and_everything_arrives_once(collector: Any, state: Path) -> None:
    mine = collector.enrolled(state)
    outbox = open_outbox(state, max_bytes=ROOM)
    first = check()
    outbox.put(first)
    uplink = Uplink(outbox, mine, QUICK)
    while uplink.step() is not None:
        pass
    outbox.close()
    ids = filled(state, 600)
    spoil(state, (state / FILE).stat().st_size // 4096 // 2)
    outbox = open_outbox(state, max_bytes=ROOM)
    uplink = Uplink(outbox, mine, QUICK)
    while uplink.step() is not None:
        pass
    assert len(collector.ids) == len(set(collector.ids)) > 500
    assert set(collector.ids) - set(ids) - {first.id} == {
        record.id for record in collector.records if isinstance(record, RecordsDropped)
    }


def test_damage_that_shows_while_the_agent_runs_costs_nothing_that_waits_in_memory(state: Path) -> None:
    outbox = open_outbox(state, max_bytes=ROOM)
    reporter = Reporter(outbox)
    outbox._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    outbox._db.execute("PRAGMA cache_size = 0")
    for page in range(1, (state / FILE).stat().st_size // 4096):
        spoil(state, page)
    late = check()
    reporter.report(late)
    assert outbox.damaged
    assert reporter.stuck == 1
    mend(outbox)
    assert not outbox.damaged
    assert reporter.retry()
    assert late.id in {record["id"] for record in held(outbox)}


def test_damage_is_told_apart_from_a_full_or_locked_disk(state: Path) -> None:
    filled(state, 600)
    spoil(state, (state / FILE).stat().st_size // 4096 // 2)
    outbox = Outbox(state)
    with pytest.raises(OutboxDamaged, match="start the agent"):
        outbox.examine()


def test_one_record_that_cannot_be_read_does_not_hold_up_the_others(collector: Any, state: Path) -> None:
    mine = collector.enrolled(state)
    outbox = Outbox(state)
    bad, good = check(), check()
    outbox.put(bad, good)
    outbox._db.execute("UPDATE records SET line = x'7b7b' WHERE id = ?", (bad.id,))
    uplink = Uplink(outbox, mine, QUICK)
    while uplink.step() is not None:
        pass
    assert [record.id for record in collector.records if isinstance(record, CheckDone)] == [good.id]
    (dropped,) = [record for record in collector.records if isinstance(record, RecordsDropped)]
    assert dropped.counts == {"check": 1}


@pytest.mark.parametrize("at", [0, 60, 200, -1])
def test_an_envelope_whose_bytes_were_spoilt_on_the_disk_is_closed_anew(collector: Any, state: Path, at: int) -> None:
    mine = collector.enrolled(state)
    outbox = Outbox(state)
    first, second, third = check(), check(), check()
    outbox.put(first)
    uplink = Uplink(outbox, mine, QUICK)
    while uplink.step() is not None:
        pass
    outbox.put(second)
    leased = outbox.lease(mine)
    assert leased is not None
    spoilt = bytearray(leased.raw)
    spoilt[at] ^= 0xFF
    outbox._db.execute("UPDATE envelopes SET raw = ?", (bytes(spoilt),))
    outbox.put(third)
    for _ in range(20):
        if uplink.step() is None:
            break
    assert collector.ids == [first.id, second.id, third.id]
