"""Fixtures for the whole suite."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The developers' folder of corpora; tests that want it are skipped where it is not."""
    named = os.environ.get("MIJIAN_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "corpus").is_dir():
        pytest.skip("the shared corpora are not here")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out, and say so, what this user or this machine cannot do."""
    no_root = pytest.mark.skip(reason="needs root")
    no_browser = pytest.mark.skip(reason="chromium is not installed")
    for item in items:
        if os.geteuid() != 0 and item.get_closest_marker("root"):
            item.add_marker(no_root)
        if shutil.which("chromium") is None and item.get_closest_marker("browser"):
            item.add_marker(no_browser)
