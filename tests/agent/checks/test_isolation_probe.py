"""The active probe is off until an address is named, makes one attempt at that address, and is logged."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.checks import isolation_probe
from agent.checks.base import Context, Result
from agent.checks.isolation_probe import attempt
from agent.checks.tree import Tree
from agent.probe_target import TargetMistake, target
from agent.settings import IsolationSettings, Settings
from protocol.records import CheckOutcome, ComputerClass

(CHECK,) = isolation_probe.CHECKS


@pytest.fixture
def listener() -> Iterator[tuple[str, list[int]]]:
    """A listening port of this computer, and how often somebody came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        came: list[int] = []
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    server.accept()[0].close()
                    came.append(1)
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp:127.0.0.1:{server.getsockname()[1]}", came
        stop.set()
        thread.join(5)


def run(probe: str | None, kind: ComputerClass = ComputerClass.INTERNAL, setting: str = "") -> Result:
    settings = Settings(isolation=IsolationSettings(probe=setting))
    return CHECK.run(Context(tree=Tree(Path("/")), computer_class=kind, settings=settings, probe=probe))


def test_nothing_is_tried_unless_an_address_is_named() -> None:
    assert run(None).outcome is CheckOutcome.NOT_APPLICABLE


def test_an_address_that_answers_is_told_after_one_attempt_that_is_logged(
    listener: tuple[str, list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    address, came = listener
    with caplog.at_level(logging.WARNING):
        result = run(address)
    assert result.outcome is CheckOutcome.FAIL
    assert result.network is not None
    assert result.network.signals == ("probe:tcp",)
    assert [one.getMessage() for one in caplog.records] == [
        f"probing {address}, as named by the operator",
        f"probe of {address}: reached",
    ]
    assert len(came) <= 1


def test_a_confidential_computer_tries_only_the_address_of_its_settings(listener: tuple[str, list[int]]) -> None:
    address, came = listener
    for setting in ("", "tcp:127.0.0.1:9"):
        assert run(address, ComputerClass.CONFIDENTIAL, setting).outcome is CheckOutcome.ERROR
    assert came == []
    assert run(address, ComputerClass.CONFIDENTIAL, address).outcome is CheckOutcome.FAIL


def test_a_refusal_is_an_answer_and_no_route_is_none() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert attempt(target(f"tcp:127.0.0.1:{unused.getsockname()[1]}")) == "reached"
    assert attempt(target("tcp:[fe80::1]:443"), patience=0.2) == "no-way"


def test_one_question_is_put_to_a_name_server(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        asked: list[bytes] = []

        def answer() -> None:
            data, sender = server.recvfrom(512)
            asked.append(data)
            server.sendto(data, sender)

        thread = threading.Thread(target=answer)
        thread.start()
        assert attempt(target(f"dns:127.0.0.1:{server.getsockname()[1]}")) == "reached"
        thread.join(5)
    assert asked[0][2:] == b"\x01\x00\x00\x01" + bytes(6) + b"\x00\x00\x02\x00\x01"


@pytest.mark.parametrize(
    "text", ["", "example.com", "tcp:example.com:443", "tcp:1.2.3.4", "tcp:1.2.3.4:70000", "1.2.3"]
)
def test_what_is_no_address_is_refused_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(TargetMistake, match="write"):
        target(text)
    with pytest.raises(ValueError, match="write"):
        IsolationSettings(probe=text or "tcp:")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1.2.3.4:443", "tcp:1.2.3.4:443"),
        ("dns:1.2.3.4", "dns:1.2.3.4:53"),
        ("tcp:[2001:db8::1]:443", "tcp:[2001:db8::1]:443"),
    ],
)
def test_an_address_is_read_in_its_forms(text: str, meant: str) -> None:
    assert str(target(text)) == meant
