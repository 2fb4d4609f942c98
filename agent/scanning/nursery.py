"""The nursery as its keeper sees it: a process that forks workers on request and tells how they ended."""

from __future__ import annotations

import itertools
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from agent.scanning.at_work import AtWork, page
from agent.scanning.spawn import PROGRAM, spawn
from agent.scanning.wire import ALL, LENGTH, LONGEST, TEXT, Ended, Fire, Hire, Load, Loaded, Start, framed

_word = msgspec.msgpack.Decoder(Loaded | Ended)


class Nursery:
    """One nursery's process. Its keeper polls ``connection`` for reading; only the few words sent to it can block."""

    def __init__(self, start: Start, program: Sequence[str] = PROGRAM) -> None:
        """Raises OSError where no process can be started."""
        self.process, self.connection = spawn(program)
        self.program = program
        self.loaded = False
        self.garbled = False
        self._incoming = bytearray()
        self._closed = False
        self._loading = TEXT
        self._numbers = itertools.count(1)
        self._tell(framed(start))

    def hire(self, loaded: int = ALL) -> tuple[int, socket.socket, AtWork]:
        """Ask for a worker; what it is called, our end of the socket to it, and what it tells of its work."""
        shared = page()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        number = next(self._numbers)
        with theirs:
            self._tell(framed(Hire(number=number, loaded=loaded)), theirs.fileno(), shared)
        ours.setblocking(False)
        return number, ours, AtWork(shared)

    def load(self, loaded: int = ALL) -> None:
        """Have as much loaded: there are files to read."""
        if loaded > self._loading:
            self._loading = loaded
            self._tell(framed(Load(loaded=loaded)))

    def fire(self, number: int) -> None:
        """Have a worker killed."""
        self._tell(framed(Fire(number=number)))

    def _tell(self, data: bytes, *descriptors: int) -> None:
        """Send a word. A nursery that is gone is found out by reading."""
        with suppress(OSError):
            self.connection.setblocking(True)
            sent = socket.send_fds(self.connection, [data], descriptors)
            self.connection.sendall(data[sent:])

    def hear(self) -> bool:
        """Read what there is. False where the nursery has closed its end."""
        try:
            data = self.connection.recv(64 * 1024, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self._incoming += data
        self._closed = not data
        return not self._closed

    def words(self) -> Iterator[Loaded | Ended]:
        """What has come in whole. Anything that is no message of ours sets ``garbled``."""
        incoming = self._incoming
        while len(incoming) >= LENGTH and not self.garbled:
            wanted = int.from_bytes(incoming[:LENGTH], "big")
            if wanted > LONGEST:
                self.garbled = True
            elif len(incoming) - LENGTH < wanted:
                return
            else:
                body = bytes(incoming[LENGTH : LENGTH + wanted])
                del incoming[: LENGTH + wanted]
                try:
                    yield _word.decode(body)
                except msgspec.DecodeError:
                    self.garbled = True

    def end(self) -> str:
        """End it with all its workers; how it ended, for the log."""
        self.connection.close()
        ended = self._wait(0.2) if self._closed else False
        if not ended:
            self.process.terminate()
            # A worker stuck in the kernel (a medium that does not answer) ends later or never: it is not waited for.
            ended = self._wait(2.0)
        if not ended:
            self.process.kill()
            ended = self._wait(1.0)
        return told(self.process.returncode) if ended else "does not end"

    def _wait(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def told(code: int) -> str:
    """``exit status 1``, ``SIGKILL``: how a process ended, for the log."""
    import signal

    if code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
