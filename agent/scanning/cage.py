"""The cage: a pool of workers, each a confined process that is handed open files and may break.

Whatever a worker does — end, hang, run out of memory, be killed — costs the one file it was at, and that only where
it happens a second time, to that file alone; the rest of its batch is handed to another. No file is lost and none is
told twice. One thread, no signal handlers: it serves the command line and a thread of the service alike.
"""

from __future__ import annotations

import logging
import selectors
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from math import ceil
from threading import Event
from typing import TYPE_CHECKING

from agent.scanning.formats import FORMATS
from agent.scanning.media_types import EXTENSIONS, TEXT_EXTENSIONS
from agent.scanning.nursery import Nursery, told
from agent.scanning.opening import Done, LookUp, OutOfDescriptors, opened, row, unopened
from agent.scanning.spawn import PROGRAM
from agent.scanning.walk import Found
from agent.scanning.wire import ALL, COMMON, FILES_AT_ONCE, TEXT, Ended, Loaded, Ready, Reply, Start
from agent.scanning.workforce import Task, Worker
from protocol.records import Reason

if TYPE_CHECKING:
    from agent.scanning.throttle import Throttle

log = logging.getLogger(__name__)

MiB = 1024 * 1024

PATIENCE = 60.0
"""Seconds a file is granted, beside those for its size."""

BYTES_AT_ONCE = 32 * MiB
"""Bytes in the hands of one worker, above which it is handed no more until it has answered."""

DOCUMENT = 2 * MiB
"""What a document weighs there beside its bytes: with many in one hand, the others would wait for it at the end."""

WALKED_AHEAD = 8192
"""Files that are looked for while the first worker is being started."""

BREATH = 0.002
"""Seconds that answers are let gather while every worker has enough in hand."""

START_PATIENCE = 180.0
"""Seconds a worker may take to load its rules; compiling large ones for the first time is slow."""

LAST_WORD = 1.0
"""Seconds that are waited for the nursery to tell how a worker ended that has closed its socket; three times as long
for what workers have in hand of a medium that has gone."""

_LOADED_FOR = {"text": TEXT, "escaped": TEXT, "html": COMMON}
"""Formats of text, and how much has to be loaded for each (see `agent.scanning.preload`)."""

STILLBIRTHS = 3
"""Processes in a row that may end before they are ready, until that is taken for a broken installation."""


def _takes(file: Found) -> int:
    """How much a worker has to have loaded to read it, by the ending of its name."""
    ending = file.name.rpartition(".")[2].lower()
    media_type = TEXT_EXTENSIONS.get(ending)
    if media_type is not None:
        return _LOADED_FOR.get(FORMATS.get(media_type, ""), ALL)
    return ALL if ending in EXTENSIONS else TEXT


def _size(file: Found) -> int:
    return file.status.st_size


def _weight(file: Found) -> int:
    """What a file counts for among those in a worker's hands: a document takes as long as a long text."""
    return file.status.st_size + (DOCUMENT if _takes(file) == ALL else 0)


class CageBroken(Exception):
    """Workers cannot be started here at all. ``str()`` says how the last one ended."""


class RulesMistake(Exception):
    """The rules cannot be read. ``str()`` is for the person who wrote them: file, line, what is wrong."""


class Cage:
    """The workers of one scan. Use it as a context manager: leaving it ends them all."""

    def __init__(
        self,
        start: Start,
        workers: int,
        *,
        patience: float = PATIENCE,
        throttle: Throttle | None = None,
        program: Sequence[str] = PROGRAM,
        explain: bool = False,
        first: int = TEXT,
    ) -> None:
        """``explain``: have said of each file what was read of it (see `agent.scanning.explain`).

        ``first``: how much the first worker must have loaded; later ones have all, or as much.
        """
        self._start = start
        self._program = program
        self._explain = explain
        self._throttle = throttle
        self._at_once = FILES_AT_ONCE if throttle is None else 4
        self._most = max(1, workers)
        self._patience = patience
        self._selector = selectors.DefaultSelector()
        self._nursery: Nursery | None = None
        self._first = first
        self._next = first
        """How much the next worker is to have loaded."""
        self._enough = TEXT
        """How much workers need to have loaded for the files that were met, as far as their names tell."""
        self._workers: list[Worker] = []
        self._suspects: deque[Found] = deque()
        """Files at which a worker was lost: each is tried once more, alone."""
        self._waiting: deque[Found] = deque()
        self._done: deque[Done] = deque()
        self._stillborn = 0
        self._setbacks = 0
        self._not_before = 0.0
        self.rules = ""
        """Digest of the rules in force; empty until a worker is ready."""
        self.word = ""
        """How far the workers are confined: ``full``, ``partial: why`` or ``none: why``; the weakest of them counts."""
        self.look_up: LookUp | None = None
        """What knows contents, once the caller has set it."""
        self.keep = False
        """Whether the text of files is to be handed back."""
        self.mixed = False
        """Whether the rules were changed on disk while the scan ran, so that later workers had others."""

    def __enter__(self) -> Cage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers at once. What they had in hand is not told."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        if self._nursery is not None:
            self._nursery.end()
            self._nursery = None
        self._selector.close()

    def pids(self) -> list[int]:
        """The process ids of the workers there are now."""
        return [worker.pid for worker in self._workers if worker.pid]

    def begin(self) -> None:
        """Start the first worker, so that the rules are loaded while the caller does something else."""
        if not self._workers:
            self._hire()

    def ready(self, stop: Event | None = None) -> str:
        """Wait until a worker is ready; returns the rules' digest, or ``""`` where ``stop`` was set before.

        Raises `RulesMistake` where the rules cannot be read, `CageBroken` where workers do not start.
        """
        while not (self.rules and self.word) and not (stop is not None and stop.is_set()):
            if not self._workers and time.monotonic() >= self._not_before:
                self._hire()
            self._turn(0.05)
        return self.rules

    def examine(
        self, files: Iterator[Found | None], stop: Event | None = None, gone: Event | None = None
    ) -> Iterator[Done]:
        """Examine files as they come; yields each exactly once, in the order in which they are done with.

        ``files`` may yield None where it has nothing just now. Ends early, with files still in hand, once ``stop``
        is set. Once ``gone`` is set all that are not done with end as vanished. Raises as `ready` does.
        """
        more, farewell = True, 0.0
        while not (stop is not None and stop.is_set()):
            if more:
                more = self._fill(files)
            if gone is not None and gone.is_set():
                farewell = farewell or time.monotonic() + 3 * LAST_WORD
                self._vanish(late=time.monotonic() > farewell)
            self._staff()
            if self._throttle is None or not self._throttle.over(self._all_pids()):
                for worker in self._workers:
                    self._hand_out(worker, more)
            while self._done:
                yield self._done.popleft()
            if not more and not self._in_hand():
                return
            if more and self._waiting and all(self._busy(worker) for worker in self._workers):
                time.sleep(BREATH)  # nobody is in need: let answers gather, rather than wake for each
            enough = FILES_AT_ONCE if self._anybody_ready else WALKED_AHEAD
            self._turn(0.0 if more and len(self._waiting) < enough else 0.25)

    def _vanish(self, *, late: bool) -> None:
        """End all files that nobody has in hand, and once it is ``late`` all others, as vanished."""
        while late and self._workers:
            self._lose(self._workers[0], Reason.VANISHED)
        self._done.extend(unopened(file, Reason.VANISHED) for file in (*self._suspects, *self._waiting))
        self._suspects.clear()
        self._waiting.clear()

    def _in_hand(self) -> int:
        """Files that were taken from the walk and are not done with."""
        return len(self._waiting) + len(self._suspects) + sum(len(worker.tasks) for worker in self._workers)

    def _all_pids(self) -> list[int]:
        return self.pids() + ([self._nursery.process.pid] if self._nursery else [])

    # -- handing out ---------------------------------------------------------------------------------------------

    @property
    def _anybody_ready(self) -> bool:
        return any(worker.ready for worker in self._workers)

    def _fill(self, files: Iterator[Found | None]) -> bool:
        """Take from the walk what the workers can do next. False where it is at its end."""
        usual = 2 * FILES_AT_ONCE * self._most
        wanted = usual if self._anybody_ready else min(len(self._waiting) + usual, WALKED_AHEAD)
        while len(self._waiting) < wanted:
            try:
                file = next(files)
            except StopIteration:
                return False
            if file is None:
                break
            self._waiting.append(file)
            self._enough = max(self._enough, _takes(file))
        return True

    def _staff(self) -> None:
        """Start as many workers as there is work for, and no sooner than the last mishap allows."""
        if len(self._workers) >= self._most:
            return
        work = self._in_hand()
        weight = sum(file.status.st_size for file in self._waiting)
        wanted = min(self._most, max(ceil(work / 4), weight // (4 * MiB)), work)
        if len(self._workers) < wanted and time.monotonic() >= self._not_before:
            self._hire()

    def _hire(self) -> None:
        if self._nursery is None:
            self._nursery = Nursery(self._start, self._program)
            self._next = self._first
            if self._throttle is not None:
                self._throttle.humble(self._nursery.process.pid)  # its workers take after it
            self._selector.register(self._nursery.connection, selectors.EVENT_READ, self._nursery)
        worker = Worker(self._nursery, self._next)
        self._next = max(self._enough, self._first)
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)

    def _hand_out(self, worker: Worker, more: bool) -> None:
        """Give a worker its next files, fewer of them as the end comes near, so that all end together."""
        if worker.leaving or worker.gone_since is not None or not worker.ready or worker.outgoing:
            return
        if self._suspects and not worker.tasks:
            self._hand_alone(worker)
        if self._busy(worker) or not self._waiting:
            return
        fair = self._at_once if more else ceil(len(self._waiting) / (2 * self._most))
        count = min(self._at_once - len(worker.tasks), max(1, fair))
        weigh = _weight if self._enough == ALL else _size
        weight = sum(weigh(task.file) for task in worker.tasks)
        tasks: list[Task] = []
        while self._waiting and len(tasks) < count and (weight < BYTES_AT_ONCE or not (worker.tasks or tasks)):
            file = self._waiting.popleft()
            task = self._open(file, bool(tasks) or any(other.tasks for other in self._workers))
            if task is None:
                break
            if isinstance(task, Done):
                self._done.append(task)
                continue
            tasks.append(task)
            weight += weigh(file)
        if tasks:
            worker.give(tasks)
            self._flush(worker)
            if self._nursery is not None:
                self._nursery.load(self._enough)

    def _hand_alone(self, worker: Worker) -> None:
        """Give a worker that has nothing in hand one of the files at which another was lost."""
        task = self._open(self._suspects.popleft(), others=False)
        if isinstance(task, Done):
            self._done.append(task)
        elif task is not None:
            task.again = True
            worker.give([task])
            self._flush(worker)

    def _busy(self, worker: Worker) -> bool:
        """Whether it has enough in hand for a while."""
        return len(worker.tasks) > self._at_once // 2 or any(task.again for task in worker.tasks)

    def _open(self, file: Found, others: bool) -> Task | Done | None:
        """Open one file to be handed out. None where this computer has no descriptor left and is to be asked later."""
        try:
            return opened(file, self._patience, explain=self._explain, look_up=self.look_up, keep=self.keep)
        except OutOfDescriptors:
            if not others:
                return unopened(file, Reason.UNREADABLE)
            self._waiting.appendleft(file)
            return None

    # -- looking after the workers -------------------------------------------------------------------------------

    def _turn(self, most: float) -> None:
        """Wait for word from the workers, at most ``most`` seconds, and see to those that are lost or overdue."""
        for key, events in self._selector.select(most):
            if isinstance(key.data, Nursery):
                self._hear_nursery(key.data)
                continue
            worker: Worker = key.data
            if worker not in self._workers:
                continue  # lost with the nursery a moment ago
            if events & selectors.EVENT_WRITE:
                self._flush(worker)
            if events & selectors.EVENT_READ:
                self._hear(worker)
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.overdue(now, START_PATIENCE):
                self._lose(worker, Reason.TIMEOUT)
            elif worker.gone_since is not None and (worker.code is not None or now - worker.gone_since > LAST_WORD):
                self._lose(worker, None)

    def _flush(self, worker: Worker) -> None:
        worker.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outgoing else 0)
        self._selector.modify(worker.connection, events, worker)

    def _hear_nursery(self, nursery: Nursery) -> None:
        alive = nursery.hear()
        for word in nursery.words():
            match word:
                case Loaded():
                    if word.mistake:
                        raise RulesMistake(word.mistake)
                    nursery.loaded = True
                    self.mixed = self.mixed or self.rules not in ("", word.rules)
                    self.rules = self.rules or word.rules
                case Ended():
                    for worker in self._workers:
                        worker.code = word.code if worker.number == word.number else worker.code
        if alive and not nursery.garbled:
            return
        self._selector.unregister(nursery.connection)
        self._nursery = None
        ending = nursery.end()
        log.warning("the workers' nursery was lost (%s)", ending)
        for worker in list(self._workers):  # they end with it
            self._lose(worker, None)
        if not nursery.loaded:
            self._stillbirth(ending)

    def _hear(self, worker: Worker) -> None:
        """Take all that a worker has said so far."""
        alive = worker.read()
        for message in worker.messages():
            if isinstance(message, Ready):
                self._welcome(worker, message)
            else:
                self._answered(worker, message)
        if worker.garbled:
            self._lose(worker, None)
        elif not alive:
            self._selector.unregister(worker.connection)
            worker.gone_since = time.monotonic()

    def _welcome(self, worker: Worker, ready: Ready) -> None:
        self._stillborn = 0
        self.word = max(self.word, ready.cage, key=weakness)
        worker.ready, worker.pid = True, ready.pid

    def _answered(self, worker: Worker, reply: Reply) -> None:
        task = worker.answered()
        self._setbacks = 0
        if reply.lacking:
            self._waiting.appendleft(task.file)
            self._enough = max(self._enough, min(worker.loaded + 1, ALL))
            self._next = max(self._enough, self._first)
            worker.leaving = True
            return
        if reply.known and task.known is not None:
            self._done.append(Done(task.file, task.status, Reply(task.known.rows), known=task.known))
            return
        self._done.append(Done(task.file, task.status, reply))
        for note in reply.notes:
            log.warning("a reader failed on a file: %s", note)
        worker.leaving = worker.leaving or reply.leaving

    def _lose(self, worker: Worker, reason: Reason | None) -> None:
        """A worker is no more, or is to be no more: the file it was at is told or tried again, the rest handed out."""
        if worker.gone_since is None:
            self._selector.unregister(worker.connection)
        self._workers.remove(worker)
        at_work = worker.at_work()
        worker.end()
        ending = told(worker.code) if worker.code is not None else "ended by us"
        if not worker.ready:
            self._next = min(self._next, worker.loaded)
            if self._nursery is not None and self._nursery.loaded:
                self._stillbirth(ending)
        elif worker.tasks and not worker.leaving:
            task = worker.tasks.popleft()
            if worker.code == -signal.SIGXCPU:
                reason = Reason.TIMEOUT
            log.warning("a worker was lost with the file it was at: %s (%s)", reason or Reason.CRASHED, ending)
            if reason is None and not task.again:
                self._suspects.append(task.file)
            else:
                reply = row(reason or Reason.CRASHED, task.job.size)
                fatal = reason is not Reason.VANISHED
                self._done.append(Done(task.file, task.status, reply, fatal=fatal, at_work=at_work))
            self._set_back()
        self._waiting.extendleft(task.file for task in reversed(worker.tasks))

    def _stillbirth(self, ending: str) -> None:
        """A process ended before it was ready. Raises `CageBroken` where that goes on."""
        self._stillborn += 1
        self._set_back()
        if self._stillborn >= STILLBIRTHS:
            raise CageBroken(
                f"{STILLBIRTHS} workers in a row ended before they were ready ({ending}); "
                f"`{' '.join(self._program)}` in a terminal may show why"
            )

    def _set_back(self) -> None:
        self._setbacks += 1
        self._not_before = time.monotonic() + min(2.0, 0.01 * 2**self._setbacks)


def weakness(word: str) -> int:
    """How weak a cage is by its word; an empty word, of a cage nobody was in, counts least."""
    return ("", "full", "partial", "none").index(word.partition(":")[0])
