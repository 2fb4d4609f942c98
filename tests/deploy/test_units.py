"""The systemd unit we ship, held against systemd's own measure."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from agent.systemd import Supervisor

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "mijian.service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_agents_unit_leaves_no_more_open_than_it_promises() -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(UNIT)], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for mijian\.service: ([\d.]+)", told.stdout)
    if found is None:
        pytest.skip(f"this systemd-analyze cannot read a file: {told.stderr[:100]}")
    assert float(found[1]) <= 3.0


def test_what_holding_media_needs_is_no_part_of_the_unit_as_shipped() -> None:
    needs = (UNIT.parent / "holding.conf").read_text("utf-8")
    assert "CAP_SYS_ADMIN" in needs
    assert "CAP_SYS_ADMIN" not in UNIT.read_text("utf-8")
    explained = [line for line in needs.splitlines() if line.startswith("#")]
    for capability in ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT"):
        assert any(f"{capability}:" in line for line in explained)


def test_every_door_that_is_left_open_is_explained() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    opened = [number for number, line in enumerate(lines) if re.fullmatch(r"\w+=(no|all)", line)]
    assert opened
    for number in opened:
        if not lines[number].startswith("TimeoutStop"):
            name = lines[number].partition("=")[0]
            assert any(f"Open: {name}" in line or f" {name}" in line for line in lines if line.startswith("# Open"))


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(tmp_path / "notify"))
    line.settimeout(5)
    return line


def test_the_service_manager_is_told_that_we_are_up_alive_and_stopping(manager: socket.socket, tmp_path: Path) -> None:
    ours = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"})
    assert ours.watchdog_seconds == 60
    ours.ready()
    ours.alive()
    ours.status("well: all is well\n")
    ours.stopping()
    told = [manager.recv(1000).decode() for _ in range(4)]
    assert told == ["READY=1", "WATCHDOG=1", "STATUS=well: all is well ", "STOPPING=1"]
    manager.close()


def test_without_a_service_manager_nothing_is_sent_and_nothing_fails(tmp_path: Path) -> None:
    nobody = Supervisor({})
    nobody.ready()
    assert nobody.watchdog_seconds == 0
    gone = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "none")})
    gone.ready()
    gone.alive()
    assert gone.watchdog_seconds == 0
