"""The agent notices when its own files or its state are not as they should be."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from agent.checks.base import Context
from agent.checks.families import checks
from agent.settings import Settings
from protocol.records import CheckOutcome

Make = Callable[..., Context]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """A package installed as pip does it: a file, and the list of files with their hashes."""
    module = folder / "agent" / "words.py"
    module.parent.mkdir(parents=True)
    module.write_text(text)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    info = folder / "mijian-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mijian\nVersion: 9.9\n")
    (info / "RECORD").write_text(f"agent/words.py,sha256={digest},{len(text)}\n")
    found = metadata.PathDistribution(info)
    monkeypatch.setattr(metadata, "files", lambda _name: found.files)
    return module


def live(make: Make, **more: object) -> Context:
    context = make(**more)
    context.tree.live = True
    return context


def test_files_as_packaged_pass_and_an_altered_one_is_named(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = install(tmp_path / "site", monkeypatch, "x = 1\n")
    check = checks()["agent-files"]
    assert check.run(live(make)).outcome is CheckOutcome.PASS
    module.write_text("x = 2\n")
    result = check.run(live(make))
    assert result.outcome is CheckOutcome.FAIL
    assert result.facts[0].seen == "agent/words.py"
    module.unlink()
    assert check.run(live(make)).outcome is CheckOutcome.FAIL


def test_a_state_folder_that_others_may_read_fails(make: Make, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    settings = msgspec.structs.replace(Settings(), state_dir=str(state))
    check = checks()["agent-state"]
    assert check.run(live(make, settings=settings)).outcome is CheckOutcome.PASS
    state.chmod(0o755)
    assert check.run(live(make, settings=settings)).outcome is CheckOutcome.FAIL
    state.chmod(0o700)
    state.rmdir()
    assert check.run(live(make, settings=settings)).outcome is CheckOutcome.FAIL
