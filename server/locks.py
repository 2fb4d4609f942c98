"""Locks between the processes of one collector; the system or the database drops them with their holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from django.db import connection


class Kind(IntEnum):
    """What an advisory lock of PostgreSQL is about; with a key of 32 bits it names the lock."""

    AGENT = 0x6D696A01
    """The envelopes of a computer (`server.intake.claims`)."""
    MEDIUM = 0x6D696A02
    """What is stored about some media."""
    CHAIN = 0x6D696A03
    """The end of the audit log."""


@contextmanager
def between_commits(place: Path) -> Iterator[None]:
    """Keep the two commits of a batch, that of its records and that of its envelopes, from being seen apart.

    The fan-out holds this lock over both; a backup holds it while it begins to read both databases.
    Raises `OSError` where the home cannot be written to.
    """
    handle = os.open(place / "commits.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def wait_and_hold(kind: Kind, keys: Sequence[int]) -> None:
    """Hold these locks to the end of the transaction. Ask in ascending order: then nobody waits in a circle.

    Without PostgreSQL nothing is done: there a transaction that writes is the only one.
    """
    if keys and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, key) FROM unnest(%s::int[]) WITH ORDINALITY AS told(key, place)"
                " ORDER BY place",
                [kind.value, [_signed(key) for key in keys]],
            )
            cursor.fetchall()


def try_to_hold(kind: Kind, keys: Sequence[int]) -> set[int]:
    """Those of these locks that are free, held from now to the end of the transaction (PostgreSQL only)."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM unnest(%s::int[]) AS told(key) WHERE pg_try_advisory_xact_lock(%s, key)",
            [[_signed(key) for key in keys], kind.value],
        )
        return {key & 0xFFFFFFFF for (key,) in cursor.fetchall()}


def _signed(key: int) -> int:
    """A number of 32 bits as PostgreSQL counts."""
    return key - 2**32 if key >= 2**31 else key
