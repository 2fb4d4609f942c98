"""The spool: envelopes are on the disk before anybody gets a receipt, many of them by one sync.

Request threads hand verified envelopes to one writer thread of the process. It takes whatever has queued up while
the last commit ran and stores it in one IMMEDIATE transaction (group commit); several processes take turns by
SQLite's own lock.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Literal

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from protocol.envelope import Envelope
from protocol.receipts import Answer
from server.intake.models import SpoolEntry
from server.intake.sequence import Decision, Row, decide
from server.ledger.models import Computer

Road = Literal["network", "file"]

MAX_BATCH = 256
"""Envelopes of one commit."""
MAX_BATCH_BYTES = 32 * 1024 * 1024
MAX_QUEUED = 1024
"""Envelopes that may wait for the writer; more are turned away for a moment."""
PATIENCE = 30.0
"""Seconds a request waits for its commit."""

_log = logging.getLogger(__name__)


_GONE = Decision(Answer.REFUSED, "unknown-agent", "no computer is enrolled here under this id: enrol it first")


class SpoolUnavailable(Exception):
    """Nothing can be stored just now (disk full, locked, too busy): no receipt, the sender keeps it and tries again."""


@dataclass(frozen=True)
class Arrival:
    """One verified envelope on its way into the spool."""

    agent: uuid.UUID
    envelope: Envelope
    road: Road


class Spool:
    """The writer of one process. `submit` is called by any number of threads."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[Arrival, Future[Decision]] | None] = queue.Queue(MAX_QUEUED)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self.stored = threading.Event()
        """Set whenever envelopes wait for the fan-out."""

    def submit(self, arrival: Arrival) -> Decision:
        """Store one envelope and tell what was done with it; returns after the commit. Raises `SpoolUnavailable`."""
        self._ensure_thread()
        done: Future[Decision] = Future()
        try:
            self._queue.put_nowait((arrival, done))
            return done.result(PATIENCE)
        except (queue.Full, FutureTimeout) as error:
            raise SpoolUnavailable("the collector is busy") from error

    def stop(self) -> None:
        """Store what is queued and end the writer; a later `submit` starts it anew."""
        with self._start:
            thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            thread.join(PATIENCE)

    def _ensure_thread(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                if batch:
                    self._write(batch)
        finally:
            connection.close()

    def _next_batch(self) -> list[tuple[Arrival, Future[Decision]]] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch, size = [first], len(first[0].envelope.raw)
        while len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._queue.put(None)
                break
            batch.append(item)
            size += len(item[0].envelope.raw)
        return batch

    def _write(self, batch: Sequence[tuple[Arrival, Future[Decision]]]) -> None:
        try:
            decisions = store([arrival for arrival, _ in batch])
            for (_, done), decision in zip(batch, decisions, strict=True):
                done.set_result(decision)
            self.stored.set()
        except OperationalError as error:  # full, locked, unreadable: the same for all
            connection.close()
            _log.error("the spool cannot be written: %s", type(error).__name__)
        except DatabaseError as error:
            connection.close()
            _log.error("an envelope cannot be stored: %s", type(error).__name__)
            if len(batch) > 1:  # one odd envelope must not cost the others theirs
                for item in batch:
                    self._write([item])
        finally:
            for _, done in batch:
                if not done.done():
                    done.set_exception(SpoolUnavailable("the collector cannot store anything just now"))


def store(arrivals: Sequence[Arrival]) -> list[Decision]:
    """Decide on and store verified envelopes in one transaction; durable when it returns.

    Raises `django.db.DatabaseError` where nothing of them could be stored.
    """
    with transaction.atomic():
        rows = _rows(arrivals)
        now = timezone.now()
        decisions: list[Decision] = []
        entries: list[SpoolEntry] = []
        heard: set[uuid.UUID] = set()
        for arrival in arrivals:
            row, envelope = rows.get(arrival.agent), arrival.envelope
            decision = _GONE if row is None else decide(row, envelope)
            decisions.append(decision)
            if row is None or decision.answer not in (Answer.ACCEPTED, Answer.HELD):
                continue
            row.known.add(envelope.digest)
            heard.add(arrival.agent)
            entries.append(_entry(arrival, decision))
            entries[-1].received_at = now
            if decision.answer is Answer.HELD:
                row.held += 1
            else:
                row.sequence, row.digest = envelope.header.sequence, envelope.digest
        SpoolEntry.objects.bulk_create(entries)
        for agent in heard:
            row = rows[agent]
            if row.held:
                _release_followers(agent, row)
            Computer.objects.filter(pk=agent).update(
                last_sequence=row.sequence, last_digest=row.digest, last_seen_at=now
            )
    return decisions


def _rows(arrivals: Sequence[Arrival]) -> dict[uuid.UUID, Row]:
    """Where every computer of these envelopes stands, read under the write lock."""
    agents = {arrival.agent for arrival in arrivals}
    rows = {
        pk: Row(sequence, digest)
        for pk, sequence, digest in Computer.objects.filter(pk__in=agents).values_list(
            "pk", "last_sequence", "last_digest"
        )
    }
    digests = {arrival.envelope.digest: arrival.agent for arrival in arrivals}
    for digest in SpoolEntry.objects.filter(digest__in=digests).values_list("digest", flat=True):
        if (row := rows.get(digests[digest])) is not None:  # else its computer has left the ledger meanwhile
            row.known.add(digest)
    held: dict[uuid.UUID, int] = defaultdict(int)
    for agent in SpoolEntry.objects.filter(state=SpoolEntry.State.HELD, agent_id__in=agents).values_list(
        "agent_id", flat=True
    ):
        held[agent] += 1
    for agent, count in held.items():
        if (row := rows.get(agent)) is not None:
            row.held = count
    return rows


def _entry(arrival: Arrival, decision: Decision) -> SpoolEntry:
    held = decision.answer is Answer.HELD
    return SpoolEntry(
        digest=arrival.envelope.digest,
        agent_id=arrival.agent,
        sequence=arrival.envelope.header.sequence,
        previous=arrival.envelope.header.previous,
        raw=arrival.envelope.raw,
        size=len(arrival.envelope.raw),
        road=arrival.road,
        state=SpoolEntry.State.HELD if held else SpoolEntry.State.WAITING,
        reason=decision.reason if held else "",
        message=decision.message if held else "",
    )


def _release_followers(agent: uuid.UUID, row: Row) -> None:
    """Let held envelopes follow, one after another, as long as each is the next and fits the one before."""
    held = SpoolEntry.objects.filter(agent_id=agent, state=SpoolEntry.State.HELD)
    while (entry := held.filter(sequence=row.sequence + 1, previous=row.digest).first()) is not None:
        queue_again(entry)
        row.sequence, row.digest = entry.sequence, entry.digest
    for stray in held.filter(sequence__lte=row.sequence + 1).exclude(reason="chain-broken"):
        stray.reason = "chain-broken"
        stray.message = (
            "set aside: envelopes before it never came, and its computer has begun a new row; "
            "was this collector restored from an older copy?"
        )
        stray.save(update_fields=("reason", "message"))


def queue_again(entry: SpoolEntry) -> None:
    """Put a held envelope at the end of the queue: the fan-out works by id, and it comes after its predecessor."""
    SpoolEntry.objects.filter(pk=entry.pk).delete()
    entry.pk = None
    entry.state, entry.reason, entry.message = SpoolEntry.State.WAITING, "", ""
    entry.save(force_insert=True)


spool = Spool()
"""The spool of this process."""
