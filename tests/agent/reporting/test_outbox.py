from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.reporting.identity import Identity
from agent.reporting.marks import SeenMark
from agent.reporting.outbox import FILE, Leased, Outbox, OutboxUnavailable
from protocol import envelope
from protocol.ids import uuid7
from protocol.receipts import Answer
from protocol.records import (
    CheckDone,
    CheckOutcome,
    MediaSessionSeen,
    Medium,
    NetworkEvidence,
    RecordsDropped,
    Severity,
    ViolationSeen,
)


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)


def violation(severity: Severity = Severity.CRITICAL) -> ViolationSeen:
    evidence = NetworkEvidence(signals=("interface:eth0",))
    return ViolationSeen(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", severity=severity, evidence=evidence)


@pytest.fixture
def mine(collector: Any, state: Path) -> Identity:
    return collector.enrolled(state)  # type: ignore[no-any-return]


def deliver(collector: Any, outbox: Outbox, leased: Leased) -> Answer:
    receipt = collector.take(leased.raw)
    if receipt.answer is not Answer.REFUSED:
        outbox.commit(receipt)
    return receipt.answer  # type: ignore[no-any-return]


def test_a_record_taken_is_there_after_the_agent_was_killed(collector: Any, state: Path, mine: Identity) -> None:
    record = check()
    Outbox(state).put(record)  # never closed: as a killed process leaves it
    leased = Outbox(state).lease(mine)
    assert leased is not None
    deliver(collector, Outbox(state), leased)
    assert collector.ids == [record.id]


def test_the_same_bytes_are_leased_until_a_receipt_comes(state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(check())
    first = outbox.lease(mine)
    outbox.put(check())
    assert Outbox(state).lease(mine) == first == outbox.lease(mine)


def test_an_empty_outbox_leases_nothing(state: Path, mine: Identity) -> None:
    assert Outbox(state).lease(mine) is None


def test_envelopes_follow_each_other_by_number_and_digest(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    digests = [envelope.FIRST_PREVIOUS]
    for number in (1, 2, 3):
        outbox.put(check())
        leased = outbox.lease(mine)
        assert leased is not None
        header = envelope.parse(leased.raw).header
        assert (header.sequence, header.previous) == (number, digests[-1])
        assert deliver(collector, outbox, leased) is Answer.ACCEPTED
        digests.append(leased.digest)


def test_an_envelope_holds_no_more_than_it_may(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    records = [check() for _ in range(1201)]
    outbox.put(*records)
    sizes = []
    while leased := outbox.lease(mine):
        before = len(collector.records)
        deliver(collector, outbox, leased)
        sizes.append(len(collector.records) - before)
    assert sizes == [500, 500, 201]
    assert collector.ids == [record.id for record in records]


def test_an_envelope_stays_below_the_limit_of_bytes(state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(*(check() for _ in range(50)))
    leased = outbox.lease(mine, max_lines=1000)
    assert leased is not None
    assert outbox.waiting() == {"check": 50}
    assert (
        0 < sqlite3.connect(state / FILE).execute("SELECT count(*) FROM records WHERE envelope = 1").fetchone()[0] < 10
    )


def test_a_receipt_for_another_envelope_lets_go_of_nothing(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    parsed = envelope.parse(leased.raw)
    stranger = envelope.parse(mine.envelope(1, envelope.FIRST_PREVIOUS, datetime.now(UTC), [check()]))
    assert not outbox.commit(collector.receipt(stranger, Answer.ACCEPTED))
    assert outbox.lease(mine) == leased
    assert outbox.commit(collector.receipt(parsed, Answer.ACCEPTED))
    assert outbox.waiting() == {}


def test_a_refusal_never_empties_the_outbox(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    with pytest.raises(ValueError, match="refused"):
        outbox.commit(collector.receipt(envelope.parse(leased.raw), Answer.REFUSED, "revoked"))
    assert outbox.waiting() == {"check": 1}


def test_an_agent_put_back_to_an_older_state_falls_in_again(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    old, new = check(), check()
    outbox.put(old)
    delivered = outbox.lease(mine)
    assert delivered is not None
    collector.take(delivered.raw)  # the receipt is lost with the disk
    outbox.rebase(1, envelope.FIRST_PREVIOUS)
    outbox.put(new)
    leased = outbox.lease(mine)
    assert leased is not None
    refused = collector.take(leased.raw)
    assert refused.reason == "sequence-reused"
    outbox.rebase(refused.expected_sequence, refused.expected_previous)
    again = outbox.lease(mine)
    assert again is not None
    assert deliver(collector, outbox, again) is Answer.ACCEPTED
    assert set(collector.ids) == {old.id, new.id}  # the old one twice: its id tells the collector
    assert outbox.waiting() == {}


def test_too_large_an_envelope_is_split_without_losing_a_record(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    records = [check() for _ in range(10)]
    outbox.put(*records)
    leased = outbox.lease(mine)
    assert leased is not None
    assert outbox.split(leased)
    sizes = []
    while leased := outbox.lease(mine):
        before = len(collector.records)
        deliver(collector, outbox, leased)
        sizes.append(len(collector.records) - before)
    assert sizes[0] == 5
    assert collector.ids == [record.id for record in records]


def test_one_record_alone_cannot_be_split(state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    assert not outbox.split(leased)


def test_a_violation_is_told_once_in_a_session_also_over_a_crash(state: Path, mine: Identity) -> None:
    mark = SeenMark("session", "content", "path", "MEDIA-05")
    assert Outbox(state).put_once(violation(), mark)
    assert not Outbox(state).put_once(violation(), mark)
    assert Outbox(state).put_once(violation(), SeenMark("session", "content", "other path", "MEDIA-05"))
    assert Outbox(state).waiting() == {"violation": 2}


def test_an_ended_session_forgets_what_it_saw(state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    now = datetime.now(UTC)
    first = MediaSessionSeen(id=uuid7(), session=uuid7(), medium=Medium(key="k"), mounted_at=now)
    mark = SeenMark(first.session, "content", "path", "MEDIA-05")
    outbox.session_open("boot 7:0 k", first)
    assert outbox.put_once(violation(), mark)
    assert Outbox(state).sessions() == [("boot 7:0 k", first)]
    outbox.session_end(first.session)
    assert outbox.sessions() == []
    assert outbox.put_once(violation(), mark)


def test_a_full_outbox_gives_up_violations_last_and_says_what_it_gave_up(state: Path, mine: Identity) -> None:
    outbox = Outbox(state, max_bytes=4000)
    outbox.put(*(check() for _ in range(40)))
    outbox.put(*(violation(Severity.MEDIUM) for _ in range(10)))
    outbox.put(*(violation() for _ in range(10)))
    waiting = outbox.waiting()
    assert waiting.get("check", 0) == 0
    assert waiting["violation"] >= 10
    assert waiting["dropped"] == 1
    leased = outbox.lease(mine)
    assert leased is not None
    rows = sqlite3.connect(state / FILE).execute("SELECT type, line FROM records").fetchall()
    severities = [b'"critical"' in line for kind, line in rows if kind == "violation"]
    assert severities.count(True) == 10
    dropped = next(line for kind, line in rows if kind == "dropped")
    assert b'"check":40' in dropped


def test_what_was_dropped_adds_up(collector: Any, state: Path, mine: Identity) -> None:
    outbox = Outbox(state, max_bytes=3000)
    for _ in range(100):
        outbox.put(check())
    while leased := outbox.lease(mine):
        deliver(collector, outbox, leased)
    kept = [record for record in collector.records if isinstance(record, CheckDone)]
    dropped = [record for record in collector.records if isinstance(record, RecordsDropped)]
    assert len(kept) + sum(record.counts["check"] for record in dropped) == 100


def test_a_full_disk_is_told_and_leaves_the_outbox_sound(state: Path, mine: Identity) -> None:
    outbox = Outbox(state)
    outbox.put(check())
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(OutboxUnavailable, match="full"):
        for _ in range(200):
            outbox.put(check(), check())
    kept = outbox.waiting()["check"]
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    outbox.put(check())
    assert outbox.waiting() == {"check": kept + 1}
    assert outbox._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_is_no_database_is_told_clearly(state: Path) -> None:
    state.mkdir()
    (state / FILE).write_bytes(b"not a database at all" * 300)
    with pytest.raises(OutboxUnavailable, match=r"is damaged.*start the agent"):
        Outbox(state)


def test_only_the_owner_may_read_the_outbox(state: Path) -> None:
    Outbox(state).put(check())
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in state.iterdir()} == {0}


def test_two_processes_worth_of_writers_lose_nothing(state: Path) -> None:
    import threading

    boxes = [Outbox(state) for _ in range(3)]

    def fill(box: Outbox) -> None:
        for _ in range(20):
            box.put(check())

    threads = [threading.Thread(target=fill, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert boxes[0].waiting() == {"check": 60}
