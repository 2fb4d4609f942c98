from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from agent.watching.presence import Watcher, desktop_idle_seconds, on_battery


def supply(power: Path, name: str, kind: str, online: str) -> None:
    (power / name).mkdir(parents=True)
    (power / name / "type").write_text(kind + "\n")
    (power / name / "online").write_text(online + "\n")


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ([], False),
        ([("AC", "Mains", "1"), ("BAT0", "Battery", "0")], False),
        ([("AC", "Mains", "0"), ("BAT0", "Battery", "0")], True),
        ([("AC", "Mains", "0"), ("ADP1", "Mains", "1")], False),
        ([("BAT0", "Battery", "0")], False),
    ],
)
def test_a_computer_with_no_adapter_on_runs_from_its_battery(
    tmp_path: Path, supplies: list[tuple[str, str, str]], expected: bool
) -> None:
    for name, kind, online in supplies:
        supply(tmp_path, name, kind, online)
    assert on_battery(tmp_path) is expected


class Logind:
    """What logind says on its bus of whether anybody is there."""

    def __init__(self, address: str, idle: bool, since: float) -> None:
        self._bus = open_dbus_connection(bus=address)
        self._bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.login1"))
        self._said = {"IdleHint": ("b", idle), "IdleSinceHint": ("t", int(since * 1e6))}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                message = self._bus.receive(timeout=0.1)
            except TimeoutError:
                continue
            called = message.header.message_type is MessageType.method_call
            if called and message.header.fields.get(HeaderFields.member) == "Get":
                self._bus.send(new_method_return(message, "v", (self._said[message.body[1]],)))

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._bus.close()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={tmp_path}/bus"
    command = ["dbus-daemon", "--session", "--nofork", f"--address={address}", "--print-address"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    daemon.stdout.readline()
    yield address
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


def test_a_desktop_in_use_holds_the_agent_back_and_an_idle_one_does_not(bus: str, tmp_path: Path) -> None:
    for idle, since, working in ((False, 0.0, True), (True, time.time() - 20, True), (True, time.time() - 900, False)):
        logind = Logind(bus, idle, since)
        try:
            seconds = desktop_idle_seconds(bus)
        finally:
            logind.end()
        assert seconds is not None
        assert (seconds < 300) is working


def test_a_computer_without_logind_and_without_anybody_is_free(tmp_path: Path) -> None:
    assert desktop_idle_seconds(f"unix:path={tmp_path}/none") is None
    presence = Watcher(0.0, f"unix:path={tmp_path}/none", tmp_path).now()
    assert presence.limited is False
