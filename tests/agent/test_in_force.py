"""What the agent scans with: nothing altered, unsigned or mistaken comes into force, the last good one stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.in_force import TROUBLES, InForce, report_of
from agent.scanning.pipeline import ScanOptions
from agent.settings import RulesSettings, Settings
from protocol import keys
from protocol.records import CheckOutcome
from signatures.bundles import build, install

NOW = datetime.now(UTC)
PACK = """\
pack: house
title: {{zh: 本单位, en: This office}}
rules:
  - id: house.draft
    title: {{zh: 送审稿, en: Draft for review}}
    family: internal
    level: {level}
    pattern: 送审稿
    zones: [front, header]
    literals: [{{text: 送审稿}}]
    controls: [NPC-01]
    examples: {{match: [{{text: 送审稿}}], no_match: [{{text: 送审稿的格式}}]}}
"""
KEY = keys.Ed25519PrivateKey.generate()


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., None]:
    """``put(version)``: a bundle signed and installed in the state folder."""

    def made(version: int, **changes: Any) -> None:
        file = tmp_path / f"{version}.bundle"
        packs = {"house.yaml": PACK.format(level=f"送审稿{version}").encode()}
        file.write_bytes(build(packs, KEY, version=version, created=NOW - timedelta(days=9), **changes))
        install(file, tmp_path / "rules", keys.public_bytes(KEY), now=NOW - timedelta(days=8))

    return made


def settings(state: Path, **rules: Any) -> Settings:
    return Settings(state_dir=str(state), rules=RulesSettings(**rules))


def test_without_a_bundle_the_rules_we_ship_are_in_force(tmp_path: Path) -> None:
    state = InForce(settings(tmp_path)).look()
    assert (state.origin, state.folder, state.version, state.keywords, dict(state.troubles)) == (
        "shipped", None, None, None, {},
    )  # fmt: skip
    assert report_of(state).outcome is CheckOutcome.PASS


def test_an_installed_bundle_is_in_force_at_the_next_look(tmp_path: Path, put: Callable[..., None]) -> None:
    in_force = InForce(settings(tmp_path))
    put(1)
    assert (in_force.look().origin, in_force.look().version) == ("bundle", 1)
    put(2)
    state = in_force.look()
    assert (state.version, dict(state.troubles)) == (2, {})
    options = in_force.applied(ScanOptions(least=40), state)
    assert (options.rules, options.least, options.sound) == (state.folder, 40, True)
    assert "送审稿2" in (state.folder / "house.yaml").read_text() if state.folder else False


def test_a_bundle_that_was_altered_leaves_the_one_before_in_force_and_that_is_told(
    tmp_path: Path, put: Callable[..., None]
) -> None:
    put(1)
    put(2)
    in_force = InForce(settings(tmp_path))
    folder = in_force.look().folder
    assert folder is not None
    (folder / "house.yaml").write_bytes((folder / "house.yaml").read_bytes().replace("送审稿2".encode(), b"x"))
    state = in_force.look()
    assert (state.origin, state.version, set(state.troubles)) == ("bundle", 1, {"rules-altered"})
    report = report_of(state)
    assert (report.control, report.outcome) == ("SEC-13", CheckOutcome.ERROR)
    assert report.why == TROUBLES["rules-altered"][1]
    assert str(tmp_path) not in msgspec.json.encode(report).decode()


def test_where_nothing_whole_is_left_the_rules_we_ship_are_in_force(tmp_path: Path, put: Callable[..., None]) -> None:
    put(1)
    (tmp_path / "rules" / "in-force").write_text("{}")
    for folder in (tmp_path / "rules").glob("1-*"):
        (folder / "bundle").write_bytes(b"MJRULES")
    state = InForce(settings(tmp_path)).look()
    assert (state.origin, state.folder, set(state.troubles)) == ("shipped", None, {"rules-altered"})


def test_a_bundle_signed_by_another_than_the_named_key_is_not_used(tmp_path: Path, put: Callable[..., None]) -> None:
    put(1)
    other = tmp_path / "other.pub"
    other.write_text(keys.b64(keys.public_bytes(keys.Ed25519PrivateKey.generate())) + "\n")
    state = InForce(settings(tmp_path, trusted_key=str(other))).look()
    assert (state.origin, set(state.troubles)) == ("shipped", {"rules-altered"})
    own = tmp_path / "own.pub"
    own.write_text(keys.b64(keys.public_bytes(KEY)) + "\n")
    assert InForce(settings(tmp_path, trusted_key=str(own))).look().origin == "bundle"


@pytest.mark.parametrize("told", [None, "no key", ""])
def test_without_a_key_to_verify_with_a_bundle_is_not_used(
    tmp_path: Path, put: Callable[..., None], told: str | None
) -> None:
    put(1)
    named = tmp_path / "rules.pub"
    if told is not None:
        named.write_text(told)
    state = InForce(settings(tmp_path, trusted_key=str(named))).look()
    assert (state.origin, set(state.troubles)) == ("shipped", {"rules-no-key"})
    (tmp_path / "rules" / "trusted").unlink()
    state = InForce(settings(tmp_path)).look()
    assert (state.origin, set(state.troubles)) == ("shipped", {"rules-no-key"})


def test_an_expired_bundle_stays_in_force_and_that_is_told(tmp_path: Path, put: Callable[..., None]) -> None:
    put(1, expires=NOW - timedelta(days=1))
    state = InForce(settings(tmp_path)).look()
    assert (state.version, set(state.troubles)) == (1, {"rules-expired"})


def test_a_family_that_does_not_exist_is_told_and_the_others_are_switched_on(tmp_path: Path) -> None:
    in_force = InForce(settings(tmp_path, families=("de", "atlantis")))
    state = in_force.look()
    assert (state.origin, set(state.troubles)) == ("shipped", {"rules-mistake"})
    assert "atlantis" in state.troubles["rules-mistake"]
    assert in_force.applied(ScanOptions(), state).enable == ("atlantis", "de")


def test_a_list_of_keywords_is_taken_anew_when_it_changes_and_a_broken_one_never(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("蓝鲸计划\n")
    in_force = InForce(settings(tmp_path, keywords=str(words)))
    copy = in_force.look().keywords
    assert copy is not None and copy.read_text() == "蓝鲸计划\n"
    words.write_text("蓝鲸计划\n白象工程\n")
    assert in_force.look().keywords == copy
    assert copy.read_text() == "蓝鲸计划\n白象工程\n"
    words.write_text("字\n")
    state = in_force.look()
    assert (state.keywords, copy.read_text()) == (copy, "蓝鲸计划\n白象工程\n")
    assert "words.txt:1" in state.troubles["keywords-refused"]
    restarted = InForce(settings(tmp_path, keywords=str(words))).look()
    assert (restarted.keywords, set(restarted.troubles)) == (copy, {"keywords-refused"})
    words.unlink()
    assert set(in_force.look().troubles) == {"keywords-refused"}
    words.write_text("绿洲项目\n")
    state = in_force.look()
    assert (copy.read_text(), dict(state.troubles)) == ("绿洲项目\n", {})
    assert copy.stat().st_mode & 0o077 == 0


def test_a_list_that_was_never_good_is_told_and_nothing_is_looked_for(tmp_path: Path) -> None:
    state = InForce(settings(tmp_path, keywords=str(tmp_path / "none.txt"))).look()
    assert (state.keywords, set(state.troubles)) == (None, {"keywords-refused"})


def test_to_look_alone_writes_nothing(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("蓝鲸计划\n")
    assert InForce(settings(tmp_path, keywords=str(words)), keep=False).look().keywords is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["words.txt"]
