"""The desk for pictures: files whose pictures are still to be read, apart from all others, with a worker of their own.

A file comes here when an ordinary worker has read everything in it but its pictures. It is examined once more, by a
worker that can see; if that fails or there is no time left, what was known before stands, and its pictures count as
not examined. The desk has its own thread, its own nursery and its own budget, so that no other file waits for it.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from agent.scanning.cage import Cage, CageBroken, RulesMistake
from agent.scanning.ledger import OF_THE_MOMENT
from agent.scanning.opening import Done
from agent.scanning.pictures_seen import PicturesSeen
from agent.scanning.walk import Found
from agent.scanning.wire import OCR, Examined, Reply, Start
from protocol.records import Reason, Verdict

if TYPE_CHECKING:
    from agent.scanning.throttle import Throttle

log = logging.getLogger(__name__)

MiB = 1024 * 1024

MEMORY = 1024 * MiB
"""Bytes of memory the worker that reads pictures may take beyond what it starts with."""
AT_HAND = 2
"""Files that are in the worker's hands at once: one it is at, and one to go on with."""
_PAUSE = 0.05
_UNKNOWN = "application/octet-stream"


class Terms(msgspec.Struct, frozen=True):
    """What reading pictures may cost."""

    file_seconds: float
    """Processor time for one file with all that is in it."""
    run_seconds: float
    """Time for one run in all; 0 for as long as it takes."""


def start_seeing(start: Start, seconds: float) -> Start:
    """What a worker that reads pictures is told; ``seconds`` of processor time is what those of one file may cost."""
    return replace(start, pictures="read", picture_seconds=seconds, memory=MEMORY)


class PictureDesk:
    """The files of one scan that have pictures. Used by one thread beside its own; leave it by `close`."""

    def __init__(
        self,
        start: Start,
        terms: Terms,
        stop: Event,
        seen: PicturesSeen | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        """``stop`` is the scan's. ``seen``: what was found in pictures before."""
        seconds = terms.file_seconds
        self._start = start_seeing(start, seconds)
        # The reader keeps the budget itself; a worker that does not is ended, sooner where it has a processor for it.
        self._patience = 60.0 + (2 if throttle is None else 15) * seconds
        self._terms = terms
        self._seen = seen
        self._throttle = throttle
        self._scan_stop = stop
        self._stop = Event()
        self._in: SimpleQueue[Found | None] = SimpleQueue()
        self._out: SimpleQueue[Done | Found | None] = SimpleQueue()
        self._held: dict[int, Done] = {}
        """What ordinary workers said of the files that are here, by the identity of what the walk found."""
        self._thread: Thread | None = None
        self._ended = False
        """Whether the thread has ended by itself: pictures cannot be read here."""
        self._handed = 0
        self._answered = 0
        self.word = ""
        """How far the worker is confined, once it is known."""

    def past(self, done: Done) -> Iterator[Done]:
        """What an ordinary worker answered, and what is done with here by now; a file with pictures stays behind."""
        if not any(row.pictures for row in done.reply.rows):
            yield done
        elif (rows := self._known(done)) is not None:
            yield replace(done, reply=Reply(rows))
        elif self._ended:
            yield unseen(done, Reason.CRASHED)
        else:
            self._take(done)
        while self._held:
            try:
                one = self._out.get_nowait()
            except Empty:
                return
            yield from self._told(one)

    def remember(self, done: Done) -> None:
        """Keep what was found in pictures by their content: what ended a worker too, what time ran out on never."""
        reasons = {row.reason for row in done.reply.rows}
        if self._seen is None or not done.reply.content or reasons & (OF_THE_MOMENT - {Reason.CRASHED}):
            return
        try:
            self._seen.put(done.reply.content, done.status, done.reply.rows)
        except sqlite3.Error as error:
            self._give_up(error)

    def _known(self, done: Done) -> list[Examined] | None:
        if self._seen is None or not done.reply.content:
            return None
        try:
            return self._seen.get(done.reply.content, done.status)
        except (sqlite3.Error, msgspec.DecodeError, ValueError) as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        log.warning("what was found in pictures before cannot be used: %s", type(error).__name__)
        self._seen = None

    def _take(self, done: Done) -> None:
        """Take in a file of which everything but its pictures was read."""
        self._held[id(done.file)] = done
        self._in.put(done.file)
        if self._thread is None:
            self._thread = Thread(target=self._work, name="pictures", daemon=True)
            self._thread.start()

    def rest(self) -> Iterator[Done | None]:
        """All other files as they are done with; None now and then while there are none. Ends early once stopped."""
        self._in.put(None)
        while self._held and not self._scan_stop.is_set():
            try:
                one = self._out.get(timeout=0.1)
            except Empty:
                yield None
            else:
                yield from self._told(one)

    def close(self) -> None:
        """End the worker and the thread. What was in hand is not told."""
        self._stop.set()
        self._in.put(None)
        if self._thread is not None:
            self._thread.join()

    def _told(self, one: Done | Found | None) -> Iterator[Done]:
        """How files ended: as the worker said, else as was known before, with the reason why nobody looked."""
        if one is None:
            self._ended = True
            if not self._scan_stop.is_set():
                for known in list(self._held.values()):
                    yield unseen(known, Reason.CRASHED)
                self._held.clear()
        elif isinstance(one, Found):
            yield unseen(self._held.pop(id(one)), Reason.TIMEOUT)
        else:
            known = self._held.pop(id(one.file))
            first = one.reply.rows[0]
            lost = first.media_type == _UNKNOWN and first.verdict is Verdict.NOT_EXAMINED
            if lost and first.reason is not None:
                yield replace(unseen(known, first.reason), status=one.status)
            else:
                yield replace(one, reply=replace(one.reply, content=known.reply.content))

    # -- the desk's own thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            with Cage(self._start, 1, patience=self._patience, throttle=self._throttle, first=OCR) as cage:
                for done in cage.examine(self._files(), self._stop):
                    self._answered += 1
                    self.word = cage.word
                    self._out.put(done)
        except (CageBroken, RulesMistake, OSError) as error:
            log.warning("pictures cannot be read here: %s", type(error).__name__)
        finally:
            self._out.put(None)

    def _files(self) -> Iterator[Found | None]:
        """The files that came in, a few at a time; those beyond the budget are sent back."""
        spent, since = 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            busy = self._handed > self._answered
            spent, since = spent + (now - since if busy else 0.0), now
            if self._handed - self._answered >= AT_HAND:
                time.sleep(_PAUSE)
                yield None
                continue
            try:
                file = self._in.get(timeout=_PAUSE) if busy else self._in.get()
            except Empty:
                yield None
                continue
            since = since if busy else time.monotonic()
            if file is None:
                return
            if self._terms.run_seconds and spent > self._terms.run_seconds:
                self._out.put(file)
                continue
            self._handed += 1
            yield file


def unseen(known: Done, reason: Reason) -> Done:
    """How a file ended whose pictures nobody looked at: what was found in it stands, the rest is not examined."""
    rows = [
        replace(
            row,
            pictures=False,
            verdict=row.verdict if row.findings else Verdict.NOT_EXAMINED,
            reason=None if row.findings else reason,
            unread=bool(row.findings),
        )
        if row.pictures
        else row
        for row in known.reply.rows
    ]
    return replace(known, reply=Reply(rows, content=known.reply.content))
