"""Lints of literals: what the sieve looks for before anything is read."""

from __future__ import annotations

from collections.abc import Iterator

from signatures.lints.base import Entry, Fault, Lint
from signatures.markings.triggers import narrowed, trigger_of
from signatures.rules import Words, rule_set

SHORTEST = 2
"""Characters; one alone would let nearly every file through the sieve."""
_NOTATION = "notation"


class LiteralShort(Lint):
    """A literal has at least two characters, of which blanks do not count."""

    name = "literal-short"
    says = Words(
        zh="literal 至少两个字符(空白不计), 否则几乎所有文件都要细读。",
        en="A literal has at least two characters, of which blanks do not count; one would let every file through.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse what is shorter."""
        for literal in entry.rule.literals:
            if len(literal.text.replace(" ", "").replace("\t", "")) < SHORTEST:
                yield self.fault(
                    entry, "literals",
                    Words(zh=f"literal {literal.text!r} 太短", en=f"the literal {literal.text!r} is too short"),
                    Words(
                        zh="写出规则必含的更长的词。",
                        en="Give a longer piece of what the rule cannot match without.",
                    ),
                )  # fmt: skip


class LiteralMissing(Lint):
    """In every example that a rule must match stands one of its literals: the sieve looks for nothing else."""

    name = "literal-missing"
    says = Words(
        zh="每个应匹配的例子都含有本规则的某个 literal; 筛选只找它们。",
        en="In every example that a rule must match stands one of its literals: the sieve looks for nothing else.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse a rule without literals, and one that the sieve would pass over on its own example."""
        rule = entry.rule
        if rule.family == _NOTATION and not rule.literals:
            return
        if not rule.literals:
            yield self.fault(
                entry, "id",
                Words(zh="没有 literal, 筛选永远不会想到它", en="it has no literal, so the sieve never thinks of it"),
                Words(zh="写出匹配必含的词。", en="Name words without which it cannot match."),
            )  # fmt: skip
            return
        trigger = trigger_of(rule_set([entry.pack]).literals_of([rule]))
        for example in rule.examples.match:
            if not trigger.search(narrowed(example.text)):
                yield self.fault(
                    entry, "literals",
                    Words(
                        zh=f"例子 {example.text!r} 中没有任何 literal, 筛选会漏掉它",
                        en=f"no literal stands in the example {example.text!r}: the sieve would pass over it",
                    ),
                    Words(
                        zh="补上这种写法必含的词。",
                        en="Add a literal for this way of writing.",
                    ),
                )  # fmt: skip
