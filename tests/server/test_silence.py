"""The collector contacts nobody of its own accord: in a network of its own with a way out, no packet leaves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Inside = Callable[..., subprocess.CompletedProcess[str]]
BY_ITSELF = 4
"""Packets that the kernel may send by itself about a new interface."""


@pytest.fixture
def inside() -> Iterator[Inside]:
    """Runs a program in a network namespace whose only way out is ``out0``."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    name = f"mijian-{uuid.uuid4().hex[:8]}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces cannot be made here")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MIJIAN_", "DJANGO_"))}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        lead = ["ip", "netns", "exec", name]
        return subprocess.run([*lead, *command], capture_output=True, text=True, env=kept, check=False)

    try:
        for words in (
            "link set lo up",
            "link add out0 type veth peer name wall0",
            "link set wall0 up",
            "addr add 192.0.2.7/24 dev out0",
            "link set out0 up",
            "route add default via 192.0.2.1",
        ):
            assert run("ip", *words.split()).returncode == 0, words
        yield run
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


def left(inside: Inside) -> int:
    """Packets that have left, as the kernel counts them."""
    told = json.loads(inside("ip", "-s", "-j", "link", "show", "out0").stdout)
    return int(told[0]["stats64"]["tx"]["packets"])


@pytest.mark.root
def test_a_collector_that_takes_in_a_fleet_s_reports_sends_no_packet(inside: Inside, tmp_path: Path) -> None:
    time.sleep(2.5)  # the kernel's own words about the new interface are over
    before = left(inside)
    command = [sys.executable, "-m", "server", "simulate", "--agents", "5", "--reports", "3", "--format", "json"]
    done = inside(*command)
    assert done.returncode == 0, done.stderr
    assert left(inside) - before <= BY_ITSELF


@pytest.mark.root
def test_a_channel_that_the_settings_name_is_contacted_and_seen_by_this_test(
    inside: Inside, tmp_path: Path, new_home: Path
) -> None:
    home = str(shutil.copytree(new_home, tmp_path / "home"))
    with Path(home, "collector.yaml").open("a") as settings:
        settings.write("outbound: [192.0.2.0/24]\nchannels:\n  soc: {kind: webhook, url: 'http://192.0.2.7:9/', ")
        settings.write("secret: sixteen-characters}\n  wall: {kind: webhook, url: 'http://192.0.2.1/', ")
        settings.write("secret: sixteen-characters}\n")
    time.sleep(2.5)
    before = left(inside)
    done = inside(sys.executable, "-m", "server", "notify", "test", "wall", "--home", home)
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    asked = inside("ip", "-j", "neigh", "show", "dev", "out0").stdout
    assert left(inside) > before or "192.0.2.1" in asked
