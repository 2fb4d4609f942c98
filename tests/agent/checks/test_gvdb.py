"""Databases that dconf itself wrote are read; spoiled ones end with a reason."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

from agent.checks import gvdb
from agent.checks.tree import Tree, Unreadable

CASE = Path(__file__).parent / "cases" / "screen-lock.yaml"


def written() -> bytes:
    """A database as dconf wrote it, out of the cases."""
    files: dict[str, Any] = yaml.safe_load(CASE.read_text("utf-8"))["fail"][0]["files"]
    return bytes.fromhex(files["home/li/.config/dconf/user"]["hex"])


def test_settings_are_told_by_their_full_name_and_lists_by_name_alone(tmp_path: Path) -> None:
    (tmp_path / "user").write_bytes(written())
    assert gvdb.settings(Tree(tmp_path), "user") == {
        "/org/gnome/desktop/screensaver/lock-enabled": False,
        "/org/gnome/desktop/session/idle-delay": 0,
        "/org/ukui/screensaver/idle-delay": 30,
        "/org/gnome/shell/favorite-apps": None,
    }
    assert gvdb.settings(Tree(tmp_path), "nobody") is None


def test_spoiled_databases_end_with_a_reason_or_are_read(tmp_path: Path) -> None:
    whole, dice = written(), random.Random(3)  # noqa: S311
    refused = 0
    for _ in range(300):
        spoiled = bytearray(whole)
        for _ in range(dice.randrange(1, 20)):
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        (tmp_path / "user").write_bytes(spoiled[: dice.randrange(len(spoiled) + 1)])
        try:
            assert gvdb.settings(Tree(tmp_path), "user") is not None
        except Unreadable as error:
            refused += 1
            assert error.why.zh
    assert refused > 100


def test_parents_in_a_circle_end(tmp_path: Path) -> None:
    spoiled = bytearray(written())
    start, end = (int.from_bytes(spoiled[at : at + 4], "little") for at in (16, 20))
    for at in range(end - 24, start, -24):
        spoiled[at + 4 : at + 8] = b"\0\0\0\0"  # every entry lies in the first, the first in itself
    (tmp_path / "user").write_bytes(spoiled)
    try:
        told = gvdb.settings(Tree(tmp_path), "user")
        assert told is None or all(len(name) < 10_000 for name in told)
    except Unreadable as error:
        assert error.path == "user"
