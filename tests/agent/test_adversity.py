"""The agent on a computer that is not well: a full disk, a state folder that cannot be written, no /tmp, a wrong clock.

Whatever it is, `mijian status` says so, and nothing that was seen is lost.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.commands import status
from agent.requests import leave_request
from agent.settings import MediaSettings
from protocol.records import AgentEvidence, AgentStarted, FileEvidence, ScanDone, ViolationSeen

MARKED = "机密★10年\n\n关于召开会议的通知\n"
MIJIAN = (sys.executable, "-m", "agent.cli")
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])}
MEGABYTE = 1 << 20


class Computer:
    """A computer with a state folder on a disk of its own, and a folder declared as a medium."""

    def __init__(self, folder: Path, collector: Any, wait_for: Callable[..., None], warm: Path) -> None:
        self.collector, self.wait_for = collector, wait_for
        self.disk, self.stick = folder / "disk", folder / "stick"
        self.state = self.disk / "state"
        self.disk.mkdir()
        self.mounted = os.geteuid() == 0
        if self.mounted:
            size = 64 * 1024**2 + sum(each.stat().st_size for each in warm.iterdir())
            self.tool("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(self.disk))
        self.state.mkdir(mode=0o700)
        shutil.copytree(warm, self.state / "cache")
        (self.state / "cache").chmod(0o700)
        collector.enrolled(self.state)
        self.settings = folder / "mijian.yaml"
        self.settings.write_text(
            f"state_dir: {self.state}\nmedia: {{declared: [{self.stick}], phones: false}}\nscan: {{workers: 1}}\n"
            "uplink: {first_retry_seconds: 0.05, last_retry_seconds: 0.2}\ncheck: {scheduled: false}\n",
            "utf-8",
        )
        self.agent: subprocess.Popen[bytes] | None = None

    def tool(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)

    def move_to_ext4(self, image: Path) -> None:
        """Have the state folder on a file system that turns read-only by itself when its disk fails."""
        with image.open("wb") as file:
            file.truncate(128 * MEGABYTE)
        self.tool("mkfs.ext4", "-q", "-d", str(self.disk), str(image))
        self.tool("umount", str(self.disk))
        self.tool("mount", "-o", "loop", str(image), str(self.disk))

    def mount_anew(self, image: Path) -> None:
        """What an administrator does after that, or the next start of the computer."""
        self.tool("umount", str(self.disk))
        self.tool("mount", "-o", "loop", str(image), str(self.disk))

    def start(self, *before: str, **environment: str) -> None:
        command = [*before, *MIJIAN, "run", "--settings", str(self.settings)]
        self.agent = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT | environment)

    def up(self) -> None:
        self.wait_for(lambda: self.of(AgentStarted))

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.send_signal(signal.SIGTERM)
            assert self.agent.wait(60) == 0
            self.agent = None

    def put_away(self) -> None:
        if self.agent is not None:
            self.agent.kill()
            self.agent.wait()
        if self.mounted:
            self.tool("umount", "--lazy", str(self.disk))

    def fill_stick(self, count: int) -> None:
        hidden = self.stick.with_name("not yet")
        hidden.mkdir()
        for number in range(count):
            (hidden / f"{number}.txt").write_text(f"{MARKED}{number}\n", "utf-8")
        hidden.rename(self.stick)

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.collector.records if isinstance(record, kind)]

    def found(self) -> list[str]:
        """Hashes of the files that violations were told of, doubled ones twice."""
        seen = [one.evidence for one in self.of(ViolationSeen)]
        return [evidence.content_hash for evidence in seen if isinstance(evidence, FileEvidence)]

    def status(self) -> dict[str, Any]:
        command = [*MIJIAN, "status", "--settings", str(self.settings), "--format", "json"]
        done = subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
        return dict(json.loads(done.stdout))

    def reasons(self) -> set[str]:
        return set(self.status()["reasons"])


@pytest.fixture
def computer(tmp_path: Path, collector: Any, wait_for: Any, warm: Path) -> Iterator[Computer]:
    made = Computer(tmp_path, collector, wait_for, warm)
    yield made
    made.put_away()


def fill_up(folder: Path) -> Path:
    """Fill a disk to its last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


@pytest.mark.root
def test_on_a_full_disk_the_agent_goes_on_says_so_and_tells_all_once_there_is_room(computer: Computer) -> None:
    computer.start()
    computer.up()
    ballast = fill_up(computer.disk)
    computer.fill_stick(300)
    computer.wait_for(lambda: "disk-full" in computer.reasons())
    assert computer.status()["health"] == "ill"
    ballast.unlink()
    computer.wait_for(lambda: len(computer.found()) >= 300)
    computer.wait_for(lambda: computer.status()["health"] == "well")
    computer.stop()
    assert len(computer.found()) == len(set(computer.found())) == 300
    (scan,) = computer.of(ScanDone)
    assert scan.finding == 300


@pytest.mark.root
def test_an_agent_that_starts_on_a_full_disk_says_why_and_is_to_be_started_again(computer: Computer) -> None:
    fill_up(computer.disk)
    done = subprocess.run(
        [*MIJIAN, "run", "--settings", str(computer.settings)], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert done.returncode == 1  # not 2, with which the service manager would give up
    assert "mijian:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "disk-full" in computer.reasons()


@pytest.mark.root
def test_an_agent_that_starts_on_a_read_only_state_folder_says_why(computer: Computer) -> None:
    computer.tool("mount", "-o", "remount,ro", str(computer.disk))
    done = subprocess.run(
        [*MIJIAN, "run", "--settings", str(computer.settings)], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert done.returncode == 1
    assert str(computer.state) in done.stderr
    assert "Traceback" not in done.stderr
    assert "state-read-only" in computer.reasons()


@pytest.mark.root
def test_a_state_folder_that_turns_read_only_is_told_and_all_is_told_once_it_can_be_written(
    computer: Computer, tmp_path: Path
) -> None:
    computer.move_to_ext4(tmp_path / "disk.img")
    computer.start()
    computer.up()
    computer.tool("mount", "-o", "remount,abort", str(computer.disk))  # as when the disk fails
    computer.fill_stick(40)
    computer.wait_for(lambda: "state-read-only" in computer.reasons())
    assert computer.status()["health"] == "ill"
    computer.stop()
    computer.mount_anew(tmp_path / "disk.img")
    computer.start()
    computer.wait_for(lambda: len(computer.found()) >= 40)
    computer.wait_for(lambda: computer.status()["health"] == "well")
    computer.stop()
    assert len(computer.found()) == len(set(computer.found())) == 40


@pytest.mark.root
def test_without_a_folder_for_temporary_files_everything_goes_on(computer: Computer, tmp_path: Path) -> None:
    """In a mount namespace in which /tmp and its kin are there and can hold nothing."""
    wrapper = (
        "import os, subprocess, sys\n"
        "for place in ('/var/tmp', '/usr/tmp'):\n"
        "    if os.path.isdir(place):\n"
        "        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'ro,size=4k', 'none', place], check=True)\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    computer.start(
        "unshare", "--mount", sys.executable, "-c", wrapper, TMPDIR=str(tmp_path / "missing"), TEMP="/missing"
    )
    computer.up()
    computer.fill_stick(3)
    computer.wait_for(lambda: len(computer.found()) == 3)
    assert computer.status()["health"] == "well"
    computer.stop()


def test_a_clock_set_back_a_day_is_told_and_nothing_is_lost_or_told_twice(
    collector: Any,
    service_state: Path,
    running: Any,
    quick: Any,
    wait_for: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collector.enrolled(service_state)
    settings = quick(service_state, media=MediaSettings(declared=(str(tmp_path / "stick"),), phones=False))

    def stick(*names: str) -> list[Any]:
        (tmp_path / "stick").mkdir(exist_ok=True)
        for name in names:
            (tmp_path / "stick" / name).write_text(MARKED + name, "utf-8")
        return [one for one in collector.records if isinstance(one, ViolationSeen)]

    service = running(settings)
    stick("a.txt", "b.txt")
    wait_for(lambda: len(stick()) == 2)
    clock, number = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: clock() - 86_400)
    monkeypatch.setattr(time, "time_ns", lambda: number() - 86_400 * 10**9)
    wait_for(lambda: [one for one in stick() if one.control == "SEC-13"])
    service.end()
    again = running(settings)  # its session goes on, by a clock of yesterday
    wait_for(lambda: status.collect(settings)["health"] == "well")
    stick("c.txt")
    leave_request(service_state, "scan-media")
    wait_for(lambda: len([one for one in stick() if isinstance(one.evidence, FileEvidence)]) >= 3)
    wait_for(lambda: not status.collect(settings)["waiting"]["violation"])
    again.end()
    assert len(collector.ids) == len(set(collector.ids))
    signals = {word for one in stick() if isinstance(one.evidence, AgentEvidence) for word in one.evidence.signals}
    assert "clock-set-back" in signals
