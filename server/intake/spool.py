"""The spool: envelopes are on the disk before anybody gets a receipt, many of them by one sync.

Request threads hand verified envelopes to one writer thread of the process. It takes whatever has queued up while
the last commit ran and stores it in one IMMEDIATE transaction (group commit); several processes take turns by
SQLite's own lock. The spool is a file of its own (`server.intake.routing`): nothing else holds that lock.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, OperationalError, connections, transaction
from django.utils import timezone

from protocol.envelope import FIRST_PREVIOUS
from protocol.receipts import Answer
from server.intake import standing
from server.intake.claims import several
from server.intake.models import Sequence as SequenceRow
from server.intake.models import SpoolEntry
from server.intake.routing import spool_alias
from server.intake.senders import Arrival, known_senders, objection
from server.intake.sequence import Decision, Row, decide
from server.intake.sql import Prepared, insert_prepared, rows_of, upsert_prepared

MAX_BATCH = 256
"""Envelopes of one commit."""
MAX_BATCH_BYTES = 32 * 1024 * 1024
MAX_QUEUED = 1024
"""Envelopes that may wait for the writer; more are turned away for a moment."""
PATIENCE = 30.0
"""Seconds a request waits for its commit."""

_log = logging.getLogger(__name__)


_Waiting = Future[Decision] | asyncio.Future[Decision]
"""What waits for the writer's word: a thread, or the coroutine of an event loop."""


class SpoolUnavailable(Exception):
    """Nothing can be stored just now (disk full, locked, too busy): no receipt, the sender keeps it and tries again."""


class Spool:
    """The writer of one process. `submit` is called by any number of threads, `stored_soon` by event loops."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[Arrival, _Waiting] | None] = queue.Queue(MAX_QUEUED)
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self.stored = threading.Event()
        """Set whenever envelopes wait for the fan-out."""

    def submit(self, arrival: Arrival) -> Decision:
        """Store one envelope and tell what was done with it; returns after the commit. Raises `SpoolUnavailable`."""
        done: Future[Decision] = Future()
        self._put(arrival, done)
        try:
            return done.result(PATIENCE)
        except FutureTimeout as error:
            raise SpoolUnavailable("the collector is busy") from error

    async def stored_soon(self, arrival: Arrival) -> Decision:
        """The same for an event loop, which goes on meanwhile. Raises `SpoolUnavailable`."""
        done: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._put(arrival, done)
        try:
            async with asyncio.timeout(PATIENCE):
                return await done
        except TimeoutError as error:
            raise SpoolUnavailable("the collector is busy") from error

    def _put(self, arrival: Arrival, done: _Waiting) -> None:
        self._ensure_thread()
        try:
            self._queue.put_nowait((arrival, done))
        except queue.Full as error:
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
            connections.close_all()

    def _next_batch(self) -> list[tuple[Arrival, _Waiting]] | None:
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

    def _write(self, batch: Sequence[tuple[Arrival, _Waiting]]) -> None:
        told: list[Decision | None] = [None] * len(batch)
        try:
            told[:] = store([arrival for arrival, _ in batch])
            self.stored.set()
        except OperationalError as error:  # full, locked, unreadable: the same for all
            connections.close_all()
            _log.error("the spool cannot be written: %s", type(error).__name__)
        except DatabaseError as error:
            connections.close_all()
            _log.error("an envelope cannot be stored: %s", type(error).__name__)
            if len(batch) > 1:  # one odd envelope must not cost the others theirs
                for item in batch:
                    self._write([item])
                return
        finally:
            _tell([(done, decision) for (_, done), decision in zip(batch, told, strict=True)])


def _tell(answers: Sequence[tuple[_Waiting, Decision | None]]) -> None:
    """Tell everybody who waits what became of their envelope; event loops are woken once for all that they asked."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Decision | None]]] = {}
    for done, decision in answers:
        if isinstance(done, asyncio.Future):
            loops.setdefault(done.get_loop(), []).append((done, decision))
        elif not done.done():
            _settle([(done, decision)])
    for loop, asked in loops.items():
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more; what is stored is stored
            loop.call_soon_threadsafe(_settle, asked)


def _settle(answers: Sequence[tuple[_Waiting, Decision | None]]) -> None:
    for done, decision in answers:
        if done.done():
            continue
        if decision is None:
            done.set_exception(SpoolUnavailable("the collector cannot store anything just now"))
        else:
            done.set_result(decision)


def store(arrivals: Sequence[Arrival]) -> list[Decision]:
    """Decide on and store verified envelopes in one transaction; durable when it returns.

    Raises `django.db.DatabaseError` where nothing of them could be stored.
    """
    senders = {} if several() else known_senders({arrival.agent for arrival in arrivals})
    as_stored, now = Prepared(SpoolEntry), timezone.now()
    moment = as_stored.moment(now)
    with transaction.atomic(using=spool_alias()):
        if several():
            rows, senders = standing.locked(arrivals)
        else:
            rows = _rows(arrivals, as_stored)
        decisions: list[Decision] = []
        entries: list[tuple[Any, ...]] = []
        heard: dict[uuid.UUID, Row] = {}
        for arrival in arrivals:
            row, envelope = rows[arrival.agent], arrival.envelope
            decision = objection(senders.get(arrival.agent), arrival) or decide(row, envelope)
            decisions.append(decision)
            if decision.answer not in (Answer.ACCEPTED, Answer.HELD):
                continue
            row.known.add(envelope.digest)
            heard[arrival.agent] = row
            entries.append(_entry(arrival, decision, as_stored.uuid(arrival.agent), moment))
            if decision.answer is Answer.HELD:
                row.held += 1
            else:
                row.sequence, row.digest = envelope.header.sequence, envelope.digest
        insert_prepared(SpoolEntry, _ENTRY, entries)
        for agent, row in heard.items():
            if row.held:
                _release_followers(agent, row)
        told = [(as_stored.uuid(agent), row.sequence, row.digest, moment) for agent, row in heard.items()]
        upsert_prepared(SequenceRow, ("agent_id", "sequence", "digest", "heard_at"), told)
    return decisions


def _rows(arrivals: Sequence[Arrival], as_stored: Prepared) -> dict[uuid.UUID, Row]:
    """Where every computer of these envelopes stands, read under the write lock of SQLite."""
    agents = {as_stored.uuid(agent): agent for agent in sorted({arrival.agent for arrival in arrivals})}
    rows = {agent: Row(0, FIRST_PREVIOUS) for agent in agents.values()}
    for id_, sequence, digest in rows_of(SequenceRow, ("agent_id", "sequence", "digest"), "agent_id", list(agents)):
        rows[agents[id_]] = Row(sequence, digest)
    digests = {arrival.envelope.digest: arrival.agent for arrival in arrivals}
    for (digest,) in rows_of(SpoolEntry, ("digest",), "digest", list(digests)):
        rows[digests[digest]].known.add(digest)
    held = ("state", SpoolEntry.State.HELD.value)
    for (id_,) in rows_of(SpoolEntry, ("agent_id",), "agent_id", list(agents), also=held):
        rows[agents[id_]].held += 1
    return rows


_ENTRY = (
    "digest",
    "agent_id",
    "sequence",
    "previous",
    "received_at",
    "raw",
    "size",
    "road",
    "state",
    "reason",
    "message",
)


def _entry(arrival: Arrival, decision: Decision, agent: Any, now: Any) -> tuple[Any, ...]:
    """Values of `_ENTRY`."""
    held = decision.answer is Answer.HELD
    envelope = arrival.envelope
    return (
        envelope.digest,
        agent,
        envelope.header.sequence,
        envelope.header.previous,
        now,
        envelope.raw,
        len(envelope.raw),
        arrival.road,
        (SpoolEntry.State.HELD if held else SpoolEntry.State.WAITING).value,
        decision.reason if held else "",
        decision.message if held else "",
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
