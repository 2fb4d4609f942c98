"""Checks read through a root: nothing outside is reached, nothing hostile hangs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.checks.tree import DAMAGED, LOOP, NO_PERMISSION, NOT_A_FILE, TOO_LARGE, MiB, Tree, Unreadable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("outside")
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "root/etc/hostname").write_text("desk\n# no\n\n; no\nyes\n")
    return tmp_path / "root"


def test_a_file_is_read_and_what_is_not_there_is_none(root: Path) -> None:
    tree = Tree(root)
    assert tree.read("etc/hostname") == "desk\n# no\n\n; no\nyes\n"
    assert tree.lines("etc/hostname") == ["desk", "yes"]
    assert tree.read("etc/nothing") is None
    assert tree.read("etc/hostname/below") is None
    assert tree.names("etc") == ["hostname"]
    assert not tree.live


def test_links_are_followed_inside_the_root_only(root: Path) -> None:
    (root / "etc/absolute").symlink_to("/etc/hostname")
    (root / "etc/upwards").symlink_to("../../../../outside")
    (root / "etc/chain").symlink_to("absolute")
    tree = Tree(root)
    assert tree.exists("etc/absolute")
    assert (tree.read("etc/chain") or "").startswith("desk")
    assert tree.read("etc/upwards") is None
    assert tree.read("../outside") is None


def test_a_circle_of_links_is_told(root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("a")
    with pytest.raises(Unreadable) as told:
        Tree(root).read("etc/a")
    assert told.value.why is LOOP


def test_a_pipe_in_place_of_a_file_is_told_and_never_waited_for(root: Path) -> None:
    os.mkfifo(root / "etc/shadow")
    with pytest.raises(Unreadable) as told:
        Tree(root).read("etc/shadow")
    assert told.value.why is NOT_A_FILE


def test_a_log_of_two_gigabytes_is_read_from_its_end_and_a_file_of_settings_of_that_size_is_refused(root: Path) -> None:
    with (root / "etc/log").open("wb") as log:
        log.truncate(2 * 1024 * MiB)
        log.seek(0, os.SEEK_END)
        log.write(b"\nlast but one\nlast\n")
    tree = Tree(root)
    assert tree.tail("etc/log")[-2:] == ["last but one", "last"]
    with pytest.raises(Unreadable) as told:
        tree.read("etc/log")
    assert told.value.why is TOO_LARGE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(root: Path) -> None:
    (root / "etc/secret").write_text("x")
    (root / "etc/secret").chmod(0)
    with pytest.raises(Unreadable) as told:
        Tree(root).read("etc/secret")
    assert told.value.why is NO_PERMISSION


def test_patterns_match_in_any_component_and_leave_hidden_names_alone(root: Path) -> None:
    for home in ("home/zhang/.config", "home/li/.config", ".hidden/.config"):
        (root / home).mkdir(parents=True)
    assert Tree(root).glob("home/*/.config") == ["home/li/.config", "home/zhang/.config"]
    assert Tree(root).glob("*/zhang") == ["home/zhang"]


def test_the_running_system_is_known_as_such() -> None:
    assert Tree().live
    assert Tree().read("proc/uptime")
    assert DAMAGED.en != LOOP.en
