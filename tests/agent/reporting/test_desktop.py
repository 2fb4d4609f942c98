"""Notices on a real message bus, with a desktop of our own that takes them."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from agent import words
from agent.reporting.desktop import Desktop, SessionNews

FOUND = SessionNews("s1", Counter({"MEDIA-05": 2}), scanned=True)


class Screen:
    """A desktop: takes notifications, and remembers them."""

    def __init__(self, address: str) -> None:
        self.shown: list[tuple[Any, ...]] = []
        self._bus = open_dbus_connection(bus=address)
        self._bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.Notifications"))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                message = self._bus.receive(timeout=0.1)
            except TimeoutError:
                continue
            member = message.header.fields.get(HeaderFields.member)
            if message.header.message_type is MessageType.method_call and member == "Notify":
                self.shown.append(message.body)
                self._bus.send(new_method_return(message, "u", (message.body[1] or 41 + len(self.shown),)))

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._bus.close()


@pytest.fixture
def buses(tmp_path: Path) -> Iterator[Path]:
    """A folder of buses as /run/user is, with one person logged in."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    (tmp_path / "1000").mkdir()
    address = f"unix:path={tmp_path}/1000/bus"
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert daemon.stdout is not None
    daemon.stdout.readline()
    yield tmp_path
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


@pytest.fixture
def screen(buses: Path) -> Iterator[Screen]:
    made = Screen(f"unix:path={buses}/1000/bus")
    yield made
    made.end()


@pytest.fixture
def terminal() -> Iterator[tuple[int, Path]]:
    ours, theirs = pty.openpty()
    yield ours, Path(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)


def test_a_person_at_a_desktop_is_told_what_was_found_which_rule_and_what_to_do(screen: Screen, buses: Path) -> None:
    words.use("zh")
    try:
        assert Desktop(buses=buses, terminals=[]).show(FOUND)
    finally:
        words.use(None)
    ((program, replaces, _, title, body, *_),) = screen.shown
    assert (program, replaces) == ("Mijian", 0)
    assert "密检" in title
    assert body.startswith("MEDIA-05 × 2：非涉密移动存储介质存有国家秘密或工作秘密。停止使用该介质")


def test_a_session_is_one_notification_however_much_is_found(screen: Screen, buses: Path) -> None:
    desktop = Desktop(buses=buses, terminals=[])
    desktop.show(SessionNews("s1", Counter({"MEDIA-03": 1})))
    assert desktop.show(SessionNews("s1", Counter({"MEDIA-03": 1}), scanned=True)) is False  # nothing new
    desktop.show(SessionNews("s1", Counter({"MEDIA-03": 1, "MEDIA-05": 4}), scanned=True))
    desktop.show(SessionNews("s2", Counter({"MEDIA-03": 1})))
    assert [shown[1] for shown in screen.shown] == [0, 42, 0]
    assert "MEDIA-05 × 4" in screen.shown[1][4]


def test_where_there_is_no_desktop_a_terminal_is_written_to_once(tmp_path: Path, terminal: tuple[int, Path]) -> None:
    ours, path = terminal
    desktop = Desktop(buses=tmp_path, terminals=[Path("/dev/none"), path])
    assert desktop.show(FOUND)
    assert desktop.show(SessionNews("s1", Counter({"MEDIA-05": 9}))) is False
    text = os.read(ours, 65536).decode()
    assert "MEDIA-05 × 2" in text
    assert "Stop using the medium" in text


def test_a_desktop_that_is_not_there_any_more_leaves_the_terminal(buses: Path, terminal: tuple[int, Path]) -> None:
    assert Desktop(buses=buses, terminals=[terminal[1]]).show(FOUND)  # a bus, and nobody who shows notifications
    assert b"MEDIA-05" in os.read(terminal[0], 65536)


def test_nobody_is_told_where_nothing_was_found_or_notices_are_off(tmp_path: Path, terminal: tuple[int, Path]) -> None:
    for desktop, news in (
        (Desktop(buses=tmp_path, terminals=[terminal[1]]), SessionNews("s", Counter(), scanned=True)),
        (Desktop(enabled=False, buses=tmp_path, terminals=[terminal[1]]), FOUND),
    ):
        desktop.tell(news)
        stop = threading.Event()
        thread = threading.Thread(target=desktop.run, args=(stop,))
        thread.start()
        stop.set()
        desktop.wake()
        thread.join(10)
    os.set_blocking(terminal[0], False)
    with pytest.raises(BlockingIOError):
        os.read(terminal[0], 10)


def test_what_is_told_fits_on_a_notification_and_names_how_much_more_there_is() -> None:
    title, body = Desktop().wording(
        SessionNews("s", Counter({"MEDIA-03": 1, "MEDIA-05": 3, "MEDIA-06": 1, "MEDIA-07": 1}), unreadable=True)
    )
    assert title == "Mijian: a removable medium breaks secrecy rules"
    assert "and 1 more" in body
    assert body.endswith("Files in phones and cameras cannot be examined.")
