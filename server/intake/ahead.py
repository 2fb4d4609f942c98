"""A process that opens the next envelopes while the fan-out stores those before: SQLite has one writer, not one core.

It is begun when envelopes have piled up, by the process that works the spool off with SQLite, and ends with the pile
or with that process. It reads the spool and writes nothing: whatever becomes of it, what it had in hand still waits.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import msgspec
from django.db import connections

from server.intake.checkpoints import Checkpoints, prepare_for_pile
from server.intake.claims import whole
from server.intake.opening import MAX_BATCH_WEIGHT, Opened, opened
from server.intake.sql import chunks

_PIECE = 16
"""Envelopes that are written in one piece."""
AT_ONCE = 2
"""Batches that one transaction of a pile takes: it then writes pages once that would be written with each of them."""
FIRST = 64
"""Envelopes that are opened first of all, and twice as many each time after: until then the one that stores waits."""
LINGER = 5.0
"""Seconds for which it is kept when nothing waits."""

_log = logging.getLogger(__name__)
_decoder = msgspec.msgpack.Decoder(Opened)


class Ahead:
    """The process, as the one that stores sees it. Every error of it is an `OSError` or `EOFError`: do without then."""

    def __init__(self, next_ones: Callable[[Collection[int], int], list[int]]) -> None:
        self._next_ones = next_ones
        """Ids of the envelopes to open next, given those in hand and how many batches they may make."""
        self._channel: Connection | None = None
        self._pid = 0
        self._asked = False
        self._needed = 0.0
        self._most = FIRST

    @property
    def runs(self) -> bool:
        """Whether the process has been begun."""
        return self._channel is not None

    def begin(self) -> None:
        """Begin the process.

        No other thread of this one may be at the databases: an SQLite handle must not be carried across. Those of
        this thread are closed first.
        """
        connections.close_all()
        _give_back()
        ours, theirs = Pipe()
        pid = os.fork()
        if not pid:
            try:
                _serve(theirs)
            except Exception as error:  # noqa: BLE001 (the end of a process: nothing of the other's may run in it)
                _log.error("nothing is opened ahead: %s", type(error).__name__)
            finally:
                os._exit(0)
        theirs.close()
        prepare_for_pile()
        self._channel, self._pid, self._asked, self._needed = ours, pid, False, time.monotonic()
        self._most = FIRST

    def next(self) -> Opened | None:
        """The next envelopes, opened; those after them are begun with. None where nothing waits."""
        if not self._asked and not self._ask(()):
            if time.monotonic() > self._needed + LINGER:
                self.end()
            return None
        if self._channel is None:
            return None
        told = Opened([], [])
        while piece := self._channel.recv_bytes():
            part = _decoder.decode(piece)
            told.deliveries.extend(part.deliveries)
            told.bad.extend(part.bad)
        self._asked, self._needed = False, time.monotonic()
        self._ask(told.entries)
        return told

    def _ask(self, in_hand: Collection[int]) -> bool:
        if self._channel is None or not (ids := self._next_ones(in_hand, AT_ONCE)):
            return False
        ids, self._most = ids[: self._most], 2 * self._most
        self._channel.send_bytes(msgspec.msgpack.encode(ids))
        self._asked = True
        return True

    def end(self) -> None:
        """End the process; what it has opened meanwhile is forgotten, and still waits."""
        if self._channel is not None:
            self._channel.close()
            connections.close_all()  # a new one moves the log into the file by itself again, and keeps less in memory
            _give_back()
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)  # it holds nothing that would be left half done
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        self._channel, self._asked = None, False


def _serve(channel: Connection) -> None:
    """The life of the process: open what is asked for until nobody asks any more."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what is collected later would close its descriptor, whose number is another's by then
    _let_go(channel.fileno())
    checkpoints = Checkpoints()
    checkpoints.start()
    with suppress(OSError, EOFError):  # the process that stores has ended: so does this one
        while True:
            ids = msgspec.msgpack.decode(channel.recv_bytes(), type=list[int])
            checkpoints.ask()
            for piece in [*_pieces(ids), b""]:
                channel.send_bytes(piece)


def _pieces(ids: Sequence[int]) -> Iterator[bytes]:
    """These envelopes, opened and written a few at a time: so many objects need never be in memory at once."""
    weight = 0
    for part in chunks(ids, _PIECE):
        told = opened(whole(part), before=weight)
        weight += told.weight
        yield msgspec.msgpack.encode(told)
        if weight >= MAX_BATCH_WEIGHT:
            return


def _give_back() -> None:
    """Give memory that is free back to the system: what is there when a process is forked, both of them hold."""
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc's; another C library has no such thing
        ctypes.CDLL(None).malloc_trim(0)


def _let_go(but: int) -> None:
    """Close what was inherited: the lock of the one who stores must end with it, however it ends."""
    for number in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != but:
            with suppress(OSError):
                os.close(number)
