"""The reporter: the one door through which the agent's parts hand in records. It never fails them.

Where the outbox cannot be written (the disk is full, most often) records wait in memory, and what finds no room
there is counted and told later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from agent.reporting import eviction
from agent.reporting.marks import SeenMark
from agent.reporting.outbox import Outbox, OutboxUnavailable
from agent.reporting.places import Place
from protocol.ids import uuid7
from protocol.records import MediaSessionSeen, Record, RecordsDropped, ScanDone

ROOM = 5000
"""Records that wait in memory at most."""
PAUSE_SECONDS = 0.4
"""How long the outbox is left alone after it could not be written: each attempt may wait for a lock."""

log = logging.getLogger(__name__)


class Reporter:
    """Hands records to the outbox, and keeps them while it cannot take them. Safe to use from several threads."""

    def __init__(self, outbox: Outbox, wake: Callable[[], None] = lambda: None) -> None:
        self.outbox = outbox
        self._wake = wake
        self._lock = threading.RLock()
        self._later: deque[Callable[[], object]] = deque()
        self._dropped: Counter[str] = Counter()
        self._told = False
        self._failed_at = -PAUSE_SECONDS

    def report(self, *records: Record) -> None:
        """Hand in records; durable on return unless the outbox is unavailable."""
        self._do(lambda: self.outbox.put(*records), *records)

    def report_once(self, record: Record, mark: SeenMark) -> bool:
        """Hand in a violation unless its mark was reported in this session. True also while that cannot be known."""
        return self._do(lambda: self.outbox.put_once(record, mark), record)

    def report_scan(self, done: ScanDone, session: str) -> None:
        """Hand in the sum of a scan; what it tells to be gone is told again in this session, should it come back."""
        self._do(lambda: self.outbox.put_scan(done, session), done)

    def keep_places(self, found: Sequence[Place]) -> None:
        """Remember where violations lie."""
        if found:
            self._do(lambda: self.outbox.keep_places(found))

    def places(self) -> list[Place]:
        """Where violations lay that were told of the computer's own disks; none while that cannot be known."""
        try:
            return self.outbox.known_places()
        except OutboxUnavailable:
            return []

    def approvals(self, mark: SeenMark) -> tuple[str, ...]:
        """Ids of the waivers under which a violation of a file was told before; none while that cannot be known."""
        try:
            return self.outbox.approvals(mark)
        except OutboxUnavailable:
            return ()

    def session_open(self, mark: str, record: MediaSessionSeen) -> None:
        """Hand in the start of a media session, and remember it over a crash."""
        self._do(lambda: self.outbox.session_open(mark, record), record)

    def session_end(self, session: str, *records: Record) -> None:
        """Hand in the end of a media session."""
        self._do(lambda: self.outbox.session_end(session, *records), *records)

    def retry(self) -> bool:
        """Try again what waits in memory, in order; says whether nothing waits any more."""
        with self._lock:
            try:
                while self._later:
                    self._later[0]()
                    self._later.popleft()
                if self._dropped:
                    self.outbox.put(RecordsDropped(id=uuid7(), seen_at=datetime.now(UTC), counts=dict(self._dropped)))
                    self._dropped.clear()
            except OutboxUnavailable:
                self._failed_at = time.monotonic()
                return False
            self._failed_at = -PAUSE_SECONDS
            if self._told:
                log.warning("the outbox can be written again")
                self._told = False
                self._wake()
            return True

    @property
    def stuck(self) -> int:
        """How many hand-ins wait in memory."""
        return len(self._later)

    def _do(self, act: Callable[[], object], *records: Record) -> bool:
        with self._lock:
            if time.monotonic() - self._failed_at > PAUSE_SECONDS and self.retry():
                try:
                    done = act()
                except OutboxUnavailable:
                    self._failed_at = time.monotonic()
                else:
                    self._wake()
                    return done is not False
            if not self._told:
                log.error("the outbox cannot be written (is the disk full?); records wait in memory")
                self._told = True
            if len(self._later) < ROOM:
                self._later.append(act)
            else:
                self._dropped.update(eviction.type_of(record) for record in records)
            return True
