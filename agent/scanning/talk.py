"""Talk: the literals that running text may be full of without being marked."""

from __future__ import annotations

from signatures.engine.bytecode import ENCODINGS, spellings
from signatures.passages import Zone
from signatures.rules import RuleSet


def talk_of(rules: RuleSet) -> frozenset[str]:
    """The literals that no pattern of the rules looks for in running text.

    Level words are among them: there the grammar takes them for a marking only at the start of a line, beside a star.
    """
    patterns = [rule for rule in rules.rules if rule.pattern is not None and Zone.BODY in rule.where()]
    wanted = "\0".join(entry.text.upper() for rule in patterns for entry in rule.literals)
    return frozenset(literal.text for literal in rules.literals if literal.text.upper() not in wanted)


def in_bytes(talk: frozenset[str]) -> frozenset[bytes]:
    """The same as bytes in every encoding."""
    return frozenset(form for text in talk for encoding in ENCODINGS for form in spellings(text, encoding))
