"""A wait ends for what it waits for, for a stop, or when its time is over; and for nothing else."""

from __future__ import annotations

import os
import threading
import time

import pytest

from agent.watching.waiting import Bell, Stop, wait_for


def test_a_bell_ends_the_wait_and_is_heard_once() -> None:
    bell = Bell()
    threading.Timer(0.05, bell.ring).start()
    assert wait_for(Stop(), 60, bell)
    bell.hush()
    bell.hush()  # also where it has not rung
    assert not wait_for(Stop(), 0, bell)


def test_a_stop_ends_the_wait_at_once_and_is_no_news() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    assert not wait_for(stop, 3600, Bell())
    assert stop.is_set()
    assert time.monotonic() - began < 600
    assert not wait_for(stop, 3600, Bell())


def test_what_rang_while_it_was_told_to_stop_is_no_news_any_more() -> None:
    stop, bell = Stop(), Bell()
    stop.set()
    bell.ring()
    assert not wait_for(stop, 60, bell)


@pytest.mark.parametrize("stop", [Stop(), threading.Event()], ids=["stop", "plain event"])
def test_a_wait_ends_when_its_time_is_over(stop: threading.Event) -> None:
    assert not wait_for(stop, 0.01, Bell())
    assert not stop.is_set()


def test_a_bell_that_is_let_go_of_leaves_no_descriptor() -> None:
    bell = Bell()
    number = bell.fileno()
    os.fstat(number)
    del bell
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
