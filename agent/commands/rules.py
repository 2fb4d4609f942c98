"""``mijian rules``: list the rules in force, and hold each against its own examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent.words import language, text

if TYPE_CHECKING:
    from signatures.markings import Grammar
    from signatures.rules import Example, Rule

ALERT = 45
"""Least confidence at which a finding is shown, and so at which an example counts as found."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The options of ``mijian rules``."""
    parser = subparsers.add_parser("rules", help=text("列出和检验规则", "list and test the rules"))
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, what in (
        ("list", text("列出有效的规则", "list the rules in force")),
        ("test", text("用规则自带的例子检验规则", "hold each rule against its own examples")),
    ):
        action = actions.add_parser(name, help=what)
        action.add_argument("--rules", type=Path, metavar="DIR", help=text("规则包目录", "directory of rule packs"))


def run(options: argparse.Namespace) -> int:
    """List or test. Returns 0, or 1 where an example fails. Raises `FileMistake` for rules that cannot be read."""
    from signatures.rules import load_rules

    rules = load_rules(options.rules)
    if options.action == "list":
        for pack in rules.packs:
            sys.stdout.write(f"{pack.pack}: {getattr(pack.title, language())}\n")
            for rule in pack.rules:
                level = f" [{rule.level}]" if rule.level else ""
                sys.stdout.write(f"  {rule.id}{level}: {getattr(rule.title, language())} ({rule.severity.value})\n")
        sys.stdout.write(f"{rules.digest}\n")
        return 0
    from signatures.markings import Grammar

    grammar = Grammar(rules)
    failures = [failure for rule in rules.rules for failure in _failures(grammar, rule)]
    for failure in failures:
        sys.stdout.write(f"{failure}\n")
    examples = sum(len(rule.examples.match) + len(rule.examples.no_match) for rule in rules.rules)
    sys.stdout.write(
        text(
            f"{len(rules.rules)} 条规则, {examples} 个例子, {len(failures)} 个不符\n",
            f"{len(rules.rules)} rules, {examples} examples, {len(failures)} failures\n",
        )
    )
    return 1 if failures else 0


def _failures(grammar: Grammar, rule: Rule) -> Iterator[str]:
    """One line for each example of a rule that it does not live up to."""
    from signatures.passages import Passage

    if rule.family != "notation":  # negative evidence: it takes points from findings and is never one
        for example in rule.examples.match:
            findings = grammar.find([Passage(example.zone, example.text)], least=ALERT)
            if not any(_is(finding, rule, example) for finding in findings):
                got = ", ".join(f"{f.rule} {f.level} {f.period} {f.confidence}" for f in findings) or "—"
                yield text(
                    f"{rule.id}: 应当匹配 {example.text!r} ({example.zone}), 得到 {got}",
                    f"{rule.id}: should match {example.text!r} ({example.zone}), got {got}",
                )
    for example in rule.examples.no_match:
        findings = grammar.find([Passage(example.zone, example.text)], least=ALERT)
        if any(finding.rule == rule.id for finding in findings):
            yield text(
                f"{rule.id}: 不应匹配 {example.text!r} ({example.zone})",
                f"{rule.id}: should not match {example.text!r} ({example.zone})",
            )


def _is(finding: object, rule: Rule, example: Example) -> bool:
    from protocol.records import Finding

    return (
        isinstance(finding, Finding)
        and finding.rule == rule.id
        and example.level in (None, finding.level)
        and example.period in (None, finding.period)
        and set(example.codes) <= set(finding.codes)
    )
