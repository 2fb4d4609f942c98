"""Watched folders on fixed disks: what changes is scanned, also what changed while no agent ran.

A moment is kept in the outbox before which every change has been scanned. It moves on only while nothing waits, so
that an agent that is killed begins again where it was; no path is written down for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from agent.reporting.outbox import Outbox, OutboxUnavailable
from agent.settings import FilesSettings
from agent.watching.files import FileWatch

WORD = "files-scanned-until"
MARGIN_SECONDS = 10.0
"""How far the moment stays behind: changes are told, and settle, a little later than they happen."""
EVERY_SECONDS = 60.0
"""How often the moment is written down."""


class Watched:
    """Runs a `FileWatch` and hands what it tells to ``scan``, which says when it is done with it."""

    def __init__(
        self,
        settings: FilesSettings,
        outbox: Outbox,
        scan: Callable[[Sequence[str], Callable[[], None]], None],
        every: float = EVERY_SECONDS,
        more: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._outbox = outbox
        self._scan = scan
        self._every = every
        self._watch = FileWatch(settings, self._tell, more)
        self._lock = threading.Lock()
        self._under_way = 0
        self._written = -every

    def run(self, stop: threading.Event, failed: Callable[[int], None]) -> None:
        """Watch until ``stop`` is set. ``failed`` is told how many folders cannot be watched, if any."""
        since = self._since()
        if since is None:
            self._remember(time.time())  # what changes from the first start on is scanned, whatever ends that one
        unwatched = self._watch.start()
        if unwatched:
            failed(len(unwatched))
        if since is not None:
            self._watch.catch_up(since)
        self._watch.run(stop, self._idle)
        self._watch.stop()

    @property
    def troubles(self) -> list[str]:
        """Fixed words for what is not as it should be."""
        words = []
        if self._watch.failed:
            words.append("files-not-watched")
        if self._watch.full:
            words.append("watches-used-up")
        return words

    def _since(self) -> float | None:
        try:
            since = float(self._outbox.word(WORD))
        except (ValueError, OutboxUnavailable):
            return None
        return since if since <= time.time() else 0.0  # the clock was set back: what is new cannot be told by times

    def _tell(self, paths: list[str]) -> None:
        with self._lock:
            self._under_way += 1
        self._scan(paths, self._done)

    def _done(self) -> None:
        with self._lock:
            self._under_way -= 1

    def _idle(self) -> None:
        """Move the moment on, unless a scan is under way or was cut short."""
        now = time.monotonic()
        with self._lock:
            if self._under_way or now - self._written < self._every:
                return
        if self._remember(time.time() - MARGIN_SECONDS):
            self._written = now

    def _remember(self, moment: float) -> bool:
        """Write down before which moment every change has been scanned; whether that could be done."""
        try:
            self._outbox.remember(WORD, str(moment))
        except OutboxUnavailable:
            return False
        return True
