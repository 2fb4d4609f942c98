"""What was not taken, kept for an administrator to read: bounded, so that nobody can fill the disk with nonsense."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError
from django.utils import timezone

from server.intake.models import Refusal

KEEP = 10_000
"""Newest refusals that are kept."""
PER_REMOTE = 120
"""Refusals of one address that are stored within `WINDOW`; more are only counted."""
WINDOW = 600.0
"""Seconds."""
MAX_REMOTES = 4096

_log = logging.getLogger(__name__)


class _Meter:
    """Counts refusals by address within a window, for a bounded number of addresses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def admits(self, remote: str) -> bool:
        """Whether one more refusal of this address is to be stored."""
        now = time.monotonic()
        with self._lock:
            since, count = self._seen.get(remote, (now, 0))
            if now - since > WINDOW:
                since, count = now, 0
            if remote not in self._seen and len(self._seen) >= MAX_REMOTES:
                self._seen = {key: seen for key, seen in self._seen.items() if now - seen[0] <= WINDOW}
                if len(self._seen) >= MAX_REMOTES:
                    return False
            self._seen[remote] = since, count + 1
            return count < PER_REMOTE

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._seen.clear()


meter = _Meter()


def remember(
    reason: str, message: str, *, remote: str = "", agent_id: str = "", digest: str = "", size: int = 0
) -> bool:
    """Store one refusal, unless this address has filled its share. Whether it was stored.

    A database that cannot be written to does not turn a refusal into a failure.
    """
    if not meter.admits(remote):
        return False
    try:
        row = Refusal.objects.create(
            at=timezone.now(),
            reason=reason[:32],
            message=printable(message, 300),
            remote=remote[:64],
            agent_id=printable(agent_id, 64),
            digest=digest[:64],
            size=size,
        )
        if row.pk % 100 == 0:
            Refusal.objects.filter(pk__lte=row.pk - KEEP).delete()
    except DatabaseError:
        _log.warning("a refusal could not be stored")
        return False
    return True


def printable(text: str, limit: int) -> str:
    """A stranger's text as one line of at most ``limit`` characters that any page can show."""
    text = text[:limit]
    if text.isprintable():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else "�" for character in text)
