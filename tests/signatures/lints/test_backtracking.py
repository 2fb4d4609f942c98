"""What can be made to run for ever is told from its form, with a text that shows it; what cannot is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.lints.automaton import NotJudged, automaton
from signatures.lints.backtracking import dangers
from signatures.lints.patterns import expressions
from signatures.rules import Rule, read_packs

EXPONENTIAL = [
    r"(a*)*b",
    r"(a+)+b",
    r"(?:a{1,30}){1,30}b",
    r"(a|ab|b)*c",
    r"(?:ab|a|bc|c)*d",
    r"(?:[a-z]+\s?)+x",
    r"(?:机密|机|密)+x",
    r"(?:\w|机密)+★",
    r"(?i:(?:ab|AB)+)x",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(?=(a+)+b)x",
    r"(?:(?:a?b?)+c?)+d",
    r"(?:a+?)+?b",
]
POLYNOMIAL = [r".*a.*b.*c", r"\s+\s+\s+x", r"[a-z]*[b-y]*[c-x]*1"]
HARMLESS = [
    r"机密",
    r"[\s,]{0,4}(?:x[\s,]{0,4}){0,3}",
    r"(?:\d{2}-?){3}",
    r"(?:\d{1,3},?){1,4}",
    r"(?:a(?:b|c)*)*d",
    r"(?:a|b(?:a|b)c)*",
    r"(?:[一-龥]+、)*[一-龥]+",
    r".*a",
    r"(?!第|\d)[一-龥]{0,18}(?:集团|公司)",
    r"(?:/[A-Z]{2,5}(?:,[A-Z]{2,5}){0,5}){0,5}",
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_a_loop_with_two_ways_through_it_is_found(pattern: str) -> None:
    (danger,) = dangers(automaton(pattern))
    assert danger.degree is None
    assert danger.pump


@pytest.mark.parametrize("pattern", POLYNOMIAL)
def test_three_loops_that_share_a_text_are_found(pattern: str) -> None:
    (danger,) = dangers(automaton(pattern))
    assert danger.degree == 3


@pytest.mark.parametrize("pattern", HARMLESS)
def test_what_cannot_run_away_is_left_alone(pattern: str) -> None:
    assert list(dangers(automaton(pattern))) == []


def test_two_loops_are_too_many_for_a_pattern_that_is_searched_for() -> None:
    assert list(dangers(automaton(r"a*a*b"))) == []
    (danger,) = dangers(automaton(r"a*a*b"), searched=True)
    assert danger.degree == 3


@pytest.mark.parametrize("pattern", [one for one in EXPONENTIAL if "(?=" not in one])
def test_the_text_that_is_shown_really_goes_through_the_loop(pattern: str) -> None:
    (danger,) = dangers(automaton(pattern))
    assert all(_consumes(pattern, danger.prefix + danger.pump * times) for times in (1, 2, 5))


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(a)?(?(1)b|c)", "(?:" * 3 + "[a-z]{16}" + "){16}" * 3])
def test_what_cannot_be_judged_is_refused(pattern: str) -> None:
    with pytest.raises(NotJudged):
        list(dangers(automaton(pattern)))


def test_many_loops_in_a_row_are_judged_or_refused_and_never_run_away() -> None:
    (danger,) = dangers(automaton(r"\s*" * 12 + "x"))
    assert danger.degree == 12
    with pytest.raises(NotJudged):
        list(dangers(automaton(r"(?:\s|a)*" * 300 + "x")))


def test_every_pattern_we_ship_is_safe() -> None:
    rules = [rule for pack in read_packs() for rule in pack.rules]
    assert sum(1 for rule in rules for _ in expressions(rule)) >= 30
    for rule in rules:
        assert _dangers_of(rule) == [], rule.id


def _dangers_of(rule: Rule) -> list[object]:
    return [
        danger
        for _, pattern, searched in expressions(rule)
        for danger in dangers(automaton(pattern), searched=searched)
    ]


PIECES = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "c", "密"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda ways: f"(?:{'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{0,50}"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
    ),
    max_leaves=6,
)


@given(PIECES)
def test_the_pump_of_any_doubled_loop_leads_from_a_match_to_a_longer_one(pattern: str) -> None:
    for danger in dangers(automaton(pattern)):
        if danger.degree is None:
            once, thrice = danger.prefix + danger.pump, danger.prefix + danger.pump * 3
            # Whatever may follow, the automaton must have been able to consume this much of it.
            assert _consumes(pattern, once) and _consumes(pattern, thrice)


def _consumes(pattern: str, text: str) -> bool:
    """Whether some match goes through all of the text, told by the automaton's own positions alone."""
    a = automaton(pattern)
    at = set(a.first)
    for number, letter in enumerate(text):
        mask = a.alphabet.mask_of(letter)
        at = {p for p in at if a.masks[p] & mask}
        if not at:
            return False
        if number < len(text) - 1:
            at = {then for p in at for then in a.follow.get(p, ())}
    return True
