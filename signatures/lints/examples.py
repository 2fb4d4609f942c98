"""Lints of examples: the proof that comes with each rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from protocol.records import Finding
from signatures.lints.base import Entry, Fault, Lint
from signatures.markings import Grammar
from signatures.markings.scoring import REVIEW
from signatures.passages import Passage
from signatures.rules import Example, Pack, Rule, Words, rule_set

NOTATION = "notation"
"""The family whose rules are evidence and never findings."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that its rule does not live up to."""

    example: Example
    wanted: bool
    """Whether the rule should have found it."""
    found: tuple[str, ...]
    """What was found instead: rule, level, period, codes and confidence of each finding."""


def failures(grammar: Grammar, rule: Rule) -> Iterator[Failure]:
    """Every example of a rule that it should find and does not, or finds and should not."""
    find = _notation if rule.family == NOTATION else _finding
    for example in rule.examples.match:
        right, found = find(grammar, rule, example)
        if not right:
            yield Failure(example, True, found)
    for example in rule.examples.no_match:
        if rule.family == NOTATION:
            seen = [n.level for n in grammar.notations([Passage(example.zone, example.text)])]
            if rule.level in seen:
                yield Failure(example, False, tuple(seen))
        else:
            hits = [f for f in _findings(grammar, example) if f.rule == rule.id]
            if hits:
                yield Failure(example, False, tuple(map(_told, hits)))


def _findings(grammar: Grammar, example: Example) -> tuple[Finding, ...]:
    return grammar.find([Passage(example.zone, example.text)], least=REVIEW)


def _finding(grammar: Grammar, rule: Rule, example: Example) -> tuple[bool, tuple[str, ...]]:
    findings = _findings(grammar, example)
    return any(_is(f, rule, example) for f in findings), tuple(map(_told, findings))


def _notation(grammar: Grammar, rule: Rule, example: Example) -> tuple[bool, tuple[str, ...]]:
    seen = tuple(n.level for n in grammar.notations([Passage(example.zone, example.text)]))
    return (example.level or rule.level) in seen, seen


def _is(finding: Finding, rule: Rule, example: Example) -> bool:
    return (
        finding.rule == rule.id
        and example.level in (None, finding.level)
        and example.period in (None, finding.period)
        and set(example.codes) <= set(finding.codes)
    )


def _told(finding: Finding) -> str:
    parts = [finding.rule, finding.level or "—", finding.period or "—", *finding.codes, str(finding.confidence)]
    return " ".join(parts)


class ExamplesMissing(Lint):
    """Every rule proves itself by at least one example that it must match and one that it must not."""

    name = "examples-missing"
    says = Words(
        zh="每条规则至少有一个应匹配和一个不应匹配的例子。",
        en="Every rule proves itself by at least one example that it must match and one that it must not.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse a rule without either."""
        examples = entry.rule.examples
        for name, given in (("match", examples.match), ("no_match", examples.no_match)):
            if not given:
                yield self.fault(
                    entry, "examples",
                    Words(zh=f"没有 examples.{name}", en=f"it has no examples.{name}"),
                    Words(
                        zh="写一个真实的例子。" if name == "match" else "写一个相似但不是标志的例子。",
                        en="Write a real one." if name == "match" else "Write one that looks alike and is no marking.",
                    ),
                )  # fmt: skip


class _Proof(Lint):
    """What both lints of examples share: one grammar of all the rules that can be used."""

    wanted: bool

    def of_all(self, entries: list[Entry]) -> Iterator[Fault]:
        """Hold each rule against its own examples, all the others being in force beside it."""
        grammar = Grammar(rule_set(_packs(entries)))
        for entry in entries:
            for failure in failures(grammar, entry.rule):
                if failure.wanted is self.wanted:
                    yield self.fault(entry, "examples", self.wrong(failure), self.mend())

    def wrong(self, failure: Failure) -> Words:
        """What went wrong with one example."""
        raise NotImplementedError

    def mend(self) -> Words:
        """What to do about it."""
        raise NotImplementedError


class ExampleNotFound(_Proof):
    """A rule finds every example that it must match, with the level, period and codes told there."""

    name = "example-not-found"
    says = Words(
        zh="规则必须找到每个应匹配的例子, 密级、期限和代码也要相符。",
        en="A rule finds every example that it must match, with the level, period and codes told there.",
    )
    wanted = True

    def wrong(self, failure: Failure) -> Words:
        """Which example, and what was found in its place."""
        example, found = failure.example, "; ".join(failure.found) or "—"
        return Words(
            zh=f"应当匹配 {example.text!r} ({example.zone}), 得到: {found}",
            en=f"should match {example.text!r} ({example.zone}), got: {found}",
        )

    def mend(self) -> Words:
        """Ask the grammar why."""
        return Words(
            zh="用 mijian rules explain 查看原因, 再改规则或例子。",
            en="See why with `mijian rules explain`, then mend the rule or the example.",
        )


class ExampleFound(_Proof):
    """A rule leaves every example alone that it must not match."""

    name = "example-found"
    says = Words(
        zh="规则不得匹配任何反例。",
        en="A rule leaves every example alone that it must not match.",
    )
    wanted = False

    def wrong(self, failure: Failure) -> Words:
        """Which example, and as what it was found."""
        example, found = failure.example, "; ".join(failure.found)
        return Words(
            zh=f"不应匹配 {example.text!r} ({example.zone}), 得到: {found}",
            en=f"should not match {example.text!r} ({example.zone}), got: {found}",
        )

    def mend(self) -> Words:
        """Narrow it."""
        return Words(
            zh="收紧 pattern、zones 或 units; 用 mijian rules explain 查看原因。",
            en="Narrow pattern, zones or units; see why with `mijian rules explain`.",
        )


def _packs(entries: list[Entry]) -> list[Pack]:
    by_file: dict[str, list[Entry]] = {}
    for entry in entries:
        by_file.setdefault(str(entry.source.file), []).append(entry)
    return [
        msgspec.structs.replace(group[0].pack, rules=[entry.rule for entry in group], enabled=True)
        for group in by_file.values()
    ]
