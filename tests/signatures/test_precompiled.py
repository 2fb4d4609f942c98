"""What is kept of an expression makes the very pattern that `re` would compile."""

from __future__ import annotations

import re

import msgspec
import pytest

from signatures import expressions, precompiled
from signatures.expressions import Expression
from signatures.markings import Grammar
from signatures.rules import load_rules

NAMED = r"(?P<level>绝密|机密)(?P<star>★)?[一-龥]{0,3}(?i:secret)"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompiled, "_kept", {})


def test_this_python_can_keep_what_it_compiles() -> None:
    assert precompiled.IDENTITY


def test_a_kept_expression_is_equal_to_a_compiled_one_and_answers_as_it_does() -> None:
    assert precompiled.use(precompiled.compiled([(NAMED, re.MULTILINE)]))
    made = precompiled.pattern(NAMED, re.MULTILINE)
    fresh = re.compile(NAMED, re.MULTILINE)
    assert made == fresh  # `re` compares the code and the flags
    assert made is not fresh
    match = made.search("一份机密★文件SeCrEt")
    assert match is not None
    assert match.groupdict() == {"level": "机密", "star": "★"}
    assert made.flags == fresh.flags
    assert made.groupindex == fresh.groupindex


def test_every_expression_of_the_grammar_comes_out_of_what_is_kept_as_it_was() -> None:
    grammar = Grammar(load_rules())
    kept = expressions.kept()
    assert precompiled.use(kept)
    forms = msgspec.msgpack.decode(kept, type=list[precompiled.Form])
    assert len(forms) > 100
    for form in forms:
        assert precompiled.pattern(form.source, form.flags) == re.compile(form.source, form.flags)
    assert grammar.find([]) == ()


def test_an_expression_uses_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    precompiled.use(precompiled.compiled([("绝密+", 0)]))
    with monkeypatch.context() as patched:
        patched.delattr(re, "compile")  # nothing is left that could compile it
        assert Expression("绝密+").fullmatch("绝密密") is not None
        with pytest.raises(AttributeError):
            Expression("机密+").fullmatch("机密")


@pytest.mark.parametrize("kept", [b"", b"\xc1", msgspec.msgpack.encode([["a"]]), msgspec.msgpack.encode({"a": 1})])
def test_what_nobody_kept_is_refused(kept: bytes) -> None:
    assert not precompiled.use(kept)
    assert precompiled.pattern("a+") == re.compile("a+")


def test_code_of_another_python_is_compiled_anew() -> None:
    (form,) = msgspec.msgpack.decode(precompiled.compiled([("a+", 0)]), type=list[precompiled.Form])
    foreign = msgspec.structs.replace(form, code=b"\xff" * len(form.code))
    assert precompiled.use(msgspec.msgpack.encode([foreign]))
    assert precompiled.pattern("a+") == re.compile("a+")


def test_a_mistake_is_told_as_ever() -> None:
    with pytest.raises(re.error):
        precompiled.pattern("(")
    with pytest.raises(re.error):
        precompiled.compiled([("(", 0)])
