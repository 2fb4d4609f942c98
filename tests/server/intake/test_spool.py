"""The spool under many hands, a full disk and a writer that has to come back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from protocol import keys
from protocol.envelope import parse
from protocol.receipts import Answer
from protocol.records import ViolationSeen
from server.intake.models import Sequence, SpoolEntry
from server.intake.routing import SPOOL, apart
from server.intake.senders import Arrival, known_senders
from server.intake.spool import Spool, SpoolUnavailable, spool
from server.ledger.models import Computer

Seen = Callable[..., ViolationSeen]
AGENTS, ENVELOPES = 6, 8


@pytest.fixture
def fleet(make_sender: Callable[..., Any]) -> list[Any]:
    """The agents of some computers."""
    senders = []
    for number in range(AGENTS):
        key = keys.Ed25519PrivateKey.generate()
        computer = Computer.objects.create(
            name=f"pc-{number}",
            computer_class="internal",
            enrolled_at=timezone.now(),
            public_key=keys.public_bytes(key),
            machine_id_hash=f"{number:064x}",
        )
        senders.append(make_sender(computer, key))
    return senders


def arrival(raw: bytes) -> Arrival:
    envelope = parse(raw)
    agent = uuid.UUID(envelope.header.agent)
    return Arrival(agent, envelope, "network", known_senders({agent})[agent].key)


def test_computers_that_report_at_once_each_get_every_envelope_stored_once(
    fleet: list[Any], file_seen: Seen, clean_slate: None
) -> None:
    rows = [[sender.next(file_seen()) for _ in range(ENVELOPES)] for sender in fleet]

    def report(row: list[bytes]) -> list[Answer]:
        # Every envelope twice: the answer to the first one may have been lost.
        return [spool.submit(arrival(raw)).answer for raw in row for _ in range(2)]

    with ThreadPoolExecutor(AGENTS) as pool:
        answers = list(pool.map(report, rows))
    assert answers == [[Answer.ACCEPTED, Answer.DUPLICATE] * ENVELOPES] * AGENTS
    assert SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).count() == AGENTS * ENVELOPES
    for sender in fleet:
        row = Sequence.objects.get(pk=sender.computer_id)
        assert (row.sequence, row.digest) == (ENVELOPES, sender.previous)


def test_the_same_envelope_from_many_hands_at_once_is_accepted_once(sender: Any, file_seen: Seen) -> None:
    raw = sender.next(file_seen())
    with ThreadPoolExecutor(8) as pool:
        answers = [decision.answer for decision in pool.map(lambda _: spool.submit(arrival(raw)), range(8))]
    assert sorted(answers) == [Answer.ACCEPTED] + [Answer.DUPLICATE] * 7


def test_two_spools_of_two_processes_keep_one_order(sender: Any, file_seen: Seen) -> None:
    other = Spool()
    raws = [sender.next(file_seen()) for _ in range(10)]
    try:
        with ThreadPoolExecutor(2) as pool:
            hands = zip([spool, other] * 5, raws, strict=True)
            answers = list(pool.map(lambda hand: hand[0].submit(arrival(hand[1])).answer, hands))
    finally:
        other.stop()
    assert set(answers) <= {Answer.ACCEPTED, Answer.HELD}
    assert Sequence.objects.get(pk=sender.computer_id).sequence == 10


def test_on_a_full_disk_nothing_is_promised_and_later_everything_is_taken(
    sender: Any, file_seen: Seen, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not apart():
        pytest.skip("a limit on the size of a file is SQLite's")
    raw = sender.next(*(file_seen(str(number)) for number in range(400)))
    connection = connections[SPOOL]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
    options = connection.settings_dict["OPTIONS"]
    roomy = options["init_command"]
    # Each new connection, the writer's among them, may not grow the file: what a full disk does.
    monkeypatch.setitem(options, "init_command", f"{roomy} PRAGMA max_page_count={pages};")
    answer = client.post("/api/v1/envelopes", raw, content_type="application/octet-stream")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert not SpoolEntry.objects.exists()
    monkeypatch.setitem(options, "init_command", roomy)
    spool.stop()
    connection.close()
    assert client.post("/api/v1/envelopes", raw, content_type="application/octet-stream").status_code == 200
    assert SpoolEntry.objects.get().digest == hashlib.sha256(raw).hexdigest()


def test_a_computer_that_leaves_the_ledger_meanwhile_is_refused(
    sender: Any, file_seen: Seen, computer: Computer
) -> None:
    came = arrival(sender.next(file_seen()))
    computer.delete()
    assert (spool.submit(came).answer, spool.submit(came).reason) == (Answer.REFUSED, "unknown-agent")


def test_a_stopped_spool_starts_again(sender: Any, file_seen: Seen) -> None:
    assert spool.submit(arrival(sender.next(file_seen()))).answer == Answer.ACCEPTED
    spool.stop()
    assert spool.submit(arrival(sender.next(file_seen()))).answer == Answer.ACCEPTED


def test_a_spool_with_too_much_waiting_turns_away_and_promises_nothing(
    sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.intake.spool.MAX_QUEUED", 1)
    small = Spool()
    monkeypatch.setattr(small, "_ensure_thread", lambda: None)
    monkeypatch.setattr("server.intake.spool.PATIENCE", 0.05)
    came = arrival(sender.next(file_seen()))
    for _ in range(2):  # the first one is never worked off, the second one finds no room
        with pytest.raises(SpoolUnavailable, match="busy"):
            small.submit(came)
    assert not SpoolEntry.objects.exists()
