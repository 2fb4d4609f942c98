"""Rules kept in the cache: the same as read from the packs, and never older than they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.scanning import kept_rules
from agent.scanning.kept_rules import rules_of
from signatures.rules import PACKS, load_rules
from signatures.strict_yaml import FileMistake


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKS, tmp_path / "packs"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return folder


def test_kept_rules_are_those_of_the_packs_and_need_no_reading(
    packs: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rules_of(packs, cache)
    monkeypatch.setattr(kept_rules, "load_rules", None)
    assert rules_of(packs, cache) == first == load_rules(packs)


def test_a_changed_pack_is_read_anew(packs: Path, cache: Path) -> None:
    before = rules_of(packs, cache)
    pack = next(packs.glob("us*.yaml"))
    pack.unlink()
    after = rules_of(packs, cache)
    assert after.digest != before.digest
    assert len(after.packs) < len(before.packs)


def test_a_mistake_in_a_pack_is_told_as_ever(packs: Path, cache: Path) -> None:
    rules_of(packs, cache)
    next(packs.glob("us*.yaml")).write_text("pack: [", "utf-8")
    with pytest.raises(FileMistake):
        rules_of(packs, cache)


def test_damaged_and_foreign_rules_are_read_anew(packs: Path, cache: Path) -> None:
    rules = rules_of(packs, cache)
    [kept] = cache.glob("rules-*")
    kept.write_bytes(kept.read_bytes()[:-9])
    assert rules_of(packs, cache) == rules
    [kept] = cache.glob("rules-*")
    kept.chmod(0o666)
    assert rules_of(packs, cache) == rules


def test_without_a_cache_the_packs_are_read() -> None:
    assert rules_of(None, None) == load_rules()
