"""``mijian check``: self-check of this computer: the verdict of each check, with control, clause and what to do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from agent import words
from agent.checks.base import CheckResult
from agent.checks.isolation import IsolationCheck
from agent.commands import UsageError, context
from agent.reporting import identity
from agent.settings import Settings
from protocol.records import CheckOutcome, ComputerClass
from signatures.controls import Control, load_controls

OUTCOMES = {
    CheckOutcome.PASS: ("通过", "pass"),
    CheckOutcome.FAIL: ("不合格", "FAIL"),
    CheckOutcome.NOT_APPLICABLE: ("不适用", "not applicable"),
    CheckOutcome.MANUAL: ("需人工检查", "manual"),
    CheckOutcome.ERROR: ("无法检查", "could not be checked"),
}
NO_CLASS = "the class of this computer is not known: enrol it, or give --class"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("check", help=words.text("自查本机", "self-check of this computer"))
    parser.add_argument(
        "--profile",
        "--class",
        dest="computer_class",
        choices=[one.value for one in ComputerClass],
        help=words.text(
            "检查方案，即计算机类别；默认为登记的类别",
            "the checks for one class of computer; by default for the class it is enrolled as",
        ),
    )
    parser.add_argument(
        "--format",
        choices=("table", "jsonl", "html", "pdf"),
        default="table",
        help=words.text("格式：table 或 jsonl", "format: table or jsonl"),
    )
    parser.add_argument("--output", type=Path, help=words.text("写入文件", "write to this file"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Check and print. Status 0 where all passes, 1 where anything fails, 3 where nothing could be said."""
    if options.format in ("html", "pdf"):
        raise UsageError(
            words.text(
                f"本版本尚不支持 {options.format} 格式；请用 table 或 jsonl",
                f"the format {options.format} is not available in this version; use table or jsonl",
            )
        )
    settings = context.load(options)
    controls = load_controls()
    results = check(settings, _computer_class(options, settings))
    told = b"".join(
        msgspec.json.encode(_row(result, controls[result.control])) + b"\n"
        if options.format == "jsonl"
        else _words(result, controls[result.control]).encode()
        for result in results
    )
    if options.output is None:
        sys.stdout.buffer.write(told)
    else:
        try:
            options.output.write_bytes(told)
        except OSError as error:
            raise UsageError(f"{options.output}: {error.strerror}") from error
    outcomes = {result.outcome for result in results}
    return 1 if CheckOutcome.FAIL in outcomes else 0 if outcomes == {CheckOutcome.PASS} else 3


def check(settings: Settings, computer_class: ComputerClass | None) -> list[CheckResult]:
    """Every check's result."""
    if computer_class is None:
        return [CheckResult(control=IsolationCheck.control, outcome=CheckOutcome.ERROR, why=NO_CLASS)]
    return [IsolationCheck(computer_class, settings.isolation).run()]


def _computer_class(options: argparse.Namespace, settings: Settings) -> ComputerClass | None:
    if options.computer_class:
        return ComputerClass(options.computer_class)
    try:
        return identity.load(settings.state).computer_class
    except identity.IdentityError:
        return None


def _row(result: CheckResult, control: Control) -> dict[str, Any]:
    return {
        "control": result.control,
        "title": control.title.pick(words.language()),
        "clause": control.clause,
        "severity": control.severity,
        "outcome": result.outcome,
        "why": result.why,
        "signals": result.evidence.signals if result.evidence else (),
        "remedy": control.remedy.pick(words.language()) if result.outcome is CheckOutcome.FAIL else "",
    }


def _words(result: CheckResult, control: Control) -> str:
    language = words.language()
    lines = [f"{result.control}  {words.text(*OUTCOMES[result.outcome])}  {control.title.pick(language)}"]
    if result.why:
        lines.append(result.why)
    if result.evidence:
        lines.append(words.text("迹象：", "signals: ") + ", ".join(result.evidence.signals))
    if result.outcome is CheckOutcome.FAIL:
        lines.append(words.text("要求：", "rule: ") + control.rule.pick(language))
        lines.append(words.text("依据：", "clause: ") + control.clause)
        lines.append(words.text("处置：", "what to do: ") + control.remedy.pick(language))
    return "\n        ".join(lines) + "\n"
