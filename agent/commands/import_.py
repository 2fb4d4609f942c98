"""``mijian import FILE…``: receipts that come back from the collector by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agent import words
from agent.commands import UsageError, context
from agent.reporting import identity, sealed
from agent.reporting.outbox import Outbox
from protocol.receipts import Answer


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("import", help=words.text("导入采集端回执", "take in receipts of the collector"))
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=words.text("回执文件", "receipt"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Take the receipts. Status 0; 1 where the collector refused an envelope; 2 for a file that is no receipt."""
    settings = context.load(options)
    refused = False
    with context.mistakes():
        mine = identity.load(settings.state)
        outbox = Outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        try:
            for path in options.files:
                receipt, _ = sealed.take_receipt(outbox, mine, path)
                refused |= receipt.answer is Answer.REFUSED
                said = f"{receipt.answer} {receipt.reason} {receipt.message}".strip()
                sys.stdout.write(
                    words.text(f"第 {receipt.sequence} 封：{said}\n", f"envelope {receipt.sequence}: {said}\n")
                )
        except sealed.SealedFileError as error:
            raise UsageError(str(error)) from error
        finally:
            outbox.close()
    if refused:
        sys.stdout.write(words.text("记录保留，请重新导出\n", "the records are kept: export them again\n"))
    return 1 if refused else 0
