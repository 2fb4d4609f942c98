"""The agent as a service: start-up, media verdicts, first finding, and what it takes while nothing happens.

``python -m bench.service [--idle 600] [--rounds 3] [--classes internal,confidential]``. Needs root for real mounts: an
ext4 image on a loop device with 1,000 files, 25 of them marked, is plugged in ``--rounds`` times, changed each time so
that no verdict is known. Times are from the end of mount(8) to the line the agent prints, which it does once the
violation is durable in its outbox. Idle: processor time from ``/proc/PID/stat`` of all processes of the service, and
their resident memory; valid on a busy machine too, while the seconds are not. Nobody else may mount loop devices
while the rounds run: their media would be scanned and taken for ours.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from agent.reporting import identity
from protocol import keys
from protocol.enrolment import EnrolAnswer
from protocol.ids import uuid7
from protocol.records import ComputerClass

FILES, MARKED = 1000, 25
DESKTOP_SECONDS = 1.0
"""What udev and a desktop take from a stick's appearing to its mount, about."""
TICKS = os.sysconf("SC_CLK_TCK")
GOALS = {
    "start-up s": 1.0,
    "register verdict s": 1.0,
    "first finding s": 2.0,
    "idle resident MB": 60.0,
    "idle processor %": 0.2,
}


def enrolled(state: Path, computer_class: ComputerClass) -> None:
    """A computer enrolled with a collector that is nowhere."""
    key = keys.Ed25519PrivateKey.generate()
    public = [keys.b64(keys.public_bytes(make.generate())) for make in (keys.Ed25519PrivateKey, keys.X25519PrivateKey)]
    answer = EnrolAnswer(
        agent=uuid7(),
        computer_class=computer_class,
        level="机密" if computer_class is ComputerClass.CONFIDENTIAL else None,
        collector_name="bench",
        signing_key=public[0],
        sealing_key=public[1],
        reveal_key=public[1],
        organisation_key=keys.b64(bytes(32)),
    )
    identity.store(state, key, answer, url="http://127.0.0.1:9", enrolled_at=datetime.now(UTC))


class Agent:
    """A running agent, its lines with the moment they came, and its processes."""

    def __init__(self, folder: Path, computer_class: ComputerClass) -> None:
        self.folder = folder
        self.state = folder / "state"
        enrolled(self.state, computer_class)
        self.settings = folder / "mijian.yaml"
        self.set(loop_devices=True)
        self.lines: queue.Queue[tuple[float, str]] = queue.Queue()
        self.process: subprocess.Popen[str]

    def set(self, *, loop_devices: bool) -> None:
        """Write its settings. Idle, it must not scan what others mount on loop devices meanwhile."""
        media = {"loop_devices": loop_devices, "register_in_force": True}
        settings = {"state_dir": str(self.state), "media": media, "uplink": {"transport": "sealed"}}
        self.settings.write_text(json.dumps(settings), "utf-8")

    def start(self) -> float:
        """Start it; seconds until it says that it is up, as to systemd."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            address = self.folder / f"notify-{time.monotonic_ns()}"
            manager.bind(str(address))
            manager.settimeout(120)
            environment = {**os.environ, "NOTIFY_SOCKET": str(address), "LC_ALL": "C.UTF-8"}
            began = time.perf_counter()
            command = [sys.executable, "-m", "agent.cli", "run", "--settings", str(self.settings)]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
            while b"READY=1" not in manager.recv(4096):
                pass
            return time.perf_counter() - began

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.lines.put((time.perf_counter(), line))

    def until(self, *words: str) -> float:
        """The moment at which a line came that holds one of some words."""
        while True:
            at, line = self.lines.get(timeout=300)
            if any(word in line for word in words):
                return at

    def drain(self) -> None:
        """Forget the lines that came so far."""
        while not self.lines.empty():
            self.lines.get()

    def settle(self) -> None:
        """Wait until it has come up whole: the first worker has been tried and is gone."""
        while psutil.Process(self.process.pid).children():
            time.sleep(0.1)

    def spent(self) -> tuple[float, float]:
        """Processor seconds so far and resident megabytes, of all its processes."""
        me = psutil.Process(self.process.pid)
        seconds = memory = 0.0
        for process in (me, *me.children(recursive=True)):
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:15])) / TICKS  # its own and its ended children's
            memory += process.memory_info().rss / 1e6
        return seconds, memory

    def end(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Stick:
    """An ext4 image to be mounted."""

    def __init__(self, folder: Path) -> None:
        self.image, self.place, self.device = folder / "stick.img", folder / "stick", ""
        with self.image.open("wb") as file:
            file.truncate(64 * 1024 * 1024)
        run("mkfs.ext4", "-q", "-L", "BENCH", str(self.image))
        self.place.mkdir()

    def fill(self, round_: int) -> None:
        """Files of this round; the agent must not run, or it would see them come."""
        self.insert()
        shutil.rmtree(self.place / "files", ignore_errors=True)
        (self.place / "files").mkdir()
        for number in range(FILES):
            lead = f"机密★{number % 30 + 1}年\n\n" if number % (FILES // MARKED) == 7 else ""
            text = f"{lead}关于第{round_}轮第{number}号材料的通知\n" + f"各处室：请按时报送第{number}项。\n" * 80
            (self.place / "files" / f"材料{number:04}.txt").write_text(text, "utf-8")
        self.remove()

    def insert(self, pause: float = 0.0) -> float:
        """Mount it; the moment at which that was done. ``pause``: seconds a desktop takes until it mounts a device."""
        self.device = run("losetup", "--find", "--show", str(self.image))
        time.sleep(pause)
        run("mount", self.device, str(self.place))
        return time.perf_counter()

    def remove(self) -> None:
        """Unmount it."""
        run("umount", str(self.place))
        run("losetup", "--detach", self.device)


def run(*command: str) -> str:
    """Run a tool of the system."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def measure(computer_class: ComputerClass, idle: float, rounds: int) -> dict[str, float]:
    """All figures for one class of computer; of several rounds the median."""
    folder = Path(tempfile.mkdtemp(prefix="mijian-bench-service-"))
    agent, stick = Agent(folder, computer_class), Stick(folder)
    starts, verdicts, firsts, alls = [], [], [], []
    try:
        agent.start()  # the very first start compiles the rules
        agent.settle()
        agent.end()
        for round_ in range(rounds):
            stick.fill(round_)
            starts.append(agent.start())
            agent.settle()
            time.sleep(2)
            agent.drain()
            mounted = stick.insert(DESKTOP_SECONDS)
            verdicts.append(agent.until("MEDIA-03", "CPC-11") - mounted)
            if computer_class is not ComputerClass.CONFIDENTIAL:
                firsts.append(agent.until("MEDIA-05") - mounted)
            alls.append(agent.until("scan done") - mounted)
            stick.remove()
            agent.end()
        agent.set(loop_devices=False)
        agent.start()
        agent.settle()
        time.sleep(10)
        before, _ = agent.spent()
        time.sleep(idle)
        after, memory = agent.spent()
        agent.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = {"start-up s": starts, "register verdict s": verdicts, "first finding s": firsts, "whole medium s": alls}
    figures = {name: round(statistics.median(values), 3) for name, values in told.items() if values}
    return figures | {"idle resident MB": round(memory, 1), "idle processor %": round(100 * (after - before) / idle, 3)}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, default=600.0, help="seconds to be looked at while nothing happens")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--classes", default="internal,confidential")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("real mounts need root", file=sys.stderr)
        return 2
    for name in options.classes.split(","):
        figures = measure(ComputerClass(name), options.idle, options.rounds)
        for figure, value in figures.items():
            goal = GOALS.get(figure)
            print(f"{name:13} {figure:20} {value:8.3f}" + (f"   (goal: at most {goal:g})" if goal else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
