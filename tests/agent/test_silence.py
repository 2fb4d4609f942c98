"""A confidential computer: its agent sends nothing and opens no network socket, whatever happens around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from protocol.records import ComputerClass


def counters(namespace: Any) -> dict[str, tuple[int, int]]:
    """Interface → packets sent and received, as the kernel counts them."""
    told = json.loads(namespace("ip", "-s", "-j", "link", "show").stdout)
    return {one["ifname"]: (one["stats64"]["tx"]["packets"], one["stats64"]["rx"]["packets"]) for one in told}


@pytest.mark.root
def test_the_agent_of_a_confidential_computer_sends_no_packet_and_opens_no_network_socket(
    collector: Any, service_state: Path, namespace: Any, tmp_path: Path, fill: Any, wait_for: Any
) -> None:
    """In a network of its own with a way out: media come, files change, it starts and stops, and no packet leaves."""
    name = namespace("true").args[3]
    namespace("ip", "link", "set", "lo", "up")
    namespace("ip", "link", "add", "out0", "type", "veth", "peer", "name", "wall0")
    namespace("ip", "link", "set", "wall0", "up")
    namespace("ip", "addr", "add", "192.0.2.7/24", "dev", "out0")
    namespace("ip", "link", "set", "out0", "up")
    namespace("ip", "route", "add", "default", "via", "192.0.2.1")
    collector.enrolled(service_state, ComputerClass.CONFIDENTIAL, "机密")
    stick, work = tmp_path / "stick", tmp_path / "work"
    work.mkdir()
    settings = tmp_path / "mijian.yaml"
    settings.write_text(
        f"state_dir: {service_state}\nmedia: {{declared: [{stick}]}}\nscan: {{workers: 1}}\n"
        f"files: {{watch: [{work}], settle_seconds: 0.2}}\nuplink: {{policy_seconds: 0.2}}\n"
    )
    time.sleep(2.5)  # the kernel's own words about the new interface (MLD, router solicitation) are over
    before = counters(namespace)
    command = ["ip", "netns", "exec", name, sys.executable, "-m", "agent.cli", "run", "--settings", str(settings)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert child.stdout is not None
    try:
        fill(stick)
        (work / "稿.txt").write_text("绝密★20年\n", "utf-8")
        for line in child.stdout:
            if "scan done" in line:
                break
        for _ in range(20):
            for process in (psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)):
                with suppress(psutil.NoSuchProcess):  # it has ended just now
                    assert process.net_connections(kind="inet") == []
            time.sleep(0.1)
    finally:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    after = counters(namespace)
    allowed = 4  # the kernel may solicit routers once more by itself
    assert after["lo"] == before["lo"]
    assert after["out0"][0] - before["out0"][0] <= allowed
    assert collector.requests == 0
