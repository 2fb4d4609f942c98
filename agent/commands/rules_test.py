"""``mijian rules test``: each rule against its own examples."""

from __future__ import annotations

import argparse
import sys

from agent.commands import rules_options
from agent.words import text

WHAT = ("用规则自带的例子检验规则", "hold each rule against its own examples")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    rules_options.add_rules(parser)


def run(options: argparse.Namespace) -> int:
    """Try all examples, those of packs that are not enabled too. Status 0, or 1 where one fails."""
    from signatures.lints.examples import failures
    from signatures.markings import Grammar
    from signatures.rules import read_packs, rule_set

    rules = rule_set(read_packs(options.rules))
    grammar = Grammar(rules)
    count = 0
    for rule in rules.rules:
        for failure in failures(grammar, rule):
            count += 1
            example, found = failure.example, "; ".join(failure.found) or "—"
            shown = f"{example.text!r} ({example.zone})"
            wanted = text("应当匹配", "should match") if failure.wanted else text("不应匹配", "should not match")
            sys.stdout.write(f"{rule.id}: {wanted} {shown}{text(', 得到: ', ', got: ')}{found}\n")
    examples = sum(len(rule.examples.match) + len(rule.examples.no_match) for rule in rules.rules)
    sys.stdout.write(
        text(
            f"{len(rules.rules)} 条规则, {examples} 个例子, {count} 个不符\n",
            f"{len(rules.rules)} rules, {examples} examples, {count} failures\n",
        )
    )
    return 1 if count else 0
