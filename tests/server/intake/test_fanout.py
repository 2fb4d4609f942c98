"""From the spool into the tables: once each, in order, and never at the cost of another envelope."""

from __future__ import annotations

import struct
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import zstandard

from protocol import envelope as envelopes
from protocol import keys
from protocol.ids import uuid7
from protocol.receipts import Answer
from protocol.records import AgentStarted, CheckDone, CheckOutcome, Severity, ViolationSeen, encode_record
from server.audit.models import Entry
from server.intake import fanout, opening
from server.intake.claims import several
from server.intake.fanout import FanOut, drain, drain_if_free, work_once
from server.intake.models import SpoolEntry
from server.intake.spool import spool
from server.violations.models import Group, Occurrence

Seen = Callable[..., ViolationSeen]
Deliver = Callable[..., Any]


def sealed(sender: Any, body: bytes) -> bytes:
    """An envelope with any bytes for a body, signed and sealed as it should be."""
    header = envelopes.parse(sender.build()).header_bytes
    boxed = keys.seal(body, sender.recipient, header)
    signed = b"".join((envelopes.MAGIC, struct.pack(">I", len(header)), header, struct.pack(">Q", len(boxed)), boxed))
    raw = signed + sender.key.sign(signed)
    sender.sequence += 1
    sender.previous = envelopes.parse(raw).digest
    return raw


def packed(*lines: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(b"\n".join(lines))


def test_records_are_stored_and_the_envelope_is_done(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    seen = file_seen()
    deliver(sender.next(seen))
    assert Occurrence.objects.get().id == uuid.UUID(seen.id)
    entry = SpoolEntry.objects.get()
    assert (entry.state, bytes(entry.raw)) == (SpoolEntry.State.DONE, b"")


def test_a_crash_before_the_commit_leaves_everything_to_be_done_again(
    deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(sender.next(file_seen(), file_seen()), work=False)
    with monkeypatch.context() as broken:
        broken.setattr(fanout, "store_starts", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            work_once()
    assert not Occurrence.objects.exists()
    assert SpoolEntry.objects.get().state == SpoolEntry.State.WAITING
    drain()
    assert (Occurrence.objects.count(), Group.objects.get().occurrence_count) == (2, 2)


def test_a_record_that_arrives_in_two_envelopes_counts_once(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    seen = file_seen()
    deliver(sender.next(seen))
    deliver(sender.next(seen, file_seen()))
    assert (Occurrence.objects.count(), Group.objects.get().occurrence_count) == (2, 2)


def test_the_same_record_twice_in_one_batch_counts_once(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    seen = file_seen()
    deliver(sender.next(seen, seen), work=False)
    deliver(sender.next(seen))
    assert (Occurrence.objects.count(), Group.objects.get().occurrence_count) == (1, 1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not compressed", "malformed"),
        (packed(b"not json"), "malformed"),
        (packed(b'{"type":"surprise","id":"x"}'), "malformed"),
        (packed(b"0" * (envelopes.MAX_BODY + 1)), "bomb"),
    ],
)
def test_an_envelope_with_a_bad_body_is_set_aside_and_the_next_one_is_taken(
    deliver: Deliver, sender: Any, file_seen: Seen, body: bytes, reason: str
) -> None:
    deliver(sealed(sender, body), work=False)
    deliver(sender.next(file_seen()))
    bad = SpoolEntry.objects.get(state=SpoolEntry.State.BAD)
    assert (bad.sequence, bad.reason) == (1, reason)
    assert bytes(bad.raw)
    assert Entry.objects.filter(action="envelope.set-aside", object_id=str(bad.pk)).exists()
    assert Occurrence.objects.count() == 1


def test_an_envelope_sealed_to_another_key_is_set_aside(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    true, sender.recipient = sender.recipient, keys.public_bytes(keys.X25519PrivateKey.generate())
    raw = sender.next(file_seen(), recipient=keys.key_id(true))
    assert deliver(raw).decision.answer == Answer.ACCEPTED
    assert SpoolEntry.objects.get().reason == "cannot-open"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "not-an-id"},
        {"session": "not-an-id"},
        {"control": "<script>"},
        {"seen_at": datetime(2026, 1, 1)},  # noqa: DTZ001 (a time without a zone is the point)
    ],
)
def test_a_record_no_agent_of_ours_writes_sets_its_whole_envelope_aside(
    deliver: Deliver, sender: Any, file_seen: Seen, change: dict[str, Any]
) -> None:
    deliver(sender.next(file_seen(), msgspec.structs.replace(file_seen(), **change)))
    entry = SpoolEntry.objects.get()
    assert (entry.state, entry.reason) == (SpoolEntry.State.BAD, "malformed")
    assert "record 2" in entry.message
    assert not Occurrence.objects.exists()


def test_numbers_beyond_any_database_do_not_stop_the_collector(
    deliver: Deliver, sender: Any, file_seen: Seen, stick: Any
) -> None:
    line = encode_record(msgspec.structs.replace(file_seen(), medium=msgspec.structs.replace(stick, capacity=1)))
    deliver(sealed(sender, packed(line.replace(b'"capacity":1', b'"capacity":' + b"9" * 19))))
    deliver(sender.next(file_seen()))
    assert not SpoolEntry.objects.filter(state=SpoolEntry.State.BAD).exists()
    assert Occurrence.objects.count() == 2


@pytest.mark.parametrize("year", [1, 1970, 2009, 2090, 9999])
def test_a_computer_whose_clock_is_years_off_loses_nothing(
    deliver: Deliver, sender: Any, file_seen: Seen, year: int
) -> None:
    deliver(sender.next(msgspec.structs.replace(file_seen(), seen_at=datetime(year, 12, 31, tzinfo=UTC))))
    seen = Occurrence.objects.get()
    assert seen.seen_at == seen.received_at == Group.objects.get().last_seen_at


def test_a_clock_that_is_ahead_does_not_freeze_what_a_violation_says(
    deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    deliver(sender.next(file_seen("a", severity=Severity.LOW, seen_at=datetime(2090, 1, 1, tzinfo=UTC))))
    first = Occurrence.objects.get()
    deliver(sender.next(file_seen("a", seen_at=first.received_at + timedelta(microseconds=1))))
    assert Group.objects.get().severity == Severity.CRITICAL


def test_a_batch_that_unfolds_to_very_many_records_is_taken_in_parts(
    deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_BATCH_WEIGHT", 8000)
    for _ in range(3):
        deliver(sender.next(*(file_seen() for _ in range(2))), work=False)
    assert (work_once(), work_once(), work_once()) == (2, 1, 0)
    assert Occurrence.objects.count() == 6


def test_a_fault_of_our_own_does_not_end_the_fan_out(
    deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def breaks() -> int:
        if not tried.is_set():
            tried.set()
            raise RuntimeError
        return drain_once()

    drain_once = fanout.work_once
    monkeypatch.setattr(fanout, "work_once", breaks)
    monkeypatch.setattr(fanout, "PAUSE", 0.01)
    worker = FanOut()
    worker.start()
    try:
        assert tried.wait(60)
        deliver(sender.next(file_seen()), work=False)
        while not Occurrence.objects.exists():
            assert worker.is_alive()
    finally:
        worker.stop()


def test_what_the_checks_did_not_foresee_costs_only_its_own_envelope(
    deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = file_seen("odd")
    store = fanout.store_sightings

    def chokes(deliveries: Any, media: Any) -> int:
        if any(uuid.UUID(str(seen.id)) == uuid.UUID(odd.id) for each in deliveries for seen in each.sightings):
            raise OverflowError
        return store(deliveries, media)

    monkeypatch.setattr(fanout, "store_sightings", chokes)
    for seen in (file_seen(), odd, file_seen()):
        deliver(sender.next(seen), work=False)
    drain()
    assert Occurrence.objects.count() == 2
    assert SpoolEntry.objects.get(state=SpoolEntry.State.BAD).reason == "cannot-apply"


def test_long_words_are_cut_to_what_a_page_can_show(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    seen = file_seen()
    finding = msgspec.structs.replace(seen.evidence.findings[0], marking="机" * 5000, zone="z\u202e" * 50)
    evidence = msgspec.structs.replace(seen.evidence, findings=(finding,), extension="\x00" + "x" * 400)
    deliver(sender.next(msgspec.structs.replace(seen, evidence=evidence)))
    group = Group.objects.get()
    assert (len(group.marking), len(group.zone), len(group.extension)) == (200, 32, 32)
    assert group.extension.isprintable() and "\u202e" not in group.zone


def test_an_agent_that_comes_up_is_noted_on_its_computer(deliver: Deliver, sender: Any, computer: Any) -> None:
    told = {"rules": "sha256:ab", "cage": "full", "platform": "Debian 12"}
    now = datetime.now(UTC)
    deliver(sender.next(AgentStarted(id=uuid7(), seen_at=now, version="1.2.3", **told)))
    computer.refresh_from_db()
    assert (computer.agent_version, computer.rules, computer.cage, computer.platform) == (
        "1.2.3",
        "sha256:ab",
        "full",
        "Debian 12",
    )


def test_many_records_of_many_kinds_fit_into_one_envelope(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    now = datetime.now(UTC)
    files = [file_seen(str(number % 700)) for number in range(2100)]
    checks = [CheckDone(id=uuid7(), seen_at=now, control="NET-03", outcome=CheckOutcome.FAIL) for _ in range(300)]
    deliver(sender.next(*files, *checks))
    assert (Group.objects.count(), Occurrence.objects.count()) == (700, 2100)
    assert sum(Group.objects.values_list("occurrence_count", flat=True)) == 2100


def test_what_arrives_is_taken_once_however_many_workers_run(deliver: Deliver, sender: Any, file_seen: Seen) -> None:
    first, second = FanOut(), FanOut()
    first.start()
    second.start()
    try:
        for number in range(5):
            deliver(sender.next(file_seen(str(number))), work=False)
        while SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).exists():
            spool.stored.set()
        assert drain_if_free() == several()  # with PostgreSQL everybody may help
    finally:
        first.stop()
        second.stop()
    assert drain_if_free()
    assert sum(Group.objects.values_list("occurrence_count", flat=True)) == Occurrence.objects.count() == 5
