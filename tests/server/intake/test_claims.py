"""Several workers of the fan-out at once (PostgreSQL): what they do together is what one would have done alone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from protocol import keys
from protocol.records import Medium
from server import audit
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.intake import claims
from server.intake.claims import claimed
from server.intake.fanout import drain, work_once
from server.intake.models import SpoolEntry
from server.ledger.models import Computer
from server.ledger.models import Medium as LedgerMedium
from server.violations.models import Group, Occurrence

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer: several workers need PostgreSQL"
)
Senders = Callable[..., Any]


@pytest.fixture
def senders(make_sender: Senders) -> Callable[[int], list[Any]]:
    """Makes agents of computers of their own."""

    def make(count: int) -> list[Any]:
        made = []
        for number in range(count):
            key = keys.Ed25519PrivateKey.generate()
            computer = Computer.objects.create(
                id=uuid.uuid4(),
                name=f"pc-{number}",
                computer_class="internal",
                enrolled_at=timezone.now(),
                public_key=keys.public_bytes(key),
                machine_id_hash="ab" * 32,
            )
            made.append(make_sender(computer, key))
        return made

    return make


def side_by_side(*jobs: Callable[[], object]) -> None:
    """Do these in threads of their own, all begun before the first goes on."""
    together, failures = threading.Barrier(len(jobs)), list[BaseException]()

    def do(job: Callable[[], object]) -> None:
        try:
            together.wait()
            job()
        except BaseException as error:  # noqa: BLE001 (told below)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_workers_side_by_side_store_everything_exactly_once(
    deliver: Any, senders: Any, file_seen: Any, stick: Medium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "MAX_BATCH", 3)  # many small batches: many meetings
    fleet = senders(6)
    for turn in range(6):
        for agent in fleet:  # the same files on the same stick, seen at all of them, and one at home
            seen = [file_seen(f"{turn % 2}-{number}", medium=stick) for number in range(3)]
            deliver(agent.next(*seen, file_seen("home", medium=None)), work=False)

    side_by_side(drain, drain, drain)
    drain()
    assert SpoolEntry.objects.exclude(state=SpoolEntry.State.DONE).count() == 0
    assert Occurrence.objects.count() == 6 * 6 * 4
    assert LedgerMedium.objects.count() == 1
    assert Group.objects.count() == 6 + 6  # six files on the stick, one at home on each of six computers
    for group in Group.objects.all():
        assert group.occurrence_count == group.occurrences.count()


def test_a_computer_in_hand_is_passed_over_and_its_envelopes_stay_in_order(
    deliver: Any, senders: Any, file_seen: Any
) -> None:
    one, other = senders(2)
    for _ in range(2):
        deliver(one.next(file_seen()), work=False)
    deliver(other.next(file_seen("b")), work=False)
    taken: list[int] = []
    with claimed() as mine:
        assert [entry.sequence for entry in mine] == [1, 2, 1]
    with transaction.atomic():
        assert claims._locked([uuid.UUID(one.computer_id)])
        side_by_side(lambda: taken.append(work_once()))
    assert taken == [1]
    waiting = SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING)
    assert {str(entry.agent_id) for entry in waiting} == {one.computer_id}
    drain()
    assert not waiting.all().exists()


def test_acts_written_side_by_side_form_one_chain(db: None) -> None:
    def write() -> None:
        for _ in range(20):
            audit.record("test.act")

    side_by_side(write, write, write)
    assert (Entry.objects.count(), verify_chain().whole) == (60, True)
