"""Envelopes that have piled up are opened by a process of their own, and counted once whatever becomes of it."""

from __future__ import annotations

import gc
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from protocol.records import ViolationSeen
from server.intake import claims
from server.intake.fanout import FanOut
from server.intake.models import SpoolEntry
from server.intake.spool import spool
from server.violations.models import Group, Occurrence

Seen = Callable[..., ViolationSeen]
Deliver = Callable[..., Any]


@pytest.fixture
def pile(deliver: Deliver, sender: Any, file_seen: Seen, monkeypatch: pytest.MonkeyPatch) -> list[ViolationSeen]:
    """Nine envelopes that wait, with a batch of two: each tells of the same file once more, and of one of its own."""
    if claims.several():
        pytest.skip("with PostgreSQL several processes open and store")
    monkeypatch.setattr(claims, "MAX_BATCH", 2)
    monkeypatch.setattr(claims, "PILE", 1)
    told = [(file_seen("same"), file_seen(f"file {number}")) for number in range(9)]
    for seen in told:
        deliver(sender.next(*seen), work=False)
    spool.stop()
    _leave_alone()
    return [each for seen in told for each in seen]


def _leave_alone() -> None:
    """Close what threads of earlier tests left open: in the process that works the spool off no other is at the tables.

    What SQLite remembers of an open file is carried into a new process, where its descriptors are closed.
    """
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, BaseDatabaseWrapper) and one is not connections[one.alias] and one.connection is not None:
            one.inc_thread_sharing()
            one.close()


@pytest.fixture
def worker() -> Iterator[FanOut]:
    """One that works the spool off as the collector's own process does."""
    made = FanOut(ahead=True)
    yield made
    made._alone()


def stored() -> set[uuid.UUID]:
    return set(Occurrence.objects.values_list("pk", flat=True))


def helpers(worker: FanOut) -> list[int]:
    assert worker._ahead is not None
    return [worker._ahead._pid] if worker._ahead.runs else []


def test_a_pile_is_worked_off_by_two_and_every_record_counts_once(pile: list[ViolationSeen], worker: FanOut) -> None:
    worker._work()
    (opener,) = helpers(worker)
    worker._work()
    assert helpers(worker) == [opener]
    while worker._work():
        pass
    assert stored() == {uuid.UUID(seen.id) for seen in pile}
    assert sorted(Group.objects.values_list("occurrence_count", flat=True)) == [1] * 9 + [9]
    assert not SpoolEntry.objects.exclude(state=SpoolEntry.State.DONE).exists()


def test_when_the_opener_is_killed_what_it_had_in_hand_is_opened_anew(
    pile: list[ViolationSeen], worker: FanOut
) -> None:
    worker._work()
    worker._work()
    (pid,) = helpers(worker)
    os.kill(pid, signal.SIGKILL)
    while worker._work():
        pass
    assert stored() == {uuid.UUID(seen.id) for seen in pile}
    assert Group.objects.order_by("-occurrence_count")[0].occurrence_count == 9


def test_the_opener_ends_with_the_one_that_stores(pile: list[ViolationSeen], worker: FanOut) -> None:
    worker._work()
    (pid,) = helpers(worker)
    assert worker._ahead is not None and worker._ahead._channel is not None
    worker._ahead._channel.close()  # as when that process is killed
    assert os.waitpid(pid, 0)[1] == 0


def test_an_envelope_that_cannot_be_used_is_set_aside_by_two_as_by_one(
    pile: list[ViolationSeen], worker: FanOut, deliver: Deliver, sender: Any, file_seen: Seen
) -> None:
    deliver(sender.next(file_seen()), work=False)
    spool.stop()
    last = SpoolEntry.objects.latest("pk")
    SpoolEntry.objects.filter(pk=last.pk).update(raw=bytes(last.raw)[:-70])
    while worker._work():
        pass
    assert SpoolEntry.objects.get(state=SpoolEntry.State.BAD).pk == last.pk
    assert len(stored()) == len(pile)
