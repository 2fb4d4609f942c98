"""Expressions behave as compiled patterns do, and are compiled no earlier than they are asked."""

from __future__ import annotations

import re

import pytest

from signatures.expressions import Expression
from signatures.markings import Grammar
from signatures.passages import Passage, Zone
from signatures.rules import load_rules


def test_every_method_answers_as_the_compiled_pattern_does() -> None:
    text = "b1 a2 A3"
    lazy, plain = Expression(r"(a)(\d)", re.IGNORECASE), re.compile(r"(a)(\d)", re.IGNORECASE)
    assert [m.span() for m in lazy.finditer(text)] == [m.span() for m in plain.finditer(text)] == [(3, 5), (6, 8)]
    assert lazy.findall(text) == [("a", "2"), ("A", "3")]
    assert lazy.sub("-", text) == "b1 - -"
    assert lazy.split("1a2b") == ["1", "a", "2", "b"]
    found = lazy.search(text, 4)
    assert found is not None and found.span() == (6, 8)
    assert lazy.match(text) is None
    assert lazy.match(text, 3) is not None
    assert lazy.fullmatch(text, 3, 5) is not None
    assert lazy.fullmatch(text, 3) is None


def test_an_expression_is_put_together_and_compiled_on_first_use_and_only_once() -> None:
    asked: list[str] = []

    def source() -> str:
        asked.append("source")
        return "a+"

    lazy = Expression(source)
    assert asked == []
    assert lazy.search("caab") is not None
    assert lazy.fullmatch("aa") is not None
    assert lazy.source == "a+"
    assert asked == ["source"]
    assert lazy.compiled is lazy.compiled


def test_a_mistake_is_told_by_the_first_use() -> None:
    broken = Expression("(")
    with pytest.raises(re.error):
        broken.search("a")


def test_a_grammar_compiles_none_of_its_patterns_until_a_text_asks_for_them() -> None:
    grammar = Grammar(load_rules())
    own = [one for one in _expressions(grammar) if "compiled" in vars(one)]
    assert own == []
    assert grammar.find([Passage(Zone.HEADER, "机密★10年")])
    assert [one for one in _expressions(grammar) if "compiled" in vars(one)]


def _expressions(grammar: Grammar) -> list[Expression]:
    """Every expression that a grammar holds, itself or in its parts."""
    found: list[Expression] = []
    seen: set[int] = set()
    ahead: list[object] = [grammar]
    while ahead:
        one = ahead.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Expression):
            found.append(one)
        elif isinstance(one, dict):
            ahead += one.values()
        elif isinstance(one, (list, tuple)):
            ahead += one
        elif type(one).__module__.startswith("signatures.markings"):
            ahead += vars(one).values()
    return found
