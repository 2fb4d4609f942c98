"""``mijian-server release``: takes in envelopes that are held for one that will never come."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import CommandError, computer_named, emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("release", parents=[common], help=tell("end a gap", "结束缺号等待"))
    parser.add_argument("computer", help=tell("its id, number or name", "编号、资产编号或名称"))
    parser.add_argument("--reason", required=True, help=tell("why the gap stays, for the audit", "原因(记入审计)"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Release the held envelopes of one computer."""
    open_home(options)
    from server.intake.fanout import drain_if_free
    from server.intake.release import release_held

    try:
        count = release_held(computer_named(options.computer), by=None, reason=options.reason)
    except ValueError as error:
        raise CommandError(str(error)) from error
    drain_if_free()
    emit(options, {"released": count}, [tell(f"{count} envelopes released", f"已放行 {count} 个信封")])
    return 0
