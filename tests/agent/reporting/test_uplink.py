from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.reporting.identity import Identity
from agent.reporting.outbox import Outbox
from agent.reporting.uplink import Sent, Settled, Uplink
from agent.reporting.uplink import settle as settle_receipt
from agent.reporting.web import retry_after
from agent.settings import Settings, UplinkSettings
from protocol import envelope, keys, receipts
from protocol.ids import uuid7
from protocol.receipts import Answer
from protocol.records import CheckDone, CheckOutcome

QUICK = Settings(uplink=UplinkSettings(first_retry_seconds=0.01, last_retry_seconds=0.05, answer_timeout_seconds=5))


def check() -> CheckDone:
    return CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)


@pytest.fixture
def mine(collector: Any, state: Path) -> Identity:
    return collector.enrolled(state)  # type: ignore[no-any-return]


@pytest.fixture
def outbox(state: Path) -> Outbox:
    return Outbox(state)


def settle(uplink: Uplink, most: int = 40) -> int:
    """Step until nothing waits; how many steps that took."""
    for step in range(most):
        if uplink.step() is None:
            return step
    raise AssertionError(f"the outbox is not empty after {most} attempts")


def close_without_answer(request: BaseHTTPRequestHandler) -> bool:
    request.close_connection = True
    request.connection.close()
    return True


def half_an_answer(request: BaseHTTPRequestHandler) -> bool:
    request.send_response(200)
    request.send_header("Content-Length", "500")
    request.end_headers()
    request.wfile.write(b'{"receipt": "')
    request.close_connection = True
    return True


def test_what_is_sent_arrives_and_leaves_the_outbox(collector: Any, mine: Identity, outbox: Outbox) -> None:
    record = check()
    outbox.put(record)
    assert settle(Uplink(outbox, mine, QUICK)) == 1
    assert collector.ids == [record.id]
    assert outbox.waiting() == {}
    assert outbox.word("receipt").endswith("accepted 1")


@pytest.mark.parametrize("fault", [close_without_answer, half_an_answer])
def test_a_lost_answer_loses_nothing_and_doubles_nothing(
    collector: Any, mine: Identity, outbox: Outbox, fault: Callable[[BaseHTTPRequestHandler], bool]
) -> None:
    records = [check(), check()]
    outbox.put(*records)
    collector.faults += [fault, fault]
    answers: list[Sent] = []
    settle(Uplink(outbox, mine, QUICK, answers.append))
    assert collector.ids == [record.id for record in records]
    assert [sent.receipt.answer for sent in answers if sent.receipt] == [Answer.DUPLICATE]


def test_a_busy_collector_is_asked_again_when_it_said(collector: Any, mine: Identity, outbox: Outbox) -> None:
    record = check()
    outbox.put(record)

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 503, b"busy", Retry_After="7")
        return False

    collector.faults.append(fault)
    uplink = Uplink(outbox, mine, QUICK)
    assert uplink.step() == 7.0
    settle(uplink)
    assert collector.ids == [record.id]


def test_a_collector_that_is_down_loses_nothing(collector: Any, mine: Identity, outbox: Outbox) -> None:
    collector.stop()
    records = [check() for _ in range(3)]
    uplink = Uplink(outbox, mine, QUICK)
    for record in records:
        outbox.put(record)
        delay = uplink.step()
        assert delay is not None
        assert 0 <= delay <= 0.05
    assert "did not answer" in outbox.word("error")
    collector.start()
    settle(uplink)
    assert collector.ids == [record.id for record in records]
    assert outbox.word("error") == ""


def test_waits_grow_but_never_beyond_the_last(mine: Identity, outbox: Outbox, collector: Any) -> None:
    collector.stop()
    outbox.put(check())
    settings = Settings(uplink=UplinkSettings(first_retry_seconds=1, last_retry_seconds=8))
    uplink = Uplink(outbox, mine, settings)
    delays = [uplink.step() for _ in range(60)]
    for number, delay in enumerate(delays):
        assert delay is not None
        assert 0 <= delay <= min(8, 2**number)
    assert max(delay for delay in delays if delay is not None) > 1


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500])
def test_nothing_but_a_good_receipt_empties_the_outbox(
    collector: Any, mine: Identity, outbox: Outbox, status: int
) -> None:
    outbox.put(check())

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, status, b"<html>some proxy</html>", Location="http://127.0.0.1:1/")
        return False

    collector.faults.append(fault)
    Uplink(outbox, mine, QUICK).step()
    assert outbox.waiting() == {"check": 1}


def test_a_receipt_signed_by_another_key_is_not_believed(collector: Any, mine: Identity, outbox: Outbox) -> None:
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    receipt = collector.receipt(envelope.parse(leased.raw), Answer.ACCEPTED)

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 200, receipts.sign(receipt, keys.Ed25519PrivateKey.generate()))
        return False

    collector.faults.append(fault)
    Uplink(outbox, mine, QUICK).step()
    assert outbox.waiting() == {"check": 1}


@pytest.mark.parametrize("change", [{"sequence": 2}, {"digest": "0" * 64}, {"agent": "another"}])
def test_a_receipt_for_something_else_is_not_believed(
    collector: Any, mine: Identity, outbox: Outbox, change: dict[str, Any]
) -> None:
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    receipt = msgspec.structs.replace(collector.receipt(envelope.parse(leased.raw), Answer.ACCEPTED), **change)

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 200, receipts.sign(receipt, collector.signing))
        return False

    collector.faults.append(fault)
    Uplink(outbox, mine, QUICK).step()
    assert outbox.waiting() == {"check": 1}
    assert "another envelope" in outbox.word("error")


def test_an_endless_answer_is_not_swallowed(collector: Any, mine: Identity, outbox: Outbox) -> None:
    outbox.put(check())

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 200, b"x" * 10_000_000)
        return False

    collector.faults.append(fault)
    Uplink(outbox, mine, QUICK).step()
    assert outbox.waiting() == {"check": 1}


def test_an_agent_restored_from_a_backup_falls_in_where_the_collector_stands(
    collector: Any, mine: Identity, outbox: Outbox
) -> None:
    outbox.put(check())
    uplink = Uplink(outbox, mine, QUICK)
    settle(uplink)
    outbox.rebase(1, envelope.FIRST_PREVIOUS)  # what a restored disk looks like
    record = check()
    outbox.put(record)
    settle(uplink)
    assert collector.ids[-1] == record.id
    assert len(collector.ids) == 2


def test_a_collector_restored_from_a_backup_is_followed(collector: Any, mine: Identity, outbox: Outbox) -> None:
    uplink = Uplink(outbox, mine, QUICK)
    for _ in range(3):
        outbox.put(check())
        settle(uplink)
    collector.last[mine.agent] = (1, next(iter(collector.digests)))
    record = check()
    outbox.put(record)
    settle(uplink)
    assert collector.ids[-1] == record.id


def test_what_a_collector_holds_for_an_envelope_it_has_forgotten_is_told_again_in_its_row(
    collector: Any, mine: Identity, outbox: Outbox
) -> None:
    """A collector put back to an older state waits for an envelope that exists no more: it must not wait for ever."""
    outbox.rebase(7, "7" * 64)
    record = check()
    outbox.put(record)
    leased = outbox.lease(mine)
    assert leased is not None
    held = msgspec.structs.replace(
        collector.receipt(envelope.parse(leased.raw), Answer.HELD, "gap"), expected_sequence=1
    )

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 200, receipts.sign(held, collector.signing))
        return False

    collector.faults.append(fault)
    settle(Uplink(outbox, mine, QUICK))
    assert collector.ids == [record.id]
    # The same receipt, carried here once more on a stick, moves nothing.
    outbox.put(check())
    assert settle_receipt(outbox, held, None) is Settled.DONE
    assert (outbox.word("sequence"), outbox.waiting()) == ("1", {"check": 1})


def test_an_envelope_too_large_for_the_collector_arrives_in_parts(
    collector: Any, mine: Identity, outbox: Outbox
) -> None:
    collector.max_records = 3
    records = [check() for _ in range(10)]
    outbox.put(*records)
    settle(Uplink(outbox, mine, QUICK))
    assert collector.ids == [record.id for record in records]


def test_a_refused_agent_keeps_its_records_and_says_why(collector: Any, mine: Identity, outbox: Outbox) -> None:
    outbox.put(check())
    leased = outbox.lease(mine)
    assert leased is not None
    receipt = collector.receipt(envelope.parse(leased.raw), Answer.REFUSED, "level-too-high")

    def fault(request: BaseHTTPRequestHandler) -> bool:
        collector.answer(request, 403, receipts.sign(receipt, collector.signing))
        return False

    collector.faults.append(fault)
    delay = Uplink(outbox, mine, QUICK).step()
    assert delay is not None
    assert delay >= 0.025
    assert outbox.waiting() == {"check": 1}
    assert outbox.word("refusal").startswith("level-too-high")


def test_the_thread_sends_what_comes_and_stops_when_told(collector: Any, mine: Identity, outbox: Outbox) -> None:
    uplink = Uplink(outbox, mine, QUICK)
    uplink.start()
    for _ in range(5):
        outbox.put(check())
        uplink.wake()
    until = time.monotonic() + 120
    while outbox.waiting() and time.monotonic() < until:
        time.sleep(0.01)
    uplink.stop()
    assert len(collector.ids) == len(set(collector.ids)) == 5


def test_retry_after_is_read_in_both_its_forms_and_bounded() -> None:
    assert retry_after("120") == 120
    assert retry_after("-5") == 0
    assert retry_after("999999") == 3600
    assert retry_after("soon") == 0
    assert retry_after("") == 0
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < retry_after(moment) <= 100


CHILD = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
from agent.reporting import identity
from agent.reporting.outbox import Outbox
from agent.reporting.uplink import Uplink
from agent.reporting.web import retry_after
from agent.settings import Settings, UplinkSettings
from protocol.ids import uuid7
from protocol.records import CheckDone, CheckOutcome
state = Path(sys.argv[1])
settings = Settings(uplink=UplinkSettings(first_retry_seconds=0.01, last_retry_seconds=0.05))
outbox = Outbox(state)
uplink = Uplink(outbox, identity.load(state), settings)
uplink.start()
while True:
    record = CheckDone(id=uuid7(), seen_at=datetime.now(UTC), control="NET-03", outcome=CheckOutcome.PASS)
    outbox.put(record)
    print(record.id, flush=True)
    uplink.wake()
"""


def test_an_agent_killed_again_and_again_loses_nothing_and_doubles_nothing(
    collector: Any, mine: Identity, state: Path
) -> None:
    """The child prints an id only once it is durable, so that every printed one must arrive, once."""
    durable: list[str] = []
    for round_ in range(4):
        collector.faults += [close_without_answer, half_an_answer]
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(state)], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        assert child.stdout is not None
        durable += [child.stdout.readline().strip() for _ in range(15 + 7 * round_)]
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
        durable += [line for line in rest[:-1] if line]
        child.wait()
        child.stdout.close()
    collector.faults.clear()
    settle(Uplink(Outbox(state), mine, QUICK))
    assert set(durable) <= set(collector.ids)
    assert len(collector.ids) == len(set(collector.ids))
    assert len(set(collector.ids) - set(durable)) <= 4  # durable, but killed before it was printed
