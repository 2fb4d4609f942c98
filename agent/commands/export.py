"""``mijian export FILE``: a sealed report to be carried by hand to the collector."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from agent import words
from agent.commands import UsageError, context
from agent.reporting import identity, sealed
from agent.reporting.outbox import Outbox


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("export", help=words.text("导出密封报告文件", "write a sealed report to a file"))
    parser.add_argument("file", type=Path, metavar="FILE", help=words.text("要写入的文件", "file to write"))
    parser.add_argument("--format", choices=("table", "json"), default="table", help=words.text("格式", "format"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Write everything that waits. Status 0, also where nothing waits; 2 where it cannot be written."""
    settings = context.load(options)
    with context.mistakes():
        mine = identity.load(settings.state)
        outbox = Outbox(settings.state, max_bytes=int(settings.outbox.max_mb * 1_000_000))
        try:
            held = {kind: count for kind, count in outbox.waiting().items() if count}
            written = sealed.export(outbox, mine, options.file)
        except sealed.SealedFileError as error:
            raise UsageError(str(error)) from error
        finally:
            outbox.close()
    if options.format == "json":
        files = [
            {"file": str(one.path), "sequence": one.leased.sequence, "bytes": len(one.leased.raw)} for one in written
        ]
        sys.stdout.write(json.dumps({"files": files, "records": held if written else {}}, ensure_ascii=False) + "\n")
        return 0
    if not written:
        sys.stdout.write(
            words.text("没有待上报的内容，未写文件\n", "nothing waits to be reported; no file was written\n")
        )
    for one in written:
        size = words.size(len(one.leased.raw))
        sys.stdout.write(
            words.text(
                f"已写入 {one.path}：第 {one.leased.sequence} 封，{size}\n",
                f"wrote {one.path}: envelope {one.leased.sequence}, {size}\n",
            )
        )
    if written:
        sums = ", ".join(f"{words.record(kind)} {count}" for kind, count in sorted(held.items()))
        sys.stdout.write(words.text(f"其中：{sums}\n", f"with: {sums}\n"))
    return 0
