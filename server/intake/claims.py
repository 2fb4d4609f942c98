"""Which waiting envelopes a worker of the fan-out takes, so that several of them never do the same or undo each other.

With SQLite one worker works at a time (`server.intake.turns`) and takes what waits, in order. With PostgreSQL every
worker claims computers, not envelopes: whoever holds a computer's lock takes its envelopes in their order, and the
others pass over it. What envelopes of several computers share are media: their locks are waited for, always in the
same order, before anything about them is read. All locks end with the transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from zlib import crc32

from django.db import connection, transaction

from server.intake.models import SpoolEntry
from server.locks import Kind, try_to_hold, wait_and_hold

MAX_BATCH = 256
"""Envelopes of one transaction."""
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of the envelopes of one transaction, the first one aside."""
PILE = 4
"""Batches that wait when it is worth a process of its own to open them ahead."""
_WINDOW = 4 * MAX_BATCH
"""Waiting envelopes a worker looks at: beyond the batches that others have in hand."""
_AT_ONCE = 64
"""Computers whose locks are asked for in one statement."""
_BUCKETS = 512
"""Locks for media: so many at most does one transaction hold, however many media it is about."""


@contextmanager
def claimed() -> Iterator[list[SpoolEntry]]:
    """The next batch of waiting envelopes, nobody else's until the end; empty where nothing is free.

    On PostgreSQL this is the transaction in which they are to be worked off.
    """
    if not several():
        yield whole(next_ones())
        return
    with transaction.atomic():
        _without_waiting()
        yield _claimed()


def _without_waiting() -> None:
    """Let this transaction end before it is on the disk.

    Should the database's computer lose it, it loses all of it: its envelopes, which are on the disk, wait again.
    Whatever is stored after it with a promise to anybody brings it to the disk first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


@contextmanager
def claimed_alone(entry: SpoolEntry) -> Iterator[SpoolEntry | None]:
    """One envelope that waited a moment ago; None where another worker has it, or had it."""
    if not several():
        yield entry
        return
    with transaction.atomic():
        mine = _locked([entry.agent_id])
        yield next(iter(whole([entry.pk])), None) if mine else None


def hold_media(words: Iterable[str]) -> None:
    """Wait until no other worker writes anything about media with these keys or serial numbers."""
    if several():
        wait_and_hold(Kind.MEDIUM, sorted({crc32(word.encode()) % _BUCKETS for word in words}))


def several() -> bool:
    """Whether several workers may work at the same time."""
    return connection.vendor == "postgresql"


_Waiting = tuple[int, int, uuid.UUID]
"""Id and size of an envelope that waits, and whose it is."""


def _waiting(most: int) -> list[_Waiting]:
    rows = SpoolEntry.objects.filter(state=SpoolEntry.State.WAITING).order_by("id")
    return list(rows.values_list("id", "size", "agent_id")[:most])


def _fitting(waiting: Iterable[_Waiting], batches: int = 1) -> list[int]:
    """As many of them, from the first, as make so many batches."""
    chosen: list[int] = []
    total = 0
    for id_, size, _ in waiting:
        total += size
        if len(chosen) >= batches * MAX_BATCH or (chosen and total > batches * MAX_BATCH_BYTES):
            break
        chosen.append(id_)
    return chosen


def next_ones(but: Collection[int] = (), batches: int = 1) -> list[int]:
    """Ids of the envelopes that make the next batch or batches, those left aside that are in hand already."""
    waiting = _waiting(batches * MAX_BATCH + len(but))
    return _fitting((each for each in waiting if each[0] not in but), batches)


def piled_up() -> bool:
    """Whether several whole batches wait."""
    return len(_waiting(PILE * MAX_BATCH)) == PILE * MAX_BATCH


def whole(chosen: Sequence[int]) -> list[SpoolEntry]:
    """Those that still wait: since they were looked at, another worker may have been through."""
    if not chosen:
        return []
    return list(SpoolEntry.objects.filter(id__in=chosen, state=SpoolEntry.State.WAITING).order_by("id"))


def _claimed() -> list[SpoolEntry]:
    while True:
        waiting = _waiting(_WINDOW)
        agents = list(dict.fromkeys(agent for _, _, agent in waiting))
        mine: set[uuid.UUID] = set()
        chosen: list[int] = []
        for start in range(0, len(agents), _AT_ONCE):
            mine |= _locked(agents[start : start + _AT_ONCE])
            chosen = _fitting(each for each in waiting if each[2] in mine)
            if len(chosen) < sum(each[2] in mine for each in waiting):
                break  # the batch is full
        entries = whole(chosen)
        if entries or not chosen:
            return entries


def _locked(agents: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these computers whose envelopes nobody else has in hand."""
    keys = {agent: crc32(agent.bytes) for agent in agents}
    held = try_to_hold(Kind.AGENT, sorted(set(keys.values())))
    return {agent for agent, key in keys.items() if key in held}
