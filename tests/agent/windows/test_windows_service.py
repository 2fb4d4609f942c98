"""What the service manager of Windows is told, and what it asks for."""

from __future__ import annotations

import inspect
import threading
from collections import Counter

from agent import systemd
from agent.reporting.desktop import SessionNews
from agent.windows.notices import ACTIVE, Messages, Session
from agent.windows.service import (
    ACCEPT_SHUTDOWN,
    ACCEPT_STOP,
    CONTROL_INTERROGATE,
    CONTROL_SHUTDOWN,
    RUNNING,
    START_PENDING,
    STOP_PENDING,
    STOPPED,
    Supervisor,
)


def test_the_manager_is_told_each_state_and_may_stop_the_service_only_once_it_runs() -> None:
    told: list[tuple[int, int, int]] = []
    stop = threading.Event()
    manager = Supervisor(lambda state, accepted, code, wait: told.append((state, accepted, code)), stop)
    manager.ready()
    manager.control(CONTROL_INTERROGATE)
    manager.control(CONTROL_SHUTDOWN)
    assert stop.is_set()
    manager.stopped(1)
    runs = (RUNNING, ACCEPT_STOP | ACCEPT_SHUTDOWN, 0)
    assert told == [(START_PENDING, 0, 0), runs, runs, (STOP_PENDING, 0, 0), (STOPPED, 0, 1)]


def test_it_is_used_as_systemd_is() -> None:
    for name in ("ready", "alive", "status", "stopping"):
        theirs, ours = (inspect.signature(getattr(one, name)) for one in (systemd.Supervisor, Supervisor))
        assert theirs == ours
    assert Supervisor.watchdog_seconds == 0


def test_whoever_is_at_the_computer_is_told_once_and_services_and_the_absent_are_not() -> None:
    shown: list[tuple[int, str, str]] = []

    def send(number: int, title: str, body: str) -> bool:
        shown.append((number, title, body))
        return True

    sessions = [Session(0, ACTIVE), Session(1, ACTIVE), Session(2, 4), Session(3, ACTIVE)]
    messages = Messages(lambda: sessions, send)
    news = SessionNews("s", Counter({"MEDIA-05": 2}))
    assert messages.show(news)
    assert not messages.show(news)
    assert [number for number, _, _ in shown] == [1, 3]
    assert all("MEDIA-05" in body for _, _, body in shown)
