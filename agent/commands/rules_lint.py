"""``mijian rules lint``: what is wrong with rules and profiles: file, line, rule, and how to mend it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from agent.commands import rules_options
from agent.words import language, printable, text

WHAT = ("查找规则中的错误并说明如何改正", "tell what is wrong with rules and how to mend it")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the action."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help=text(
            "规则包、检查方案或其目录 (默认: 自带的)",
            "packs, profiles of self-checks or folders of them (default: ours)",
        ),
    )
    rules_options.add_format(parser)


def run(options: argparse.Namespace) -> int:
    """Lint and print. Status 0, or 1 where there is an error (warnings alone leave it 0)."""
    from agent.commands.rules_lint_profiles import NAME, SENTENCE, lint_profiles, split
    from signatures.lints import SENTENCES, Weight, lint

    rules_options.must_exist(options.paths)
    profiles, packs = split(options.paths)
    faults = lint_profiles(profiles) + (lint(packs) if packs or not options.paths else [])
    errors = sum(fault.weight is Weight.ERROR for fault in faults)
    if options.format == "json":
        answer = {
            "faults": faults,
            "errors": errors,
            "warnings": len(faults) - errors,
            "lints": {**SENTENCES, NAME: SENTENCE},
        }
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
        return 1 if errors else 0
    for fault in faults:
        weight = text("错误", "error") if fault.weight is Weight.ERROR else text("提示", "warning")
        rule = f" {fault.rule}:" if fault.rule else ""
        wrong, mend = getattr(fault.wrong, language()), getattr(fault.mend, language())
        sys.stdout.write(printable(f"{fault.file}:{fault.line}:{rule} {wrong} [{weight}: {fault.lint}]") + "\n")
        sys.stdout.write(f"    → {printable(mend)}\n")
    sys.stdout.write(
        text(
            f"{errors} 个错误, {len(faults) - errors} 个提示\n",
            f"{errors} errors, {len(faults) - errors} warnings\n",
        )
    )
    return 1 if errors else 0
