"""System trees for checks, made from descriptions: a layout of a real system, and what a case changes in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.checks.base import Context
from agent.checks.tree import Tree
from protocol.records import ComputerClass, Level
from signatures.profiles import Parameters, overridden

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment of every case: day 20777 since 1970."""
SYSTEMS = Path(__file__).parent / "systems"

Make = Callable[..., Context]


def build(root: Path, files: Mapping[str, Any]) -> None:
    """Make files below ``root``: text, or ``{content, hex, mode, age_days, link, folder, absent}``."""
    for name, told in files.items():
        path = root / name
        about: Mapping[str, Any] = told if isinstance(told, dict) else {"content": told}
        path.parent.mkdir(parents=True, exist_ok=True)
        if about.get("absent"):
            path.unlink()
            continue
        if about.get("folder"):
            path.mkdir(parents=True, exist_ok=True)
        elif "link" in about:
            path.symlink_to(about["link"])
            continue
        elif "hex" in about:
            path.write_bytes(bytes.fromhex(about["hex"]))
        else:
            path.write_text(about.get("content", ""), "utf-8")
        if "mode" in about:
            path.chmod(int(str(about["mode"]), 8))
        at = (NOW - timedelta(days=about.get("age_days", 1))).timestamp()
        os.utime(path, (at, at))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the context of a case: a system of a known layout, changed files, class, level, parameters."""

    def made(
        system: str = "debian-12",
        files: Mapping[str, Any] | None = None,
        computer_class: ComputerClass | str = ComputerClass.INTERNAL,
        level: Level | None = None,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Context:
        root = tmp_path / "root"
        build(root, yaml.safe_load((SYSTEMS / f"{system}.yaml").read_text("utf-8")))
        build(root, files or {})
        return Context(
            tree=Tree(root),
            computer_class=ComputerClass(computer_class),
            level=level,
            parameters=overridden(Parameters(), parameters or {}),
            now=NOW,
            **more,
        )

    return made
