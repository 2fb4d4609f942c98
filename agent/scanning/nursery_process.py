"""The nursery: a process that loads all that reading files takes, once, and forks the workers that are asked for.

Started by `agent.scanning.spawn` with a Unix socket as its standard input. It never sees a file or an answer: these
go between the scanner and the worker. So it stays as it was when it was loaded, and nothing that one worker read
can be met in another. It has one thread, always: only such a process can be forked and go on.

The first worker is forked as soon as there is enough for text. The rest is loaded beside it, as much as the files that
are met ask for: many a scan finds nothing changed, many a folder holds nothing but text.
"""

from __future__ import annotations

import agent.scanning.lean  # noqa: F401  # isort: skip  — before msgspec is loaded

import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import msgspec

from agent.scanning import preload, worker
from agent.scanning.at_work import AtWork
from agent.scanning.wire import ALL, COMMON, OCR, TEXT, Ended, Fire, Hire, Load, Start, framed

_request = msgspec.msgpack.Decoder(Hire | Load | Fire)


def main() -> int:
    """Serve the socket at standard input until it is closed. Returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the scanner's to answer
    worker.end_with_parent()
    gc.disable()  # nothing that is loaded here is ever let go of
    control = socket.socket(fileno=0)
    first = worker.receive(control)
    if first is None:
        return 0
    start = msgspec.msgpack.decode(first[0], type=Start)
    prepared, ready = worker.prepare(start)
    if prepared is None:
        control.sendall(framed(ready))
        return 0
    preload.text()
    control.sendall(framed(ready))
    nursery = _Nursery(control, start, prepared)
    try:
        while nursery.turn():
            pass
    finally:
        nursery.end_all()
    return 0


class _Nursery:
    """The loaded process: what it has, whom it has forked, who is waited for."""

    def __init__(self, control: socket.socket, start: Start, prepared: worker.Prepared) -> None:
        self._control = control
        self._start = start
        self._prepared = prepared
        self._loaded = TEXT
        self._steps: list[tuple[int, Callable[[], None]]] = [(COMMON, self._load_common), (ALL, preload.everything)]
        if start.pictures == "read":
            self._steps.append((OCR, lambda: prepared.open_eyes(start.picture_seconds)))
        self._wanted = TEXT
        """How much is to be loaded without waiting for anybody to ask."""
        self._asked: list[tuple[Hire, list[int]]] = []
        self._numbers: dict[int, int] = {}
        """Process ids of the workers there are, and how they are called."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        # A worker's end wakes us: its death is to be known at once.
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.signal(signal.SIGTERM, self._end_now)
        signal.signal(signal.SIGCHLD, _take_note)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def _load_common(self) -> None:
        self._prepared.prepare_common()
        preload.common()

    def turn(self) -> bool:
        """Do the next thing: answer, fork, load a little more, or wait. False where nobody wants us any more."""
        self._fork_those_due()
        for key, _ in self._selector.select(0 if self._loads() else None):
            if key.fileobj is self._woken:
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
            elif not self._hear():
                return False
        self._bury()
        self._fork_those_due()
        if self._loads():
            self._loaded, load = self._steps.pop(0)
            load()
        return True

    def _end_now(self, _number: int, _frame: object) -> None:
        """The scan is over; whatever was being loaded is not wanted any more."""
        self.end_all()
        os._exit(0)

    def _loads(self) -> bool:
        """Whether there is more to load, and somebody wants it."""
        wanted = max([self._wanted, *(hire.loaded for hire, _ in self._asked)])
        return bool(self._steps) and wanted > self._loaded

    def end_all(self) -> None:
        """Kill the workers there are, and see them gone: nothing of a scan is left behind."""
        for pid in self._numbers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._numbers:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _hear(self) -> bool:
        message = worker.receive(self._control)
        if message is None:
            return False
        body, descriptors = message
        request = _request.decode(body)
        if isinstance(request, Hire):
            self._asked.append((request, descriptors))
        elif isinstance(request, Load):
            self._wanted = max(self._wanted, request.loaded)
        else:
            for pid, number in self._numbers.items():
                if number == request.number:
                    os.kill(pid, signal.SIGKILL)  # not waited for by anybody yet: the number is still its own
        return True

    def _fork_those_due(self) -> None:
        for asked in [asked for asked in self._asked if asked[0].loaded <= self._loaded]:
            self._asked.remove(asked)
            self._fork(*asked)

    def _fork(self, hire: Hire, descriptors: list[int]) -> None:
        gc.freeze()  # what is loaded is shared with the workers, as long as nobody writes to it
        us = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            _close(descriptors)
            self._tell(Ended(number=hire.number, code=-signal.SIGKILL))
            return
        if pid == 0:
            status = 70
            try:
                status = self._be_worker(descriptors, us)
            finally:
                os._exit(status)
        _close(descriptors)
        self._numbers[pid] = hire.number

    def _be_worker(self, descriptors: list[int], parent: int) -> int:
        """In the new process: let go of all that is the nursery's, then work."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._selector.close()
        self._woken.close()
        self._waker.close()
        for _, others in self._asked:
            _close(others)
        descriptor, page = descriptors
        os.dup2(descriptor, self._control.detach())  # it takes the place of the control socket at standard input
        os.close(descriptor)
        return worker.work(socket.socket(fileno=0), self._start, self._prepared, parent, AtWork(page))

    def _bury(self) -> None:
        while self._numbers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._tell(Ended(number=self._numbers.pop(pid), code=os.waitstatus_to_exitcode(status)))

    def _tell(self, word: Ended) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # then there is nobody to tell, and `_hear` ends us
            self._control.sendall(framed(word))


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _take_note(_number: int, _frame: object) -> None:
    """Having a handler at all makes the signal wake the process."""


if __name__ == "__main__":
    sys.exit(main())
