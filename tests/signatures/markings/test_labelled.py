"""Sensitivity labels mean what the organisation's table says; one that nobody explained is told for review."""

from __future__ import annotations

import pytest

from protocol.records import Finding, Severity
from signatures.labels import LabelMeaning
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules

ID, OTHER = "4b1c8a52-0f2e-4a0c-9d3b-7e5f6a1b2c3d", "00000000-1111-2222-3333-444444444444"
TABLE = (
    LabelMeaning(label=f"{{{ID.upper()}}}", family="commercial", level="核心商密"),
    LabelMeaning(label="C3 Secret", family="state", level="机密"),
    LabelMeaning(label="Confidential", family="commercial", level="CONFIDENTIAL"),
    LabelMeaning(label="General"),
)


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return Grammar(load_rules(), TABLE)


def prop(name: str, value: str) -> Passage:
    return Passage(Zone.DOC_PROPERTY, value, name=name)


def told(found: tuple[Finding, ...]) -> list[tuple[str, str, str | None]]:
    return [(one.rule, one.family, one.level) for one in found]


def test_a_label_is_known_by_its_id_whatever_it_is_called(grammar: Grammar) -> None:
    found = grammar.find([prop(f"MSIP_Label_{ID}_Enabled", "true"), prop(f"MSIP_Label_{ID}_Name", "Rose garden")])
    assert told(found) == [("label.mapped", "commercial", "核心商密")]
    assert (found[0].confidence >= 70, found[0].marking, found[0].zone) == (True, "核心商密", "doc_property")
    assert told(grammar.find([prop(f"MSIP_Label_{ID}_Id", ID)])) == [("label.mapped", "commercial", "核心商密")]


def test_a_label_is_known_by_its_name_in_any_property_that_holds_a_level(grammar: Grammar) -> None:
    for name in (f"MSIP_Label_{OTHER}_Name", "Classification", "密级", "密 级"):
        found = grammar.find([prop(name, "c3  secret")])
        assert told(found) == [("label.mapped", "state", "机密")], name
        assert found[0].severity is Severity.CRITICAL
    assert grammar.find([prop("title", "C3 Secret")]) == ()


def test_a_label_that_means_nothing_is_no_finding_and_neither_is_one_that_is_switched_off(grammar: Grammar) -> None:
    assert grammar.find([prop(f"MSIP_Label_{OTHER}_Name", "General")]) == ()
    assert grammar.find([prop(f"MSIP_Label_{ID}_Id", ID), prop(f"MSIP_Label_{ID}_Enabled", "false")]) == ()
    assert grammar.find([prop(f"MSIP_Label_{OTHER}_Name", "X"), prop(f"MSIP_Label_{OTHER}_Enabled", "0")]) == ()


def test_the_table_goes_before_what_the_rules_make_of_a_word(grammar: Grammar) -> None:
    found = grammar.find([prop(f"MSIP_Label_{OTHER}_Name", "Confidential")])
    assert told(found) == [("label.mapped", "commercial", "CONFIDENTIAL")]


def test_a_label_in_no_table_is_told_for_review_by_its_id_alone(grammar: Grammar) -> None:
    (found,) = grammar.find([prop(f"MSIP_Label_{OTHER}_Name", "Zebra crossing"), prop("MSIP_Label_x y", "odd")])
    assert (found.rule, found.family, found.level) == ("label.unknown", "label", None)
    assert 45 <= found.confidence < 70
    assert (found.marking, found.codes) == (OTHER, ("LEVEL_UNKNOWN",))
    (found,) = grammar.find([prop("Classification", "Zebra crossing")])
    assert (found.rule, found.marking) == ("label.unknown", "?")


def test_what_the_rules_understand_is_no_unknown_label(grammar: Grammar) -> None:
    (found,) = grammar.find([prop("密级", "秘密★5年")])
    assert found.rule != "label.unknown"
    assert grammar.find([prop("密级", "公开")]) == ()


def test_a_label_and_a_mark_on_the_page_that_differ_are_told(grammar: Grammar) -> None:
    page = Passage(Zone.P1_TOP_LEFT, "秘密★5年")
    found = grammar.find([page, prop(f"MSIP_Label_{OTHER}_Name", "C3 Secret")])
    by_rule = {one.rule: one.codes for one in found}
    assert "PROPERTY_MISMATCH" in by_rule["label.mapped"]


def test_without_a_table_nothing_is_said_of_labels_that_say_nothing() -> None:
    grammar = Grammar(load_rules())
    assert grammar.find([prop(f"MSIP_Label_{OTHER}_Name", "Zebra crossing")], least=1) == ()


def test_only_properties_of_a_usual_length_are_labels(grammar: Grammar) -> None:
    unknown = prop(f"MSIP_Label_{OTHER}_Id", OTHER)
    assert [f.rule for f in grammar.find([unknown])] == ["label.unknown"]
    assert grammar.find([Passage(Zone.BODY, OTHER, name=unknown.name)]) == ()
    assert grammar.find([prop(unknown.name, OTHER.ljust(200))])
    assert grammar.find([prop(unknown.name, OTHER.ljust(201))]) == ()


def test_a_label_of_several_lines_is_told_with_its_first(grammar: Grammar) -> None:
    (found,) = grammar.find([prop(f"MSIP_Label_{ID}_Name", "Rose\ngarden")])
    assert found.place.line == 1
