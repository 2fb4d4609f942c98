"""Several workers of the fan-out at once (PostgreSQL): what they do together is what one would have done alone."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from protocol import keys
from protocol.records import Medium
from server import audit
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.commands.verify import _sound
from server.intake import claims
from server.intake.claims import claimed
from server.intake.fanout import drain, work_once
from server.intake.models import SpoolEntry
from server.ledger.models import Computer
from server.ledger.models import Medium as LedgerMedium
from server.retention.purge import purge
from server.retention.settings import Retention
from server.violations.models import Group, Occurrence, State

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


def until_another_waits() -> None:
    """Returns once another connection waits for a row that this one holds."""
    until = time.monotonic() + 60
    with connection.cursor() as cursor:
        while not cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
            assert time.monotonic() < until, "nobody waits"
            time.sleep(0.01)


@pytest.fixture
def closed_long_ago(deliver: Any, sender: Any, file_seen: Any, settings: Any) -> Group:
    """A violation that was seen twice, closed, and kept for long enough."""
    settings.MIJIAN_RETENTION = Retention(violations=730, sightings=180)
    deliver(sender.next(file_seen("old"), file_seen("old")))
    long_ago = timezone.now() - timedelta(days=800)
    Occurrence.objects.update(seen_at=long_ago)
    Group.objects.update(state=State.CLOSED, state_at=long_ago, first_seen_at=long_ago, last_seen_at=long_ago)
    return Group.objects.get()


def test_what_is_seen_again_while_it_is_purged_stays_with_all_its_sightings(
    deliver: Any, sender: Any, file_seen: Any, closed_long_ago: Group
) -> None:
    deliver(sender.next(file_seen("old")), work=False)
    purged: list[dict[str, int]] = []
    together = threading.Barrier(2)

    def take_in() -> None:
        with transaction.atomic():
            assert work_once() == 1
            together.wait()
            until_another_waits()

    def clear() -> None:
        together.wait()
        purged.append(purge(only=["violations"]))

    side_by_side(take_in, clear)
    assert purged == [{"violations": 0}]
    group = Group.objects.get()
    assert (group.pk, group.state, group.occurrence_count) == (closed_long_ago.pk, State.NEW, 3)
    assert group.occurrences.count() == 3


def test_what_is_purged_while_it_is_seen_again_is_a_new_violation(
    deliver: Any, sender: Any, file_seen: Any, closed_long_ago: Group
) -> None:
    deliver(sender.next(file_seen("old")), work=False)
    together = threading.Barrier(2)

    def clear() -> None:
        with transaction.atomic():
            assert purge(only=["violations"]) == {"violations": 1}
            together.wait()
            until_another_waits()

    def take_in() -> None:
        together.wait()
        drain()

    side_by_side(clear, take_in)
    group = Group.objects.get()
    assert group.pk != closed_long_ago.pk
    assert (group.occurrence_count, group.occurrences.count(), Occurrence.objects.count()) == (1, 1, 1)
    assert not SpoolEntry.objects.exclude(state=SpoolEntry.State.DONE).exists()


def test_verify_tells_of_a_sighting_whose_violation_is_gone(closed_long_ago: Group) -> None:
    assert _sound(connection)
    Group.objects.filter(pk=closed_long_ago.pk)._raw_delete("default")  # as somebody at the database's own prompt might
    assert not _sound(connection)
    Occurrence.objects.all().delete()
