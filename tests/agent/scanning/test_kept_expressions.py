"""Expressions are compiled once for all scans, and anew once anything about them has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.scanning import kept_expressions
from agent.scanning.kept_expressions import compile_ahead
from signatures import expressions, precompiled
from signatures.expressions import Expression


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompiled, "_kept", {})


def kept_in(folder: Path) -> set[str]:
    """Names of what the cache holds."""
    return {path.name for path in folder.glob("expressions-*")}


def test_the_first_scan_keeps_them_and_the_next_compiles_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    mine = Expression("秘密★[0-9]{1,2}年")
    compile_ahead("rules 1", cache)
    assert len(kept_in(cache)) == 1
    monkeypatch.setattr(precompiled, "_kept", {})
    monkeypatch.setattr(expressions, "kept", None)  # whoever compiles again fails
    compile_ahead("rules 1", cache)
    assert (mine.source, 0) in precompiled._kept
    assert mine.fullmatch("秘密★10年")


def test_other_rules_another_program_and_another_python_have_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_ahead("rules 1", tmp_path / "cache")
    compile_ahead("rules 2", tmp_path / "cache")
    monkeypatch.setattr(kept_expressions, "program", lambda: "another")
    compile_ahead("rules 2", tmp_path / "cache")
    monkeypatch.setattr(precompiled, "IDENTITY", "another")
    compile_ahead("rules 2", tmp_path / "cache")
    assert len(kept_in(tmp_path / "cache")) == 4


def test_a_damaged_one_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    compile_ahead("rules 1", cache)
    (file,) = cache.glob("expressions-*")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    monkeypatch.setattr(precompiled, "_kept", {})
    compile_ahead("rules 1", cache)
    assert file.read_bytes() == whole
    assert precompiled._kept


def test_without_a_cache_or_on_an_unknown_python_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_ahead("rules 1", None)
    monkeypatch.setattr(precompiled, "IDENTITY", "")
    compile_ahead("rules 1", tmp_path / "cache")
    assert not precompiled._kept
    assert kept_in(tmp_path) == set()
