"""Killed at any moment, a scan that is started again tells every file once, as if nothing had happened."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from agent.scanning.ledger import Ledger


def test_killed_scans_and_workers_change_no_verdict(tmp_path: Path, compiled: Path) -> None:
    specification = importlib.util.spec_from_file_location("kill_trial", Path(__file__).with_name("kill_trial.py"))
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["kill_trial"] = module
    specification.loader.exec_module(module)
    shutil.copytree(compiled, tmp_path / "cache" / "mijian")
    killed = module.trial(files=150, kills=6, seed=7, work=tmp_path)
    assert killed["scan"] >= 3
    assert killed["worker"] + killed["nursery"] >= 1
    with Ledger(tmp_path / "cache" / "mijian" / "ledger.sqlite", "") as ledger:
        assert ledger.database.execute("SELECT count(*) FROM folder").fetchone() == (20,)
