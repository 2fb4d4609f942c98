"""One worker as its keeper sees it: a process, a socket, the files in its hands, and what it has said."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections import deque
from collections.abc import Iterator

import msgspec

from agent.scanning.nursery import Nursery
from agent.scanning.walk import Found
from agent.scanning.wire import LENGTH, LONGEST, Examined, Job, Ready, Reply, framed


class Known(msgspec.Struct, frozen=True):
    """What a content was found to be before (see `agent.scanning.contents`)."""

    rows: list[Examined]
    at: int
    """When it was examined, in seconds since 1970."""


_ready = msgspec.msgpack.Decoder(Ready)
_reply = msgspec.msgpack.Decoder(Reply)

_LATER = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ETOOMANYREFS, errno.ENOBUFS, errno.EINTR})


class Task(msgspec.Struct):
    """A file in a worker's hands."""

    file: Found
    status: os.stat_result
    job: Job
    descriptor: int
    """Ours, until it is sent; -1 after that."""
    again: bool = False
    """Whether a worker was lost at it before: then it is alone in this one's hands."""
    known: Known | None = None
    """What its content was found to be before."""
    weight: int = 0
    """What it counts for among those in hand (see `agent.scanning.demands`)."""


class Worker:
    """A process that examines files. Its keeper polls it; nothing here blocks."""

    def __init__(self, nursery: Nursery, loaded: int) -> None:
        self.number, self.connection, self._at_work = nursery.hire(loaded)
        self._nursery = nursery
        self.pid = 0
        """Its process, once the nursery has told."""
        self.code: int | None = None
        """How its process ended, once the nursery has told."""
        self.gone_since: float | None = None
        """When its socket was found closed."""
        self.loaded = loaded
        self.ready = False
        self.leaving = False
        self.garbled = False
        self.tasks: deque[Task] = deque()
        self.weight = 0
        """Of all of these together."""
        self.outgoing: deque[tuple[memoryview, list[Task]]] = deque()
        self._incoming = bytearray()
        self._since = time.monotonic()

    def give(self, tasks: list[Task]) -> None:
        """Put files into its hands; they are sent by `flush`."""
        if not self.tasks:
            self._since = time.monotonic()
        self.tasks.extend(tasks)
        self.weight += sum(task.weight for task in tasks)
        self.outgoing.append((memoryview(framed([task.job for task in tasks])), tasks))

    def flush(self) -> None:
        """Send what the socket takes. A worker that is gone is found out by reading."""
        while self.outgoing:
            data, tasks = self.outgoing[0]
            try:
                if tasks:
                    sent = socket.send_fds(self.connection, [data], [task.descriptor for task in tasks])
                    _let_go(tasks)
                else:
                    sent = self.connection.send(data)
            except OSError as error:
                if error.errno == errno.ETOOMANYREFS:
                    time.sleep(0.01)  # descriptors in flight to others: they are taken up soon
                if error.errno not in _LATER:
                    _let_go(tasks)
                    self.outgoing.clear()
                return
            if sent < len(data):
                self.outgoing[0] = (data[sent:], [])
            else:
                self.outgoing.popleft()

    def read(self) -> bool:
        """Read all there is. False where the worker has closed its end."""
        while True:
            try:
                data = self.connection.recv(64 * 1024)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self._incoming += data
            if len(data) < 16 * 1024:
                return True

    def messages(self) -> Iterator[Ready | Reply]:
        """What has come in whole. Anything that is no message of ours sets ``garbled``."""
        start, incoming = 0, self._incoming
        try:
            while len(incoming) - start >= LENGTH:
                wanted = int.from_bytes(incoming[start : start + LENGTH], "big")
                if wanted > LONGEST:
                    self.garbled = True
                    break
                if len(incoming) - start - LENGTH < wanted:
                    break
                body = bytes(incoming[start + LENGTH : start + LENGTH + wanted])
                start += LENGTH + wanted
                if self.ready and not self.tasks:
                    self.garbled = True  # an answer to nothing
                    break
                message: Ready | Reply = _reply.decode(body) if self.ready else _ready.decode(body)
                if isinstance(message, Reply) and not self._answers(message):
                    self.garbled = True
                    break
                yield message
        except msgspec.DecodeError:
            self.garbled = True
        finally:
            del incoming[:start]

    def _answers(self, reply: Reply) -> bool:
        """Whether a reply says how its file ended, as far as it has to."""
        return bool(reply.rows) or reply.lacking or (reply.known and self.tasks[0].known is not None)

    def answered(self) -> Task:
        """The file that the next reply is about; the clock starts for the one after it."""
        self._since = time.monotonic()
        task = self.tasks.popleft()
        self.weight -= task.weight
        return task

    def overdue(self, now: float, start_patience: float) -> bool:
        """Whether it takes longer than it was granted: for the file it is at, or to get ready."""
        if not self.ready:
            return now - self._since > start_patience
        return bool(self.tasks) and now - self._since > self.tasks[0].job.seconds

    def at_work(self) -> frozenset[str]:
        """Which formats have had a hand in the file it is at, as far as it told (see `agent.scanning.at_work`)."""
        return self._at_work.told()

    def end(self) -> None:
        """Let go of all that belongs to it, and have it killed if it has not ended. Its ``tasks`` stay to be seen."""
        for _, tasks in self.outgoing:
            _let_go(tasks)
        self.outgoing.clear()
        self.connection.close()
        self._at_work.close()
        if self.code is None:
            self._nursery.fire(self.number)


def _let_go(tasks: list[Task]) -> None:
    for task in tasks:
        if task.descriptor >= 0:
            os.close(task.descriptor)
            task.descriptor = -1
