"""Sending what a fleet sends: many connections at once, each agent's envelopes in their order, every answer read."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from zlib import crc32

import msgspec

from protocol import envelope, receipts
from server.simulation.fleet import Sent

PATIENCE = 60.0
"""Seconds an answer may take."""
PROGRESS = 5.0
"""Seconds between words about how far it has come."""


_Answered = tuple[str, int, bytes]
"""What was sent, and status and body of its answer."""


@dataclass
class Tally:
    """What came of a load."""

    seconds: float = 0.0
    """From the first byte sent to the last answer read."""
    cpu: float = 0.0
    """Seconds of processor that the sending itself took."""
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what was sent and what was answered: ``("report", "accepted")``, ``("altered", "refused bad-signature")``."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from sending to the whole answer, of good reports."""
    forged: int = 0
    """Receipts whose signature did not hold."""

    def percentile(self, share: float) -> float:
        """The latency that this share of reports stayed below, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def accepted(self) -> int:
        """Reports that were durably taken."""
        return self.answers["report", receipts.Answer.ACCEPTED]


def send(
    batch: Sequence[Sent],
    address: tuple[str, int],
    connections: int,
    collector_key: bytes,
    *,
    rate: float = 0.0,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Send all of it, as fast as answers come or at most ``rate`` messages a second.

    An agent's messages go over one connection, so that they come in order. ``progress`` is told every `PROGRESS`
    seconds how many were answered. Raises `OSError` where the collector cannot be reached at all.
    """
    lanes: list[list[tuple[float, Sent]]] = [[] for _ in range(connections)]
    for number, sent in enumerate(batch):
        # Its moment comes from its place among all: lanes are not equally long, and the longest would set the pace.
        lanes[crc32(sent.agent.encode()) % connections].append((number / rate if rate else 0.0, sent))
    tally, lock = Tally(), threading.Lock()
    failures: list[OSError] = []

    answered: list[list[_Answered]] = []

    def work(lane: list[tuple[float, Sent]]) -> None:
        """Send what one connection has to send, one after the other."""
        answers: list[_Answered] = []
        latencies: list[float] = []
        answered.append(answers)
        try:
            _drive(lane, address, answers, latencies)
        except OSError as error:
            failures.append(error)
        with lock:
            tally.latencies.extend(latencies)

    lanes = [lane for lane in lanes if lane]
    threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes]
    start, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    told = start
    for thread in threads:
        while thread.is_alive():
            thread.join(1.0)
            if progress is not None and time.perf_counter() > told + PROGRESS:
                told = time.perf_counter()
                progress(sum(map(len, answered)))
    tally.seconds, tally.cpu = time.perf_counter() - start, time.process_time() - cpu
    for kind, status, body in chain.from_iterable(answered):  # read when all is sent: it costs more than the sending
        tally.answers[kind, _word(status, body, collector_key, tally)] += 1
    if failures:
        raise failures[0]
    return tally


def _drive(
    lane: list[tuple[float, Sent]], address: tuple[str, int], answers: list[_Answered], latencies: list[float]
) -> None:
    """Send one lane, each message at its second from the start or later."""
    host = f"{address[0]}:{address[1]}"
    with socket.create_connection(address, PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        for second, sent in lane:
            time.sleep(max(0.0, start + second - time.perf_counter()))
            head = (
                f"POST /api/v1/envelopes HTTP/1.1\r\nHost: {host}\r\nContent-Type: {envelope.MEDIA_TYPE}\r\n"
                f"Content-Length: {len(sent.raw)}\r\n\r\n"
            )
            began = time.perf_counter()
            connection.sendall(head.encode() + sent.raw)
            status, body = _answer(connection)
            took = time.perf_counter() - began
            answers.append((sent.kind, status, body))
            if sent.kind == "report":
                latencies.append(took)


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer. Raises `ConnectionError` where it does not come whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    lengths = [line.partition(":")[2] for line in lines[1:] if line.lower().startswith("content-length:")]
    wanted = int(lengths[0]) if lengths else 0
    while len(body) < wanted:
        body += _more(connection)
    return int(lines[0].split()[1]), body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the collector closed the connection in the middle of an answer")
    return data


def _word(status: int, body: bytes, collector_key: bytes, tally: Tally) -> str:
    """What the collector said: the receipt's word, where the answer is one, else the status."""
    try:
        receipt = receipts.open_receipt(body, collector_key)
    except receipts.ReceiptError:
        try:
            refusal = msgspec.json.decode(body, type=dict[str, object])
        except msgspec.DecodeError:
            refusal = {}
        tally.forged += status == 200
        return f"status {status} {refusal.get('reason', '')}".strip()
    refused = receipt.answer is receipts.Answer.REFUSED
    return f"{receipt.answer} {receipt.reason}" if refused else str(receipt.answer)
