"""The one queue of the agent: what is more urgent goes first, and what it pushed aside goes on afterwards."""

from __future__ import annotations

import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

IDLE_SECONDS = 60.0
"""How often an idle queue looks whether the agent stops; `Jobs.wake` has it look at once."""


class Priority(IntEnum):
    """How urgent a job is; lower goes first."""

    URGENT = 0
    """Small things that end something, such as a media session."""
    PERSON = 1
    """Somebody at the computer waits for it."""
    MEDIA = 2
    FILES = 3
    SCHEDULE = 4


@dataclass(order=True)
class Job:
    """One thing to do. Compares by priority, then by the order in which jobs came."""

    priority: Priority
    number: int
    key: str = field(compare=False)
    """What it is about: the id of a media session, the name of a schedule."""
    act: Callable[[threading.Event], bool] = field(compare=False)
    """Does it; ends soon with False once the event is set, and is called again later. True: done."""
    pause: threading.Event = field(compare=False, default_factory=threading.Event)


class Jobs:
    """The queue and the thread's loop that works it off. Safe to use from several threads."""

    def __init__(self) -> None:
        self._queue: queue.PriorityQueue[Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._running: Job | None = None

    def add(self, priority: Priority, key: str, act: Callable[[threading.Event], bool]) -> None:
        """Queue a job. A running one that is less urgent pauses for it."""
        with self._lock:
            self._queue.put(Job(priority, next(self._numbers), key, act))
            running = self._running
            if running and priority < running.priority:
                running.pause.set()

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. What a job raises is the caller's."""
        while not stop.is_set():
            try:
                job = self._queue.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                continue
            with self._lock:
                job.pause.clear()
                self._running = job
                if any(waiting.priority < job.priority for waiting in self._queue.queue):
                    job.pause.set()
            try:
                done = job.act(job.pause)
            finally:
                with self._lock:
                    self._running = None
            if not done and not stop.is_set():
                with self._lock:
                    self._queue.put(job)  # with its old number: before what came after it

    def wake(self) -> None:
        """Have an idle queue look at once whether it is to stop."""
        self.add(Priority.URGENT, "", lambda _: True)

    def is_running(self, key: str) -> bool:
        """Whether the job under way is about this."""
        with self._lock:
            return self._running is not None and self._running.key == key

    def has(self, key: str) -> bool:
        """Whether a job about this waits or is under way."""
        with self._lock:
            waiting = [*self._queue.queue, *([self._running] if self._running else [])]
        return any(job.key == key for job in waiting)

    def running(self) -> str:
        """Priority of the job under way, as a word; empty where there is none."""
        with self._lock:
            return self._running.priority.name.lower() if self._running else ""

    def waiting(self) -> dict[str, int]:
        """Priority as a word → how many wait."""
        with self._lock:
            return dict(Counter(job.priority.name.lower() for job in self._queue.queue))
