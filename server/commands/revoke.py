"""``mijian-server revoke``: withdraws a computer's enrolment; its envelopes are refused from now on."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import CommandError, computer_named, emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "revoke", parents=[common], help=tell("withdraw a computer's enrolment", "撤销计算机的接入")
    )
    parser.add_argument("computer", help=tell("its id, number or name", "编号、资产编号或名称"))
    parser.add_argument("--reason", required=True, help=tell("why, for the audit", "原因(记入审计)"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Withdraw the enrolment."""
    open_home(options)
    from server.ledger.actions import LedgerMistakes, revoke

    computer = computer_named(options.computer)
    try:
        revoke(computer, by=None, reason=options.reason)
    except LedgerMistakes as wrong:
        raise CommandError(str(wrong)) from wrong
    told = tell(
        f"{computer.name}: withdrawn, what it sends is refused from now on", f"{computer.name}:已撤销,今后拒收其报告"
    )
    emit(options, {"revoked": str(computer.pk), "name": computer.name}, [told])
    return 0
