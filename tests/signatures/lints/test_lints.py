"""Each lint catches the mistake it is named after, at its line, in both languages, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from signatures.lints import LINTS, SENTENCES, Fault, Source, Weight, lint, read_source, unsafe, unsafe_in

Lint = Callable[..., list[Fault]]
SECOND = """\
  - id: house.second
    title: {zh: 送审稿乙, en: Second draft}
    family: internal
    level: 送审稿
    severity: low
    pattern: '送审稿(?:第二版)?'
    zones: [title]
    literals: [{text: 送审稿, gaps: true}]
    controls: [NPC-01]
    examples:
      match: [{text: 送审稿第二版, zone: title, level: 送审稿}]
      no_match: [{text: 送审稿的格式}]
"""


def test_a_good_pack_has_no_fault(linted: Lint) -> None:
    assert linted() == []


def test_the_packs_we_ship_have_no_error() -> None:
    assert [fault for fault in lint() if fault.weight is Weight.ERROR] == []


@pytest.mark.parametrize(
    ("was", "becomes", "name", "line", "told"),
    [
        ("id: house.draft", "id: home.draft", "id-malformed", 4, "'home.draft'"),
        ("id: house.draft", "id: house.Draft", "id-malformed", 4, "'house.Draft'"),
        ("    pattern: '送审稿'\n", "", "production-or-pattern", 4, "neither"),
        (
            "pattern: '送审稿'",
            "pattern: '送审稿'\n    production: BARE",
            "production-or-pattern",
            9,
            "production and a pattern",
        ),
        ("pattern: '送审稿'", "production: BARE", "production-or-pattern", 9, "no levels"),
        ("pattern: '送审稿'", "pattern: '送审(稿'", "pattern-unreadable", 9, "cannot be read"),
        ("pattern: '送审稿'", "pattern: '送{99999999999}'", "pattern-unreadable", 9, "cannot be read"),
        ("pattern: '送审稿'", "pattern: '(?:送审稿)?'", "pattern-empty", 9, "nothing stands"),
        ("pattern: '送审稿'", "pattern: '(?:送+审?)+稿'", "pattern-backtracks", 9, "time doubles"),
        ("pattern: '送审稿'", "pattern: '.*送.*审.*稿'", "pattern-backtracks", 9, "power 3"),
        ("pattern: '送审稿'", r"pattern: '(送审稿)\1?'", "pattern-backtracks", 9, "cannot be shown to end"),
        ("zones: [front, header]", "zones: [front, heder]", "zone-unknown", 10, "'heder'"),
        ("zones: [front, header]", "zones: []", "zone-unknown", 10, "nowhere"),
        ("{text: 送审稿, gaps: true}", "{text: 稿}", "literal-short", 11, "too short"),
        ("{text: 送审稿, gaps: true}", "{text: 审定稿}", "literal-missing", 11, "pass over"),
        ("    literals: [{text: 送审稿, gaps: true}]\n", "", "literal-missing", 4, "no literal"),
        ("en: Draft for review", 'en: ""', "title-language", 5, "'en'"),
        ("zh: 送审稿,", "zh: Draft,", "title-language", 5, "'zh'"),
        ("family: internal", "family: intrnal", "family-unknown", 6, "'intrnal'"),
        ("NPC-01", "NPC-99", "control-unknown", 12, "NPC-99"),
        ("match: [{text: 送审稿, level: 送审稿}]\n", "match: []\n", "examples-missing", 13, "examples.match"),
        ("no_match: [{text: 送审稿的格式}]", "no_match: []", "examples-missing", 13, "examples.no_match"),
        ("level: 送审稿}]", "level: 定稿}]", "example-not-found", 13, "should match"),
        ("{text: 送审稿的格式}", "{text: 送审稿, zone: header}", "example-found", 13, "should not match"),
        ("severity: low", "severity: grave", "unreadable", 8, "grave"),
        ("severity: low", "severty: low", "unreadable", 8, "did you mean 'severity'"),
        ("rules:", "rules: [", "unreadable", 4, "YAML"),
    ],
)
def test_a_mistake_is_told_once_with_its_line(
    linted: Lint, was: str, becomes: str, name: str, line: int, told: str
) -> None:
    (fault,) = linted((was, becomes))
    assert (fault.lint, fault.line) == (name, line)
    assert re.search(told, fault.wrong.en)
    assert fault.file.endswith("house.yaml")


def test_what_works_all_the_same_is_a_warning(linted: Lint) -> None:
    assert [fault.weight for fault in linted(("family: internal", "family: intrnal"))] == [Weight.WARNING]


def test_a_rule_that_cites_no_control_or_one_that_is_not_there_is_refused(linted: Lint) -> None:
    for change in (("NPC-01", "NPC-99"), ("controls: [NPC-01]", "controls: []")):
        assert [(fault.lint, fault.weight) for fault in linted(change)] == [("control-unknown", Weight.ERROR)]


@pytest.mark.parametrize(
    "change",
    [("zones: [front, header]", "zones: [heder]"), ("NPC-01", "NPC-99"), ("family: internal", "family: intrnal")],
)
def test_the_nearest_known_name_is_offered(linted: Lint, change: tuple[str, str]) -> None:
    (fault,) = linted(change)
    assert fault.mend.en.startswith("Did you mean '")


def test_a_value_of_a_closed_list_is_answered_with_the_list(linted: Lint) -> None:
    (fault,) = linted(("severity: low", "severity: grave"))
    assert "critical, high, medium, low, info" in fault.mend.en
    assert "critical, high, medium, low, info" in fault.mend.zh


def test_the_same_id_in_two_files_is_told_of_the_second_and_names_the_first(linted: Lint, tmp_path: Path) -> None:
    assert linted() == []
    (tmp_path / "zz.yaml").write_bytes((tmp_path / "house.yaml").read_bytes())
    (fault,) = lint([tmp_path])
    assert (fault.lint, Path(fault.file).name, fault.line) == ("id-twice", "zz.yaml", 4)
    assert "house.yaml:4" in fault.wrong.en


def test_two_rules_that_always_fire_together_are_told(linted: Lint) -> None:
    same = SECOND.replace("zone: title, ", "").replace("zones: [title]", "zones: [front, header]")
    same = same.replace("送审稿第二版", "送审稿", 1).replace("pattern: '送审稿(?:第二版)?'", "pattern: '送审[稿]'")
    faults = linted(("pattern: '送审稿'", "pattern: '送[审]稿'"), more=same)
    together = [fault for fault in faults if fault.lint == "always-together"]
    assert [(fault.rule, fault.weight) for fault in together] == [("house.second", Weight.WARNING)]
    assert "house.draft" in together[0].wrong.en


def test_two_rules_that_differ_in_one_example_are_two(linted: Lint) -> None:
    assert linted(more=SECOND) == []


def test_one_bad_rule_does_not_hide_what_is_wrong_with_the_others(linted: Lint) -> None:
    bad = SECOND.replace("pattern: '送审稿(?:第二版)?'", "pattern: '(送'").replace("en: Second draft", "en: ''")
    faults = linted(("level: 送审稿}]", "level: 定稿}]"), more=bad)
    assert {(fault.rule, fault.lint) for fault in faults} == {
        ("house.draft", "example-not-found"),
        ("house.second", "pattern-unreadable"),
        ("house.second", "title-language"),
    }


def test_a_notation_is_held_against_its_examples_as_evidence(linted: Lint) -> None:
    notation = [("family: internal", "family: notation"), ("zones: [front, header]", "zones: [marking, body]")]
    assert linted(*notation) == []
    (fault,) = linted(*notation, ("{text: 送审稿的格式}", "{text: 送审稿, zone: header}"))
    assert fault.lint == "example-found"


def test_every_lint_says_its_sentence_in_both_languages() -> None:
    assert len(SENTENCES) == len(LINTS) + 1
    for name, says in SENTENCES.items():
        assert re.fullmatch("[a-z]+(-[a-z]+)*", name)
        assert re.search("[一-龥]", says.zh)
        assert says.en.endswith(".")


def test_faults_speak_both_languages(linted: Lint) -> None:
    faults = linted(
        ("pattern: '送审稿'", "pattern: '(?:送+审?)+稿'"), ("NPC-01", "NPC-99"), ("en: Draft for review", "en: ''")
    )
    assert len(faults) >= 3
    for fault in faults:
        assert re.search("[一-龥]", fault.wrong.zh)
        assert re.search("[一-龥]", fault.mend.zh)
        assert fault.wrong.en and fault.mend.en


def test_safety_asks_only_for_what_could_stop_or_drown_the_scanner(linted: Lint, tmp_path: Path) -> None:
    linted(("NPC-01", "NPC-99"), ("en: Draft for review", "en: ''"), ("pattern: '送审稿'", "pattern: '(送*)*审'"))
    file = tmp_path / "house.yaml"
    source = read_source(file, file.read_bytes())
    assert isinstance(source, Source)
    assert [fault.lint for fault in unsafe([source])] == ["pattern-backtracks"]
    assert unsafe_in(tmp_path) == unsafe([source])


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (fault,) = lint([tmp_path / "gone.yaml"])
    assert (fault.lint, fault.line) == ("unreadable", 1)
    assert "No such file" in fault.wrong.en
