"""A cable plugged in is known at once, told by the kernel; where it does not tell, the clock does."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest

from agent.checks.isolation import CONTROL, IsolationCheck
from agent.checks.isolation_namespaces import within
from agent.checks.network import observe_here
from agent.watching.links import LinkWatch
from protocol.records import (
    CheckDone,
    CheckOutcome,
    ComputerClass,
    NetworkEvidence,
    Record,
    ViolationSeen,
    decode_record,
)


@pytest.fixture
def desk() -> Iterator[str]:
    """A namespace with a card whose cable is in no socket: bring ``wall`` up to plug it in."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    name = f"mj{uuid.uuid4().hex[:8]}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    ip(name, "link", "add", "eth0", "type", "veth", "peer", "name", "wall")
    ip(name, "link", "set", "eth0", "up")
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


def ip(name: str, *command: str) -> None:
    subprocess.run(["ip", "-n", name, *command], check=True)


class Watcher:
    """The loop of the running agent, in the namespace of a desk."""

    def __init__(self, name: str) -> None:
        self.seen: list[tuple[CheckOutcome, float]] = []
        self.told = False
        self.ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._enter, args=(name,), daemon=True)

    def _enter(self, name: str) -> None:
        within(Path("/run/netns") / name, self._loop, patience=60)

    def _loop(self) -> bool:
        check = IsolationCheck(ComputerClass.CONFIDENTIAL, look=observe_here)
        with LinkWatch() as links:
            self.told = links.told
            while not self._stop.is_set():
                self.seen.append((check.run().outcome, time.monotonic()))
                self.ready.set()
                links.wait(self._stop, 30)  # the clock cannot be what makes these tests pass
        return True

    def __enter__(self) -> Watcher:
        self._thread.start()
        assert self.ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def until(self, outcome: CheckOutcome) -> float:
        """When this outcome was reached, by the monotonic clock."""
        end = time.monotonic() + 25  # less than the clock above
        while time.monotonic() < end:
            if self.seen[-1][0] is outcome:
                return next(at for what, at in reversed(self.seen) if what is outcome)
            time.sleep(0.01)
        raise AssertionError(f"{CONTROL} did not become {outcome}: {self.seen}")


@pytest.mark.root
def test_a_cable_plugged_in_is_a_violation_within_two_seconds_and_its_end_is_seen_too(desk: str) -> None:
    with Watcher(desk) as watcher:
        assert watcher.told
        watcher.until(CheckOutcome.PASS)
        before = time.monotonic()
        ip(desk, "link", "set", "wall", "up")
        assert watcher.until(CheckOutcome.FAIL) - before < 2
        before = time.monotonic()
        ip(desk, "link", "set", "wall", "down")
        assert watcher.until(CheckOutcome.PASS) - before < 2


@pytest.mark.root
def test_an_interface_that_appears_with_an_address_is_a_violation_within_two_seconds(desk: str) -> None:
    with Watcher(desk) as watcher:
        watcher.until(CheckOutcome.PASS)
        before = time.monotonic()
        ip(desk, "link", "add", "usb0", "type", "veth", "peer", "name", "phone")
        ip(desk, "link", "set", "phone", "up")
        ip(desk, "link", "set", "usb0", "up")
        ip(desk, "addr", "add", "192.168.42.7/24", "dev", "usb0")
        assert watcher.until(CheckOutcome.FAIL) - before < 2


@pytest.mark.root
def test_the_running_agent_tells_what_was_plugged_in_within_two_seconds_and_how_long_it_stood(
    desk: str, collector: Any, state: Path, tmp_path: Path
) -> None:
    collector.enrolled(state, ComputerClass.CONFIDENTIAL, "机密")
    settings = tmp_path / "mijian.yaml"
    settings.write_text(f"state_dir: {state}\nmedia: {{watch: false}}\nisolation: {{poll_seconds: 60}}\n", "utf-8")
    command = ("ip", "netns", "exec", desk, sys.executable, "-m", "agent.cli", "--lang", "en", "run", "--settings")
    agent = subprocess.Popen([*command, str(settings)], stdout=subprocess.PIPE, text=True)
    assert agent.stdout is not None
    try:
        until(agent.stdout, "check passed: NET-03")
        before = time.monotonic()
        ip(desk, "link", "set", "wall", "up")
        assert "link:eth0" in until(agent.stdout, "outside connection, NET-03")
        assert time.monotonic() - before < 2
        assert "unplug the cable" in until(agent.stdout, "a cable is plugged in")
        ip(desk, "link", "set", "wall", "down")
        assert re.search(r"check passed: NET-03, after \d+ s", until(agent.stdout, "check passed: NET-03"))
    finally:
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(30) == 0
        agent.stdout.close()
    waiting = list(records(state))
    (seen,) = [one for one in waiting if isinstance(one, ViolationSeen)]
    assert isinstance(seen.evidence, NetworkEvidence)
    assert {"link:eth0"} <= set(seen.evidence.signals)
    assert seen.evidence.since is not None
    stood = [one.stood_seconds for one in waiting if isinstance(one, CheckDone) and one.stood_seconds is not None]
    assert len(stood) == 1
    assert collector.records == []


def until(stream: IO[str], words: str) -> str:
    """The first line with these words."""
    for line in stream:
        if words in line:
            return line
    raise AssertionError(f"the agent ended without saying: {words}")


def records(state: Path) -> Iterator[Record]:
    """What waits in the outbox."""
    with closing(sqlite3.connect(f"file:{state / 'outbox.sqlite3'}?mode=ro", uri=True)) as database:
        for (line,) in database.execute("SELECT line FROM records ORDER BY number"):
            yield decode_record(line)


def test_waiting_ends_when_it_is_told_to_stop() -> None:
    stop = threading.Event()
    with LinkWatch() as links:
        threading.Timer(0.1, stop.set).start()
        before = time.monotonic()
        while not stop.is_set():
            links.wait(stop, 30)
        assert time.monotonic() - before < 10


def test_without_the_kernel_s_word_the_clock_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr("agent.watching.links.subscribe", refused)
    with LinkWatch() as links:
        assert not links.told
        assert links.wait(threading.Event(), 0.01) is False
