from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from signatures.literals import Literal
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import PACKS, load_rules, load_sound, read_packs
from signatures.strict_yaml import FileMistake

PACK = """\
pack: house
title: {zh: 本单位, en: This office}
rules:
  - id: house.draft
    title: {zh: 送审稿, en: Draft for review}
    family: internal
    level: 送审稿
    severity: low
    pattern: '送审稿'
    zones: [front, header]
    literals: [{text: 送审稿, gaps: true}]
    examples:
      match: [{text: 送审稿, level: 送审稿}]
      no_match: [{text: 送审稿的格式}]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "house.yaml").write_text(text, "utf-8")
    return folder


def test_a_rule_of_ones_own_is_one_file_and_works_at_once(tmp_path: Path) -> None:
    grammar = Grammar(load_rules(write(tmp_path, PACK)))
    (found,) = grammar.find([Passage(Zone.HEADER, "送 审 稿"), Passage(Zone.BODY, "送审稿")])
    assert (found.rule, found.zone, found.severity) == ("house.draft", "header", "low")


@pytest.mark.parametrize(
    ("was", "becomes", "line", "told"),
    [
        ("severity: low", "severty: low", 8, "did you mean 'severity'?"),
        ("severity: low", "severity: grave", 8, "grave"),
        ("front, header", "front, heder", 4, "did you mean 'header'?"),
        ("pattern: '送审稿'", "pattern: '送审(稿'", 4, "the pattern cannot be read"),
        ("pattern: '送审稿'", "note: x", 9, "unknown key"),
        ("    literals: [{text: 送审稿, gaps: true}]\n", "", 4, "must name a literal"),
        ("{text: 送审稿, gaps: true}", "{text: 送}", 4, "give at least two"),
        ("id: house.draft", "id: home.draft", 4, "must begin with the name of its pack"),
        ("no_match: [{text: 送审稿的格式}]", "no_match: []", 4, "proves itself by examples"),
    ],
)
def test_a_mistake_in_a_pack_is_told_with_file_line_and_remedy(
    tmp_path: Path, was: str, becomes: str, line: int, told: str
) -> None:
    write(tmp_path, PACK.replace(was, becomes))
    with pytest.raises(FileMistake) as mistake:
        load_rules(tmp_path)
    assert str(mistake.value).startswith(f"{tmp_path / 'house.yaml'}:{line}: ")
    assert told in str(mistake.value)


def test_a_directory_without_packs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMistake, match="no pack of rules"):
        load_rules(tmp_path)


def test_the_same_id_in_two_packs_is_refused(tmp_path: Path) -> None:
    write(tmp_path, PACK)
    (tmp_path / "other.yaml").write_text(PACK, "utf-8")
    with pytest.raises(FileMistake, match="used twice"):
        load_rules(tmp_path)


def test_one_bad_pack_does_not_switch_off_the_others(tmp_path: Path) -> None:
    write(tmp_path, PACK)
    (tmp_path / "broken.yaml").write_text(PACK.replace("severity: low", "severity: grave"), "utf-8")
    loaded = load_sound(tmp_path)
    assert [rule.id for rule in loaded.rules.rules] == ["house.draft"]
    (mistake,) = loaded.mistakes
    assert str(mistake).startswith(f"{tmp_path / 'broken.yaml'}:8: ")
    assert loaded.rules.digest == load_rules(_alone(tmp_path)).digest


def _alone(folder: Path) -> Path:
    (folder / "broken.yaml").unlink()
    return folder


def test_of_two_packs_with_the_same_id_the_first_stays_in_force(tmp_path: Path) -> None:
    write(tmp_path, PACK)
    (tmp_path / "later.yaml").write_text(PACK.replace("level: 送审稿", "level: 另一"), "utf-8")
    loaded = load_sound(tmp_path)
    assert [rule.level for rule in loaded.rules.rules] == ["送审稿"]
    assert "used twice" in loaded.mistakes[0].message


def test_a_pack_that_was_asked_for_and_is_not_there_does_not_switch_off_the_others(tmp_path: Path) -> None:
    loaded = load_sound(write(tmp_path, PACK), enable=["hose"])
    assert len(loaded.rules.rules) == 1
    assert "did you mean 'house'" in loaded.mistakes[0].message


def test_where_no_pack_is_left_there_is_no_going_on(tmp_path: Path) -> None:
    with pytest.raises(FileMistake, match="grave"):
        load_sound(write(tmp_path, PACK.replace("severity: low", "severity: grave")))
    with pytest.raises(FileMistake, match="no pack of rules"):
        load_sound(write(tmp_path, PACK.replace("rules:", "enabled: false\nrules:")))


@pytest.mark.parametrize("pattern", ["'送{99999999999}'", "'" + "(" * 5000 + ")" * 5000 + "'"])
def test_a_pattern_that_python_cannot_take_is_a_mistake_like_any_other(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, PACK.replace("pattern: '送审稿'", f"pattern: {pattern}"))
    with pytest.raises(FileMistake, match="the pattern cannot be read"):
        load_rules(tmp_path)


def test_packs_are_read_whether_enabled_or_not() -> None:
    packs = {pack.pack: pack.enabled for pack in read_packs()}
    assert packs["cn-state"] and not packs["jp"]


def test_the_digest_changes_with_any_byte_of_the_packs_and_with_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(PACKS, copy)
    assert load_rules(copy).digest == load_rules().digest
    with (copy / "tlp.yaml").open("a", encoding="utf-8") as file:
        file.write("# \n")
    assert load_rules(copy).digest != load_rules().digest


def test_foreign_families_are_there_for_those_who_ask() -> None:
    passages = [Passage(Zone.HEADER, "VS-NUR FÜR DEN DIENSTGEBRAUCH")]
    assert Grammar(load_rules()).find(passages) == ()
    asked = load_rules(enable=["de"])
    assert Grammar(asked).find(passages)[0].family == "de"
    assert asked.digest != load_rules().digest


def test_asking_for_a_family_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(FileMistake, match="did you mean 'jp'"):
        load_rules(enable=["jpp"])


def test_the_literals_cover_traditional_and_misread_forms() -> None:
    literals = set(load_rules().literals)
    assert {Literal(word, gaps=True) for word in ("机密", "機密", "絕密", "祕密", "机蜜", "枳密", "內部")} <= literals


def test_no_literal_is_looked_for_twice() -> None:
    texts = [literal.text for literal in load_rules().literals if not literal.any_case]
    assert not [(a, b) for a in texts for b in texts if a != b and a in b]


def test_every_rule_names_the_controls_and_severity_of_a_finding() -> None:
    for rule in load_rules().rules:
        assert rule.controls, rule.id
        assert rule.title.zh and rule.title.en
