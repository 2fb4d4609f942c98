"""Fixtures for all tests of the agent."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache_home(pytestconfig: pytest.Config) -> Path:
    """What XDG_CACHE_HOME is set to in tests: compiling the rules takes seconds, so it is kept from run to run."""
    home = Path(pytestconfig.cache.mkdir("home"))  # type: ignore[union-attr]
    (home / "mijian").mkdir(mode=0o700, exist_ok=True)
    return home


@pytest.fixture(scope="session")
def compiled(cache_home: Path) -> Path:
    """The folder for compiled databases in it."""
    return cache_home / "mijian"
