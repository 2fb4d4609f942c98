"""`mijian check` in real namespaces: the verdict on the network, other namespaces, and not one byte sent."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.root

PACKET_OUTGOING = 4
"""linux/if_packet.h."""
CHECK = (
    *(sys.executable, "-m", "agent.cli", "--lang", "en", "check", "--profile", "confidential-level-3"),
    *("--format", "jsonl", "--state", "/nowhere", "--no-report"),
)
LOOK = (
    "from agent.checks.isolation_signals import connections\n"
    "from agent.checks.network import observe\n"
    "from agent.settings import IsolationSettings\n"
    "state = observe()\n"
    "print(state.whole, state.unseen, *connections(state, IsolationSettings()))\n"
)


def self_check(machine: Any) -> dict[str, dict[str, Any]]:
    """The rows of a full self-check made on a machine, by the name of the check."""
    done = subprocess.run(["ip", "netns", "exec", machine.name, *CHECK], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1, 3), done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["check"]: row for row in rows if "check" in row}


def test_a_computer_without_a_network_passes_and_one_with_a_default_route_does_not(machine: Any) -> None:
    assert self_check(machine)["isolation"]["outcome"] == "pass"
    machine.cable("eth0", "198.51.100.7/24")
    machine.ip("route add default via 198.51.100.1")
    rows = self_check(machine)
    assert rows["isolation"]["outcome"] == "fail"
    assert {"default-route:eth0", "interface:eth0"} <= {fact["seen"] for fact in rows["isolation"]["facts"]}
    assert rows["isolation"]["clause"]
    assert rows["network-zones"]["outcome"] == "pass"


class Capture:
    """Every frame that reaches the wall; what the wall itself sends does not count."""

    def __init__(self, machine: Any) -> None:
        self.frames: list[bytes] = []
        self._stop = threading.Event()
        self._socket = machine.do_at_wall(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        self._socket.settimeout(0.1)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                frame, about = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if about[2] != PACKET_OUTGOING:
                self.frames.append(frame)

    def __enter__(self) -> Capture:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._socket.close()


def test_not_one_byte_leaves_the_computer_during_a_full_self_check(machine: Any) -> None:
    for name in ("default", "all"):
        machine.set(f"net.ipv6.conf.{name}.disable_ipv6", "1")  # the kernel's own greetings when a link comes up
    machine.cable("eth0", "198.51.100.7/24")
    machine.ip("route add default via 198.51.100.1")
    time.sleep(0.2)
    with Capture(machine) as capture:
        assert len(self_check(machine)) > 20
        before = len(capture.frames)
        machine.do(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"seen?", ("198.51.100.1", 9)))
        end = time.monotonic() + 60
        while len(capture.frames) == before and time.monotonic() < end:
            time.sleep(0.05)
    assert before == 0, capture.frames[:3]
    assert len(capture.frames) > 0  # the capture does see what is sent


def test_containers_and_hidden_namespaces_are_looked_into(tmp_path: Path) -> None:
    """A computer of its own: its processes are all there is, and its first one is in its own network."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    root = Path(__file__).resolve().parents[3]
    script = f"""
set -e
mount -t tmpfs none /run
mkdir /run/netns
ip link set lo up
{sys.executable} -c "$LOOK"
ip netns add pod
ip -n pod link set lo up
{sys.executable} -c "$LOOK"
ip link add eth0 type veth peer name wall
ip link set wall up
ip link set eth0 netns pod
ip -n pod link set eth0 up
ip -n pod addr add 1.2.3.4/24 dev eth0
ip -n pod route add default via 1.2.3.1
ip link set wall down
ip link set wall up
sleep 0.3
{sys.executable} -c "$LOOK"
unshare -n sleep 30 &
sleep 0.2
nsenter -t $! -n sh -c "ip link add a0 type veth peer name b0; ip link set a0 up; ip link set b0 up"
nsenter -t $! -n ip addr add 10.9.9.9/24 dev a0
ip link set wall down
{sys.executable} -c "$LOOK"
kill $!
"""
    done = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--mount", "--mount-proc", "sh", "-c", script],
        env={**os.environ, "LOOK": LOOK, "PYTHONPATH": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("namespaces of processes cannot be made here")
    assert done.returncode == 0, done.stderr
    alone, empty, hidden, container = (line.split() for line in done.stdout.splitlines())
    assert alone == ["True", "0"]
    assert empty == ["True", "0"]
    assert {"namespace:pod:interface:eth0", "namespace:pod:default-route:eth0"} <= set(hidden)
    assert "namespace:sleep:interface:a0" in container
    assert not any(signal.startswith("namespace:pod") for signal in container)  # its cable is out
