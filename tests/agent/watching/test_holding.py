"""Media held by real mounts: read-only or unmounted, and given back as they were."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.settings import MediaSettings
from agent.watching.holding import Holding
from agent.watching.media import Attached, MediaWatch
from agent.watching.mount_tables import current
from agent.watching.mounting import data_of, flags_of

pytestmark = pytest.mark.root


ELSEWHERE = """
import sys
from pathlib import Path
from agent.watching import mounting
from agent.watching.mount_tables import current
from agent.watching.mounts import parse

path, others = sys.argv[1:]
mounting.OTHERS = f"/proc/{others}/ns/mnt"
mount = next(one for one in current() if one.path == path)
mounting.unmount(path)
assert path not in {one.path for one in parse(Path(f"/proc/{others}/mountinfo").read_bytes())}
mounting.mount_again(mount.source, path, mount.filesystem, mount.options, "")
"""
"""What an agent in a mount namespace of its own does."""


@pytest.fixture
def one(stick: Callable[[], Any]) -> Any:
    made = stick().format().insert()
    (made.path / "a.txt").write_text("x")
    subprocess.run(["mount", "-o", "remount,nosuid,nodev", str(made.path)], check=True)
    return made


def attached(one: Any) -> Attached:
    watch = MediaWatch(MediaSettings(loop_devices=True), bytes(32))
    return next(found for found in watch.look(current()).values() if found.path == str(one.path))


def options(one: Any) -> set[str]:
    return set(next(mount.options for mount in current() if mount.path == str(one.path)).split(","))


def test_a_medium_held_read_only_cannot_be_written_and_is_given_back_as_it_was(one: Any, tmp_path: Path) -> None:
    before, holding = options(one), Holding(tmp_path)
    medium = attached(one)
    assert holding.hold(medium, "read-only") == "read-only"
    with pytest.raises(OSError, match="Read-only"):
        (one.path / "b.txt").write_text("y")
    assert holding.release(medium.key) == "writable"
    (one.path / "b.txt").write_text("y")
    assert options(one) == before


def test_a_blocked_medium_is_read_by_nobody_but_the_agent(one: Any, tmp_path: Path) -> None:
    before, holding = options(one), Holding(tmp_path)
    medium = attached(one)
    assert holding.hold(medium, "block") == "unmounted"
    assert not list(one.path.iterdir())
    view = holding.views()[medium.key]
    assert (Path(view.path) / "a.txt").read_text() == "x"
    assert holding.release(medium.key) == "writable"
    assert (one.path / "a.txt").read_text() == "x"
    assert options(one) == before


def test_a_medium_that_is_being_written_to_is_told_as_it_is(one: Any, tmp_path: Path) -> None:
    holding, medium = Holding(tmp_path), attached(one)
    with (one.path / "long.txt").open("w"):
        assert holding.hold(medium, "read-only") == "writable"
    assert holding.hold(medium, "read-only") == "read-only"
    holding.release(medium.key)


def test_what_an_agent_that_was_killed_held_is_read_and_given_back_by_the_next(one: Any, tmp_path: Path) -> None:
    medium = attached(one)
    Holding(tmp_path).hold(medium, "block")
    after = Holding(tmp_path)
    assert (Path(after.views()[medium.key].path) / "a.txt").read_text() == "x"
    assert not one.path.is_mount()
    assert after.release(medium.key) == "writable"
    assert (one.path / "a.txt").read_text() == "x"
    assert not list(Holding(tmp_path).all())


def test_a_blocked_medium_that_somebody_mounts_again_is_unmounted_again(one: Any, tmp_path: Path) -> None:
    holding, medium = Holding(tmp_path), attached(one)
    holding.hold(medium, "block")
    subprocess.run(["mount", one.device, str(one.path)], check=True)
    assert holding.hold(attached(one), "block") == "unmounted"
    assert holding.release(medium.key) == "writable"


def test_a_mount_point_that_the_desktop_took_away_is_made_again(one: Any, tmp_path: Path) -> None:
    holding, medium = Holding(tmp_path), attached(one)
    holding.hold(medium, "block")
    one.path.rmdir()
    assert holding.release(medium.key) == "writable"
    assert (one.path / "a.txt").exists()


def test_of_a_medium_that_was_pulled_nothing_is_kept(one: Any, tmp_path: Path) -> None:
    holding, medium = Holding(tmp_path), attached(one)
    holding.hold(medium, "block")
    holding.forget(medium.key)
    assert not holding.views()
    assert not list(Holding(tmp_path).all())
    one.insert()


def test_an_unmount_reaches_the_computer_from_a_mount_namespace_of_its_own(one: Any, tmp_path: Path) -> None:
    """As under systemd: mounts come in, and what the agent does there would not come out by itself."""
    inside = ["unshare", "--mount", "--propagation", "slave", sys.executable, "-c", ELSEWHERE]
    subprocess.run([*inside, str(one.path), str(os.getpid())], check=True)
    assert one.path.is_mount()
    assert {"nosuid", "nodev"} <= options(one)


def test_options_are_told_apart_into_the_kernels_and_the_file_systems() -> None:
    told = "rw,nosuid,nodev,relatime,fmask=0022,codepage=936"
    assert flags_of(told) == 2 | 4 | (1 << 21)
    assert data_of(told) == "fmask=0022,codepage=936"
