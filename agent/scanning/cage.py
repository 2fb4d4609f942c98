"""The cage: a pool of workers, each a confined process that is handed open files and may break.

Whatever a worker does — end, hang, run out of memory, be killed — costs the one file it was at; the rest of its
batch is handed to another. No file is lost and none is told twice. One thread, no signal handlers: it serves the
command line and a thread of the service alike.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import selectors
import stat
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from threading import Event
from typing import TYPE_CHECKING

from agent.scanning.spawn import PROGRAM
from agent.scanning.walk import Found, shown
from agent.scanning.wire import FILES_AT_ONCE, Examined, Job, Ready, Reply, Start
from agent.scanning.workforce import Task, Worker
from protocol.records import Reason, Verdict

if TYPE_CHECKING:
    from agent.scanning.throttle import Throttle

log = logging.getLogger(__name__)

MiB = 1024 * 1024

PATIENCE = 60.0
"""Seconds a file is granted, beside those for its size."""

SLOWEST = 4 * MiB
"""Bytes a second that every medium is taken to deliver and every reader to get through."""

BYTES_AT_ONCE = 32 * MiB
"""Bytes in the hands of one worker, above which it is handed no more until it has answered."""

BREATH = 0.002
"""Seconds that answers are let gather while every worker has enough in hand."""

START_PATIENCE = 180.0
"""Seconds a worker may take to load its rules; compiling large ones for the first time is slow."""

STILLBIRTHS = 3
"""Workers in a row that may end before they are ready, until that is taken for a broken installation."""

_NOT_THE_FILES_FAULT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class CageBroken(Exception):
    """Workers cannot be started here at all. ``str()`` says how the last one ended."""


class RulesMistake(Exception):
    """The rules cannot be read. ``str()`` is for the person who wrote them: file, line, what is wrong."""


@dataclass(frozen=True, slots=True)
class Done:
    """One file that was examined, or that could not be."""

    file: Found
    status: os.stat_result
    """Of the descriptor that was read, where one could be opened; else as the walk met it."""
    reply: Reply


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
    ) -> None:
        self._start = start
        self._program = program
        self._throttle = throttle
        self._at_once = FILES_AT_ONCE if throttle is None else 4
        self._most = max(1, workers)
        self._patience = patience
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self._waiting: deque[Found] = deque()
        self._done: deque[Done] = deque()
        self._stillborn = 0
        self._setbacks = 0
        self._not_before = 0.0
        self.rules = ""
        """Digest of the rules in force; empty until a worker is ready."""
        self.word = "partial"
        """How far the workers are confined: ``full``, ``partial`` or ``none``; the weakest of them counts."""
        self.mixed = False
        """Whether the rules were changed on disk while the scan ran, so that later workers had others."""

    def __enter__(self) -> Cage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers at once. What they had in hand is not told."""
        for worker in self._workers:
            self._selector.unregister(worker.connection)
            worker.end(kill=True)
        self._workers.clear()
        self._selector.close()

    def pids(self) -> list[int]:
        """The process ids of the workers there are now."""
        return [worker.process.pid for worker in self._workers]

    def begin(self) -> None:
        """Start the first worker, so that it loads its rules while the caller does something else."""
        if not self._workers:
            self._hire()

    def ready(self, stop: Event | None = None) -> str:
        """Wait until a worker is ready; returns the rules' digest, or ``""`` where ``stop`` was set before.

        Raises `RulesMistake` where the rules cannot be read, `CageBroken` where workers do not start.
        """
        while not self.rules and not (stop is not None and stop.is_set()):
            if not self._workers and time.monotonic() >= self._not_before:
                self._hire()
            self._turn(0.05)
        return self.rules

    def examine(self, files: Iterator[Found | None], stop: Event | None = None) -> Iterator[Done]:
        """Examine files as they come; yields each exactly once, in the order in which they are done with.

        ``files`` may yield None where it has nothing just now and wants the workers looked after. Ends early, with
        files still in hand, once ``stop`` is set. Raises as `ready` does.
        """
        more = True
        while not (stop is not None and stop.is_set()):
            if more:
                more = self._fill(files)
            self._staff()
            if self._throttle is None or not self._throttle.over(self.pids()):
                for worker in self._workers:
                    self._hand_out(worker, more)
            while self._done:
                yield self._done.popleft()
            if not more and not self._waiting and not any(worker.tasks for worker in self._workers):
                return
            if more and self._waiting and all(self._busy(worker) for worker in self._workers):
                time.sleep(BREATH)  # nobody is in need: let answers gather, rather than wake for each
            self._turn(0.0 if more and len(self._waiting) < FILES_AT_ONCE else 0.25)

    # -- handing out ---------------------------------------------------------------------------------------------

    def _fill(self, files: Iterator[Found | None]) -> bool:
        """Take from the walk what the workers can do next. False where it is at its end."""
        wanted = 2 * FILES_AT_ONCE * self._most
        while len(self._waiting) < wanted:
            try:
                file = next(files)
            except StopIteration:
                return False
            if file is None:
                break
            self._waiting.append(file)
        return True

    def _staff(self) -> None:
        """Start as many workers as there is work for, and no sooner than the last mishap allows."""
        if len(self._workers) >= self._most:
            return
        work = len(self._waiting) + sum(len(worker.tasks) for worker in self._workers)
        weight = sum(file.status.st_size for file in self._waiting)
        wanted = min(self._most, max(ceil(work / 4), weight // (4 * MiB)), work)
        if len(self._workers) < wanted and time.monotonic() >= self._not_before:
            self._hire()

    def _hire(self) -> None:
        worker = Worker(self._start, self._program)
        if self._throttle is not None:
            self._throttle.humble(worker.process.pid)
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        self._flush(worker)

    def _hand_out(self, worker: Worker, more: bool) -> None:
        """Give a worker its next files, fewer of them as the end comes near, so that all end together."""
        if self._busy(worker) or worker.outgoing or worker.leaving or not worker.ready or not self._waiting:
            return
        fair = self._at_once if more else ceil(len(self._waiting) / (2 * self._most))
        count = min(self._at_once - len(worker.tasks), max(1, fair))
        weight = sum(task.job.size for task in worker.tasks)
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
            weight += task.job.size
        if tasks:
            worker.give(tasks)
            self._flush(worker)

    def _busy(self, worker: Worker) -> bool:
        """Whether it has enough in hand for a while."""
        return len(worker.tasks) > self._at_once // 2

    def _open(self, file: Found, others: bool) -> Task | Done | None:
        """Open one file to be handed out. None where this computer has no descriptor left and is to be asked later."""
        try:
            descriptor = open_to_read(file.target or file.path)
        except OSError as error:
            if error.errno in _NOT_THE_FILES_FAULT and others:
                self._waiting.appendleft(file)
                return None
            return _unopened(file, _why_unopened(error))
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            return _unopened(file, Reason.SPECIAL_FILE)
        name, folder = _as_text(file.name), "/".join(map(_as_text, file.folder.split("/")))
        seconds = self._patience + status.st_size / SLOWEST
        return Task(file, status, Job(name, folder, status.st_size, seconds, status.st_mtime), descriptor)

    # -- looking after the workers -------------------------------------------------------------------------------

    def _turn(self, most: float) -> None:
        """Wait for word from the workers, at most ``most`` seconds, and see to those that are lost or overdue."""
        for key, events in self._selector.select(most):
            worker: Worker = key.data
            if events & selectors.EVENT_WRITE:
                self._flush(worker)
            if events & selectors.EVENT_READ:
                self._hear(worker)
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.overdue(now, START_PATIENCE)]:
            self._lose(worker, Reason.TIMEOUT)

    def _flush(self, worker: Worker) -> None:
        worker.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outgoing else 0)
        self._selector.modify(worker.connection, events, worker)

    def _hear(self, worker: Worker) -> None:
        """Take all that a worker has said so far."""
        alive = worker.read()
        for message in worker.messages():
            if isinstance(message, Ready):
                self._welcome(worker, message)
            else:
                self._answered(worker, message)
        if not alive or worker.garbled:
            self._lose(worker, None)

    def _welcome(self, worker: Worker, ready: Ready) -> None:
        if ready.mistake:
            raise RulesMistake(ready.mistake)
        self._stillborn = 0
        self.mixed = self.mixed or self.rules not in ("", ready.rules)
        self.rules = self.rules or ready.rules
        self.word = "none" if "none" in (self.word, ready.cage) else ready.cage
        worker.ready = True

    def _answered(self, worker: Worker, reply: Reply) -> None:
        task = worker.answered()
        self._done.append(Done(task.file, task.status, reply))
        for note in reply.notes:
            log.warning("a reader failed on a file: %s", note)
        worker.leaving = worker.leaving or reply.leaving
        self._setbacks = 0

    def _lose(self, worker: Worker, reason: Reason | None) -> None:
        """A worker is no more, or is to be no more: the file it was at is told, the rest handed out again."""
        self._selector.unregister(worker.connection)
        self._workers.remove(worker)
        ending = worker.end(kill=reason is not None or worker.garbled)
        if not worker.ready:
            self._stillborn += 1
            self._set_back()
            if self._stillborn >= STILLBIRTHS:
                raise CageBroken(
                    f"{STILLBIRTHS} workers in a row ended before they were ready ({ending.told}); "
                    f"`{' '.join(self._program)}` in a terminal may show why"
                )
            return
        if worker.tasks and not worker.leaving:
            task = worker.tasks.popleft()
            reason = reason or (Reason.TIMEOUT if ending.out_of_cpu else Reason.CRASHED)
            log.warning("a worker was lost with the file it was at: %s (%s)", reason, ending.told)
            self._done.append(Done(task.file, task.status, _row(reason, task.job.size)))
            self._set_back()
        self._waiting.extendleft(task.file for task in reversed(worker.tasks))

    def _set_back(self) -> None:
        self._setbacks += 1
        self._not_before = time.monotonic() + min(2.0, 0.01 * 2**self._setbacks)


def open_to_read(path: str) -> int:
    """A descriptor for a file that is to be read and in no way altered: not even its time of last access, if we may.

    Does not follow a link, wait for a FIFO or take a terminal. Raises OSError.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:
        return os.open(path, flags)  # O_NOATIME is for the owner and for root only


def _why_unopened(error: OSError) -> Reason:
    gone = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.ELOOP, errno.ENODEV, errno.ENXIO)
    return Reason.VANISHED if error.errno in gone else Reason.UNREADABLE


def _unopened(file: Found, reason: Reason) -> Done:
    return Done(file, file.status, _row(reason, file.status.st_size))


def _row(reason: Reason, size: int) -> Reply:
    return Reply([Examined(Verdict.NOT_EXAMINED, "application/octet-stream", size, reason)])


def _as_text(name: str) -> str:
    """A name for the grammar: bytes that are no UTF-8 are tried as GB18030, as old Chinese media have them."""
    if name.isascii() or not _UNDECODABLE.search(name):
        return name
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return shown(name)


_UNDECODABLE = re.compile("[\ud800-\udfff]")
