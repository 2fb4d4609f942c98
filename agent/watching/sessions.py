"""Media sessions: one insertion of a medium from mount to end, with one id from end to end.

A session outlives the agent: after a crash the medium that is still mounted goes on under its old id, so that what
was reported of it is not reported again.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from agent.reporting.outbox import OutboxUnavailable
from agent.reporting.reporter import Reporter
from agent.watching.media import Attached
from protocol.ids import uuid7
from protocol.records import MediaSessionSeen

Ending = Literal["unmounted", "removed", "agent-stopped"]


@dataclass
class Session:
    """A session that is open."""

    attached: Attached
    first: MediaSessionSeen
    gone: threading.Event = field(default_factory=threading.Event)
    """Set once there is nothing left to read: what a scan that is under way has not read has vanished."""
    moved: threading.Event = field(default_factory=threading.Event)
    """Set once it goes on under another mount: the scan of this one ends."""
    controls: Counter[str] = field(default_factory=Counter)
    """Control → how many violations of it its files were found to be."""

    @property
    def id(self) -> str:
        """The session's id."""
        return self.first.session

    def holds(self, path: str) -> bool:
        """Whether a file lies on this medium, wherever that is mounted."""
        top = self.attached.path.rstrip("/")
        if top and (path == top or path.startswith(f"{top}/")):
            return True
        try:
            device = os.lstat(path).st_dev
        except OSError:
            return False
        return f"{os.major(device)}:{os.minor(device)}" == self.attached.key


class Sessions:
    """The open sessions, by the key of what is attached. Safe to use from several threads."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}
        try:
            self._left_over = dict(reporter.outbox.sessions())
        except OutboxUnavailable:
            self._left_over = {}

    def begin(self, attached: Attached) -> Session:
        """Open the session of a medium that was mounted, or go on with the one that a crash left open."""
        with self._lock:
            first = self._left_over.pop(attached.mark, None)
            if first is None:
                now = datetime.now(UTC)
                first = MediaSessionSeen(id=uuid7(), session=uuid7(), medium=attached.medium, mounted_at=now)
                self._reporter.session_open(attached.mark, first)
            session = Session(attached, first)
            self._open[attached.key] = session
            return session

    def move(self, attached: Attached) -> tuple[Session, Session] | None:
        """Go on with a session under another mount: the one before, whose scan ends, and the one now."""
        with self._lock:
            before = self._open.get(attached.key)
            if before is None:
                return None
            before.moved.set()
            self._open[attached.key] = now = Session(attached, before.first)
            return before, now

    def find(self, attached: Attached) -> Session | None:
        """The open session of what is attached."""
        with self._lock:
            return self._open.get(attached.key)

    def end(self, session: Session, ending: Ending) -> None:
        """Close a session; told once."""
        with self._lock:
            if self._open.get(session.attached.key) is session:
                del self._open[session.attached.key]
        session.gone.set()
        self._report_end(session.first, ending)

    def end_left_over(self) -> None:
        """Close the sessions a crash left open whose media are not there any more."""
        with self._lock:
            left, self._left_over = self._left_over, {}
        for first in left.values():
            self._report_end(first, "removed")

    def all(self) -> Iterable[Session]:
        """The open sessions."""
        with self._lock:
            return list(self._open.values())

    def without(self, paths: Iterable[str]) -> list[str]:
        """Those of some files that lie on none of the media that are here."""
        here = list(self.all())
        return [path for path in paths if not any(session.holds(path) for session in here)]

    def _report_end(self, first: MediaSessionSeen, ending: Ending) -> None:
        last = MediaSessionSeen(
            id=uuid7(),
            session=first.session,
            medium=first.medium,
            mounted_at=first.mounted_at,
            ended_at=datetime.now(UTC),
            ending=ending,
        )
        self._reporter.session_end(first.session, last)
