"""The fan-out: works the spool off, in the order of arrival, many envelopes in one transaction.

Records and the state of their envelope change in the same commit, so a process that dies at any moment leaves
either both or neither. One worker works at a time: a lock on a file of the home, which the system drops with
the process, says who.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, transaction

from protocol.envelope import EnvelopeError, parse
from protocol.records import MediaSessionSeen, Medium, Record, ScanDone, ViolationSeen
from server import audit
from server.intake.carriers import store_media, store_sessions, store_starts
from server.intake.heartbeats import store_heartbeats
from server.intake.models import SpoolEntry
from server.intake.records import Delivery, read
from server.intake.refusals import printable
from server.intake.reports import store_reports
from server.intake.sightings import store_sightings
from server.intake.spool import spool
from server.keys import collector_keys
from server.ledger.models import Computer
from server.violations import waivers

MAX_BATCH = 64
"""Envelopes of one transaction."""
MAX_BATCH_BYTES = 2 * 1024 * 1024
"""Bytes of the envelopes of one transaction, the first one aside."""
MAX_BATCH_WEIGHT = 32 * 1024 * 1024
"""Weight of records (`Delivery.weight`) after which a transaction takes no further envelope: sealed bytes may unfold a
thousandfold, and this is what bounds the memory."""
POLL = 0.5
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
    entries = _next_batch()
    if not entries:
        return 0
    try:
        return _take(entries)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever one envelope brings about must not stop all others for ever)
        # One of them holds something that the checks did not foresee: find out which.
        _log.warning("a batch is taken one by one: %s", type(error).__name__)
        for entry in entries:
            _take_alone(entry)
    return len(entries)


def drain() -> int:
    """Work off everything that waits; how many envelopes it was."""
    total = 0
    while count := work_once():
        total += count
    return total


def drain_if_free() -> bool:
    """Work off everything that waits, unless a serving process is at it. Whether this process did it."""
    lock = _lock_file()
    try:
        if not _locked(lock):
            return False
        drain()
        return True
    finally:
        os.close(lock)


def _next_batch() -> list[SpoolEntry]:
    waiting = SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).order_by("id")
    sizes = list(waiting.values_list("id", "size")[:MAX_BATCH])
    chosen: list[int] = []
    total = 0
    for id_, size in sizes:
        total += size
        if chosen and total > MAX_BATCH_BYTES:
            break
        chosen.append(id_)
    return list(SpoolEntry.objects.filter(id__in=chosen).order_by("id")) if chosen else []


def _take(entries: Sequence[SpoolEntry]) -> int:
    """Store the records of these envelopes, or of the first few where they hold very many; how many envelopes."""
    deliveries: list[Delivery] = []
    weight = 0
    bad: list[tuple[SpoolEntry, EnvelopeError]] = []
    key = collector_keys().sealing
    known = set(Computer.objects.filter(pk__in={entry.agent_id for entry in entries}).values_list("pk", flat=True))
    for entry in entries:
        try:
            if entry.agent_id not in known:
                raise EnvelopeError("unknown-agent", "the computer is no longer in the ledger")
            deliveries.append(read(entry.pk, parse(bytes(entry.raw)), entry.agent_id, entry.received_at, key))
        except EnvelopeError as error:
            bad.append((entry, error))
        else:
            weight += deliveries[-1].weight
            if weight >= MAX_BATCH_WEIGHT:
                break
    with transaction.atomic():
        _apply(deliveries)
        # What another worker has done meanwhile is not done twice: records have ids, and this counts only waiting ones.
        SpoolEntry.objects.filter(pk__in=[delivery.entry for delivery in deliveries]).update(
            state=SpoolEntry.State.DONE, raw=b""
        )
        for entry, why in bad:
            _set_aside(entry, why.reason, str(why))
    return len(deliveries) + len(bad)


def _take_alone(entry: SpoolEntry) -> None:
    try:
        _take([entry])
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 (set aside, whole and with the reason, for an administrator to see)
        with transaction.atomic():
            _set_aside(entry, "cannot-apply", f"a record cannot be stored ({type(error).__name__})")


def _set_aside(entry: SpoolEntry, reason: str, message: str) -> None:
    """Keep an envelope that cannot be used, with the reason, for an administrator to see."""
    entry.state, entry.reason, entry.message = SpoolEntry.State.BAD, reason, printable(message, 300)
    entry.save(update_fields=("state", "reason", "message"))
    audit.record("envelope.set-aside", obj=entry, reason=reason, computer=str(entry.agent_id))
    _log.warning("an envelope was set aside: %s", reason)


def _apply(deliveries: Sequence[Delivery]) -> None:
    media = store_media(
        (medium, at) for delivery in deliveries for record in delivery.records for medium, at in _media_of(record)
    )
    store_sessions(deliveries, media)
    store_sightings(deliveries, media)
    # After the sightings: a check verifies only what was not seen since.
    store_reports(deliveries, media)
    store_starts(deliveries)
    store_heartbeats(deliveries)


def _media_of(record: Record) -> Iterable[tuple[Medium, datetime]]:
    if isinstance(record, MediaSessionSeen):
        yield record.medium, record.ended_at or record.mounted_at
    elif isinstance(record, ViolationSeen) and record.medium is not None:
        yield record.medium, record.seen_at
    elif isinstance(record, ScanDone) and record.medium is not None:
        yield record.medium, record.started_at


class FanOut(threading.Thread):
    """Works the spool off for as long as the process lives, or until `stop`."""

    def __init__(self) -> None:
        super().__init__(name="fan-out", daemon=True)
        self._stop_asked = threading.Event()
        self._next_look = 0.0

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stop_asked.set()
        spool.stored.set()
        self.join()

    def run(self) -> None:
        """Wait for the lock, then for envelopes. Nothing but `stop` ends it: a collector that only spools is blind."""
        while not self._stop_asked.is_set():
            try:
                self._work_while_locked()
            except Exception as error:  # noqa: BLE001 (the edge of a thread that must go on)
                _log.error("the spool cannot be worked off just now: %s", type(error).__name__)
                connection.close()
                self._stop_asked.wait(PAUSE)
        connection.close()

    def _look_at_the_clock(self) -> None:
        """End the waivers whose last day is over, once in a while."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + CLOCK
            waivers.expire()

    def _work_while_locked(self) -> None:
        lock = _lock_file()
        try:
            while not _locked(lock):
                if self._stop_asked.wait(1.0):
                    return
            while not self._stop_asked.is_set():
                spool.stored.clear()
                close_old_connections()
                self._look_at_the_clock()
                if not work_once():
                    spool.stored.wait(POLL)
        finally:
            os.close(lock)


def _lock_file() -> int:
    return os.open(Path(settings.MIJIAN_HOME) / "fanout.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
