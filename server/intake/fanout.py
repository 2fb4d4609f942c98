"""The fan-out: works the spool off, in the order of arrival, many envelopes in one transaction.

Records are committed first, then their envelopes are marked as done in the spool's own database. A process that dies
in between leaves envelopes to be worked off once more, and what they hold has ids of its own: nothing counts twice.
With SQLite one worker works at a time (`server.intake.turns`) and others wait to take its place; with PostgreSQL all
of them work, each on computers of its own (`server.intake.claims`).
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from server import audit
from server.intake.ahead import Ahead
from server.intake.carriers import store_media, store_sessions, store_starts
from server.intake.checkpoints import keep_more
from server.intake.claims import claimed, claimed_alone, hold_media, next_ones, piled_up, several
from server.intake.heartbeats import store_heartbeats
from server.intake.models import Sequence as SequenceRow
from server.intake.models import SpoolEntry
from server.intake.opening import Opened, Unusable, opened
from server.intake.records import Delivery
from server.intake.refusals import printable
from server.intake.reports import store_reports
from server.intake.routing import apart, spool_alias
from server.intake.sightings import store_sightings
from server.intake.spool import spool
from server.intake.sql import chunks, update_by_pk
from server.intake.turns import turn_to_work
from server.ledger.models import Computer
from server.locks import between_commits
from server.violations import statistics, sums, waivers

POLL = 0.2
"""Seconds between looks at the spool when nobody of this process has said that something came."""
CLOCK = 60.0
"""Seconds between looks at what ends by itself."""
PAUSE = 2.0
"""Seconds after something failed."""

_log = logging.getLogger(__name__)


def work_once() -> int:
    """Take the next batch of waiting envelopes into the tables; how many they were.

    An envelope that cannot be used is set aside as ``bad`` with its reason, and costs no other one anything.
    Raises `django.db.OperationalError` where the database cannot be written to: nothing is lost, try again.
    """
    tried: list[SpoolEntry] = []
    try:
        with claimed() as tried:
            return _store(opened(tried)) if tried else 0
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever one envelope brings about must not stop all others for ever)
        # One of them holds something that the checks did not foresee: find out which.
        _log.warning("a batch is taken one by one: %s", type(error).__name__)
        for entry in tried:
            _take_alone(entry)
    return len(tried)


def drain() -> int:
    """Work off everything that waits; how many envelopes it was."""
    total = 0
    while count := work_once():
        total += count
    return total


def drain_if_free() -> bool:
    """Work off everything that waits, unless it is a serving process's turn. Whether this process did it."""
    with turn_to_work() as mine:
        if several() or mine():
            drain()
            return True
        return False


def _store(told: Opened) -> int:
    """Store what these envelopes bring, and mark them as done; how many envelopes they were."""
    known = _known({each.agent for each in told.deliveries})
    deliveries = [each for each in told.deliveries if each.agent in known]
    strangers = [
        Unusable(each.entry, each.agent, "unknown-agent", "the computer is no longer in the ledger")
        for each in told.deliveries
        if each.agent not in known
    ]
    bad = [*told.bad, *strangers]
    with _both():
        with transaction.atomic():
            _apply(deliveries)
            for each in bad:
                _tell_set_aside(each)
        with transaction.atomic(using=spool_alias()):
            done = [delivery.entry for delivery in deliveries]
            for part in chunks(done):
                SpoolEntry.objects.filter(pk__in=part).update(state=SpoolEntry.State.DONE, raw=b"")
            for each in bad:
                _set_aside(each)
    return len(deliveries) + len(bad)


def _known(agents: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those that stand in the ledger. Where rows are locked theirs are, in one order for all that write many."""
    rows = Computer.objects.filter(pk__in=agents).select_for_update(no_key=True).order_by("pk")
    return set(rows.values_list("pk", flat=True))


@contextmanager
def _both() -> Iterator[None]:
    """What concerns both databases: one commit where they are one, else none that a backup could come between."""
    if apart():
        with between_commits(Path(settings.MIJIAN_HOME)):
            yield
    else:
        with transaction.atomic():
            yield


def _take_alone(entry: SpoolEntry) -> None:
    try:
        with claimed_alone(entry) as mine:
            if mine is not None:
                _store(opened([mine]))
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 (set aside, whole and with the reason, for an administrator to see)
        with claimed_alone(entry) as mine:
            if mine is not None:
                why = f"a record cannot be stored ({type(error).__name__})"
                bad = Unusable(mine.pk, mine.agent_id, "cannot-apply", why)
                with _both():
                    _tell_set_aside(bad)
                    _set_aside(bad)


def _set_aside(bad: Unusable) -> None:
    """Keep an envelope that cannot be used, with the reason, for an administrator to see."""
    state, message = SpoolEntry.State.BAD, printable(bad.message, 300)
    SpoolEntry.objects.filter(pk=bad.entry).update(state=state, reason=bad.reason, message=message)


def _tell_set_aside(bad: Unusable) -> None:
    entry = SpoolEntry.objects.defer("raw").get(pk=bad.entry)
    audit.record("envelope.set-aside", obj=entry, reason=bad.reason, computer=str(bad.agent))
    _log.warning("an envelope was set aside: %s", bad.reason)


def _apply(deliveries: Sequence[Delivery]) -> None:
    seen = [each for delivery in deliveries for each in delivery.media]
    hold_media(word for medium, _ in seen for word in (medium.key, medium.serial_hash) if word)
    media = store_media(seen)
    store_sessions(deliveries, media)
    store_sightings(deliveries, media)
    # After the sightings: a check verifies only what was not seen since.
    store_reports(deliveries, media)
    store_starts(deliveries)
    store_heartbeats(deliveries)
    note_heard({delivery.agent: delivery.received_at for delivery in deliveries})


def note_heard(heard: Mapping[uuid.UUID, datetime]) -> None:
    """Note in the ledger when these computers were heard of last."""
    update_by_pk(Computer, [{"pk": agent, "last_seen_at": heard[agent]} for agent in sorted(heard)])


def note_held(since: datetime) -> None:
    """Note computers that were heard of since, also those of which nothing could be taken in: they are not silent."""
    heard = SequenceRow.objects.filter(heard_at__gte=since).values_list("pk", "heard_at")
    note_heard({agent: at for agent, at in heard.iterator() if at is not None})


class FanOut(threading.Thread):
    """Works the spool off for as long as the process lives, or until `stop`."""

    def __init__(self, *, ahead: bool = False) -> None:
        """With ``ahead`` a pile is opened by a process beside this one, which must then have no other threads' work."""
        super().__init__(name="fan-out", daemon=True)
        self._ahead = Ahead(next_ones) if ahead else None
        self._stop_asked = threading.Event()
        self._next_look = 0.0
        self._worker = 0
        self._sums = sums.Keeper()

    def ask_to_stop(self) -> None:
        """End after the batch in hand; do not wait for it."""
        self._stop_asked.set()
        spool.stored.set()

    def stop(self) -> None:
        """End after the batch in hand."""
        self.ask_to_stop()
        self.join()

    def run(self) -> None:
        """Wait for the lock, then for envelopes. Nothing but `stop` ends it: a collector that only spools is blind."""
        self._worker = threading.get_ident()
        connection_created.connect(self._keep_more)
        while not self._stop_asked.is_set():
            try:
                self._work_while_locked()
            except Exception as error:  # noqa: BLE001 (the edge of a thread that must go on)
                _log.error("the spool cannot be worked off just now: %s", type(error).__name__)
                self._alone()
                connections.close_all()
                self._stop_asked.wait(PAUSE)
        self._alone()
        connection_created.disconnect(self._keep_more)
        connections.close_all()

    def _keep_more(self, connection: BaseDatabaseWrapper, **_more: object) -> None:
        """The connections of this thread keep more of the database in memory; those of others are many."""
        if threading.get_ident() == self._worker:
            keep_more(connection)

    def _look_at_the_clock(self, mine: Callable[[], bool]) -> None:
        """Do what is due once in a while (waivers whose last day is over end); of several workers only one does."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + CLOCK
            if mine():
                waivers.expire()
                statistics.renew()
                self._sums.renew()
                note_held(timezone.now() - timedelta(seconds=2 * CLOCK))

    def _work_while_locked(self) -> None:
        with turn_to_work() as mine:
            while not several() and not mine():
                if self._stop_asked.wait(1.0):
                    return
            while not self._stop_asked.is_set():
                spool.stored.clear()
                self._look_at_the_clock(mine)
                if not self._work():
                    spool.stored.wait(POLL)

    def _work(self) -> int:
        """The next batch; where several wait, with somebody to open them ahead."""
        ahead = self._ahead
        if ahead is None or several():
            return work_once()
        if not ahead.runs and piled_up():
            ahead.begin()
        if not ahead.runs:
            return work_once()
        try:
            told = ahead.next()
            return 0 if told is None else _store(told)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever became of the opening, or of one envelope, goes on without it)
            _log.warning("a batch is opened anew: %s", type(error).__name__)
            ahead.end()
            return work_once()

    def _alone(self) -> None:
        """Do without the process that opens ahead, if there is one."""
        if self._ahead is not None:
            self._ahead.end()
