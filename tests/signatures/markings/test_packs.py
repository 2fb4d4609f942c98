"""Every pack proves itself: each rule finds its own examples and leaves the others alone."""

from __future__ import annotations

import re

import pytest

from signatures.literals import Literal
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import Example, Rule, load_rules

OPTIONAL = ("au", "ca", "de", "fr", "jp", "tw")
RULES = load_rules(enable=OPTIONAL)
FINDERS = [rule for rule in RULES.rules if rule.family != "notation"]
MATCHES = [(rule, example) for rule in FINDERS for example in rule.examples.match]
OTHERS = [(rule, example) for rule in FINDERS for example in rule.examples.no_match]
GAPS = r"[ \t\u00a0\u3000\-·\u200b-\u200f\u2060\ufeff\u00ad\r\n]{0,3}"


def named(pair: tuple[Rule, Example]) -> str:
    return f"{pair[0].id}: {pair[1].text[:24]}"


@pytest.mark.parametrize("pair", MATCHES, ids=named)
def test_a_rule_finds_its_examples_with_level_period_and_codes(
    wide_grammar: Grammar, pair: tuple[Rule, Example]
) -> None:
    rule, example = pair
    found = [f for f in wide_grammar.find([Passage(example.zone, example.text)]) if f.rule == rule.id]
    assert [(f.level, f.period, set(f.codes)) for f in found] == [(example.level, example.period, set(example.codes))]


@pytest.mark.parametrize("pair", OTHERS, ids=named)
def test_a_rule_leaves_its_counter_examples_alone(wide_grammar: Grammar, pair: tuple[Rule, Example]) -> None:
    rule, example = pair
    found = wide_grammar.find([Passage(example.zone, example.text)])
    assert rule.id not in {f.rule for f in found}


@pytest.mark.parametrize("pair", MATCHES, ids=named)
def test_the_sieve_never_passes_over_an_example(pair: tuple[Rule, Example]) -> None:
    _, example = pair
    assert any(stands_in(literal, example.text) for literal in RULES.literals)


@pytest.mark.parametrize("rule", [r for r in RULES.rules if r.family == "notation"], ids=lambda rule: rule.id)
def test_a_notation_is_evidence_and_never_a_finding(wide_grammar: Grammar, rule: Rule) -> None:
    for example in rule.examples.match:
        passages = [Passage(example.zone, example.text)]
        assert [n.level for n in wide_grammar.notations(passages)] == [example.level]
        assert wide_grammar.find(passages, least=1) == ()
    for example in rule.examples.no_match:
        assert rule.level not in {n.level for n in wide_grammar.notations([Passage(Zone.BODY, example.text)])}


def stands_in(literal: Literal, text: str) -> bool:
    """The meaning of a literal, told independently of the engine."""
    letters = []
    for letter in literal.text:
        forms = {letter, letter.lower(), letter.upper()} if literal.any_case else {letter}
        if literal.any_width:
            forms |= {chr(ord(form) + 0xFEE0) for form in forms if "!" <= form <= "~"}
        letters.append("[" + "".join(re.escape(form) for form in sorted(forms)) + "]")
    return re.search((GAPS if literal.gaps else "").join(letters), text) is not None
