"""``mijian-server export``: violations for other programs, as JSON Lines, CSV, OCSF or CEF."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from server.commands.base import CommandError, emit, into_new_file, life, open_home, tell, who

FORMS = {"jsonl": "jsonl", "csv": "csv_", "ocsf": "ocsf", "cef": "cef"}
"""Form → the module of `server.exports` that writes it."""


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "export",
        parents=[common],
        help=tell("violations for other programs", "导出违规供其他系统使用"),
        description=tell(
            "Writes violations as JSON Lines, CSV, OCSF or CEF. No path and no name of a file is in it.",
            "将违规导出为 JSON Lines、CSV、OCSF 或 CEF;不含路径和文件名。",
        ),
    )
    parser.add_argument("file", metavar="FILE", help=tell("a new file, or - for the terminal", "新文件;- 表示标准输出"))
    parser.add_argument("--as", dest="form", choices=FORMS, default="jsonl", help=tell("form (jsonl)", "格式(jsonl)"))
    parser.add_argument(
        "--since",
        type=_since,
        metavar="DATE|AGE",
        help=tell("only what changed since: 2026-11-01 or 7d", "仅导出此后有变化的:2026-11-01 或 7d"),
    )
    parser.add_argument(
        "--state", action="append", default=[], help=tell("only in this state (again for more)", "仅该状态(可重复)")
    )
    parser.set_defaults(run=run)


def _since(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) - life(text)
    return moment if moment.tzinfo else moment.astimezone()


def run(options: argparse.Namespace) -> int:
    """Export."""
    open_home(options)
    from server.audit import record
    from server.exports.rows import rows
    from server.violations.models import State

    if unknown := set(options.state) - set(State.values):
        known = ", ".join(State.values)
        raise CommandError(tell(f"no such state: {', '.join(unknown)}; known are {known}",
                                f"没有该状态:{', '.join(unknown)};可用:{known}"))  # fmt: skip
    count = _Counted(rows(since=options.since, states=frozenset(options.state), language=tell("en", "zh")))
    write: Callable[[Iterable[Any]], Iterator[bytes]] = import_module(f"server.exports.{FORMS[options.form]}").lines
    if options.file == "-":
        sys.stdout.buffer.writelines(write(count))
        sys.stdout.buffer.flush()
    else:
        into_new_file(Path(options.file), write(count))
    record("violations.exported", form=options.form, count=count.number, by=who())
    if options.file != "-":
        emit(
            options,
            {"file": options.file, "form": options.form, "violations": count.number},
            [tell(f"{options.file}: {count.number} violations", f"{options.file}:{count.number} 条违规")],
        )
    return 0


class _Counted:
    """Counts what goes through."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            self.number += 1
            yield row
