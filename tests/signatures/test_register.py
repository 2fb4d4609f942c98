"""The register holds every rule of the regulations once, with clause, in both languages."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from signatures.controls import load_controls
from signatures.register import FOLDER, at_the_collector, load, register
from signatures.strict_yaml import FileMistake


def test_all_268_rules_are_there_by_kind() -> None:
    entries = register()
    assert len(entries) == 268
    kinds = Counter(entry.rule.kinds[0] for entry in entries.values())
    assert kinds == {"endpoint": 88, "workflow": 64, "ledger": 48, "collector": 37, "attestation": 31}
    assert sum(entry.rule.severity == "critical" for entry in entries.values()) == 22
    software = Counter(entry.rule.software for entry in entries.values())
    assert software == {"yes": 91, "part": 150, "no": 27}


def test_every_rule_has_both_languages_and_a_clause() -> None:
    for entry in register().values():
        assert any("一" <= character <= "鿿" for character in entry.rule.zh)
        assert entry.rule.en
        assert entry.rule.clause.startswith("《")


def test_the_controls_that_findings_are_judged_by_stand_in_the_register() -> None:
    for name, control in load_controls().items():
        assert register()[name].rule.severity == control.severity


def test_what_the_collector_does_is_told_of_rules_that_exist() -> None:
    assert at_the_collector().keys() <= register().keys()


def test_a_rule_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    for name in ("cpc", "zz"):
        shutil.copy(FOLDER / "cpc.yaml", tmp_path / f"{name}.yaml")
    with pytest.raises(FileMistake, match="CPC-01 stands twice"):
        load(tmp_path)
