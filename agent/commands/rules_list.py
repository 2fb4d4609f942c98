"""``mijian rules list``: which rules there are, and which of them are in force."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from agent.commands import UsageError, rules_options
from agent.words import language, severity, text

if TYPE_CHECKING:
    from signatures.rules import Pack, Rule

WHAT = ("列出规则", "list the rules")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    rules_options.add_rules(parser)
    parser.add_argument("--family", metavar="F", help=text("只列出这一类别", "only rules of this family"))
    rules_options.add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Print packs and rules. Status 0. Raises `UsageError` for a family that no rule has, and `FileMistake`."""
    from signatures.rules import load_rules, read_packs

    packs = read_packs(options.rules)
    families = sorted({rule.family for pack in packs for rule in pack.rules})
    if options.family is not None and options.family not in families:
        listed = ", ".join(families)
        raise UsageError(
            text(
                f"--family: 没有类别 {options.family!r} 的规则; 有: {listed}",
                f"--family: no rule is of the family {options.family!r}; there are: {listed}",
            )
        )
    rows = [(pack, [r for r in pack.rules if options.family in (None, r.family)]) for pack in packs]
    rows = [(pack, rules) for pack, rules in rows if rules]
    digest = load_rules(options.rules).digest
    if options.format == "json":
        answer = {"rules": [_row(pack, rule) for pack, rules in rows for rule in rules], "digest": digest}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
        return 0
    for pack, rules in rows:
        asked = "" if pack.enabled else text(" (须指名启用)", " (only where asked for by name)")
        sys.stdout.write(f"{pack.pack}: {getattr(pack.title, language())}{asked}\n")
        for rule in rules:
            level = f" [{rule.level}]" if rule.level else ""
            sys.stdout.write(f"  {rule.id}{level}: {getattr(rule.title, language())} ({severity(rule.severity)})\n")
    sys.stdout.write(f"{digest}\n")
    return 0


def _row(pack: Pack, rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "pack": pack.pack,
        "enabled": pack.enabled,
        "family": rule.family,
        "title": {"zh": rule.title.zh, "en": rule.title.en},
        "level": rule.level,
        "severity": rule.severity,
        "severities": rule.severities,
        "zones": rule.zones,
        "controls": rule.controls,
        "references": rule.references,
        "examples": len(rule.examples.match) + len(rule.examples.no_match),
    }
