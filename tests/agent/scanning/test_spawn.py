"""Processes of workers, started when they are needed or a little before."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from agent.scanning import spawn
from agent.scanning.spawn import Spawned

ECHO = (sys.executable, "-I", "-c", "import socket; s = socket.socket(fileno=0); s.sendall(s.recv(9))")

TELL = "import os, socket; socket.socket(fileno=0).sendall(repr(sorted(os.environ)).encode())"


@pytest.fixture
def none_ahead() -> Iterator[None]:
    """No process is ahead, before the test and after it."""
    while spawn._ahead:
        end(spawn._ahead.pop())
    yield
    while spawn._ahead:
        end(spawn._ahead.pop())


def end(spawned: Spawned) -> int:
    spawned.connection.close()
    return spawned.process.wait(20)


@pytest.mark.usefixtures("none_ahead")
def test_the_process_that_was_started_ahead_is_the_one_that_is_used() -> None:
    spawn.start_ahead()
    spawn.start_ahead()
    [ahead] = spawn._ahead
    used, fresh = spawn.spawn(), spawn.spawn()
    assert used is ahead
    assert fresh.process.pid != used.process.pid
    assert (end(used), end(fresh)) == (0, 0), "a worker without work ends by itself"


@pytest.mark.usefixtures("none_ahead")
def test_another_program_is_never_answered_with_the_one_ahead() -> None:
    spawn.start_ahead()
    other = spawn.spawn(ECHO)
    other.connection.setblocking(True)
    other.connection.sendall(b"hello")
    assert other.connection.recv(9) == b"hello"
    assert end(other) == 0


def test_a_worker_learns_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIJIAN_TOKEN", "secret")
    spawned = spawn.spawn((sys.executable, "-I", "-c", TELL))
    spawned.connection.setblocking(True)
    told = spawned.connection.recv(9000).decode()
    assert "'PATH'" in told
    assert "TOKEN" not in told
    assert end(spawned) == 0


@pytest.mark.usefixtures("none_ahead")
def test_a_process_that_was_started_ahead_and_that_no_scan_took_is_ended() -> None:
    assert not spawn.end_ahead()
    spawn.start_ahead()
    (ahead,) = spawn._ahead
    assert spawn.end_ahead()
    assert ahead.process.returncode == 0
    assert not spawn._ahead
