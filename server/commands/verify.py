"""``mijian-server verify``: checks the databases, the chain of the audit log and the files of reports."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "verify", parents=[common], help=tell("check database, audit log and reports", "校验数据库、审计日志与报告文件")
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check everything; 1 where something is not whole."""
    open_home(options)
    from django.db import connections

    from server.audit.log import verify_chain

    sound = all(_sound(connections[alias]) for alias in connections)
    chain = verify_chain()
    files, wrong = _reports()
    content = {
        "database": "ok" if sound else "damaged",
        "audit_entries": chain.entries,
        "audit_head": chain.head,
        "audit_broken_at": chain.broken_at,
        "report_files": files,
        "report_files_wrong": wrong,
        "ok": sound and chain.whole and not wrong,
    }
    lines = [
        tell("database: sound", "数据库:完好") if sound else tell("database: DAMAGED", "数据库:已损坏"),
        tell(f"audit log: {chain.entries} entries in order", f"审计日志:{chain.entries} 条连续")
        if chain.whole
        else tell(
            f"audit log: BROKEN at entry {chain.broken_at}: it or one before it was changed",
            f"审计日志:第 {chain.broken_at} 条不符,该条或其前一条被改动",
        ),
        tell(f"its head: {chain.head}", f"链尾:{chain.head}"),
    ]
    lines.append(tell(f"files of reports: {files}", f"报告文件:{files} 个"))
    lines += [
        tell(f"{name}: MISSING", f"{name}:缺失")
        if why == "missing"
        else tell(f"{name}: ALTERED since it was made", f"{name}:生成后被改动")
        for name, why in wrong.items()
    ]
    emit(options, content, lines)
    return 0 if content["ok"] else 1


def _reports() -> tuple[int, dict[str, str]]:
    """How many files of reports there are, and each that is missing or not as it was made."""
    from server.reports.models import ReportFile
    from server.reports.shelf import FileGone, take

    count, wrong = 0, {}
    for file in ReportFile.objects.select_related("report").iterator(chunk_size=500):
        count += 1
        try:
            take(file)
        except FileGone as error:
            wrong[str(file)] = error.reason
    return count, wrong


def _sound(connection: Any) -> bool:
    """Whether a database is whole and no row points to one that is not there. PostgreSQL sees to both by itself."""
    if connection.vendor != "sqlite":
        connection.ensure_connection()
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        if cursor.fetchall() != [("ok",)]:
            return False
        cursor.execute("PRAGMA foreign_key_check")
        return not cursor.fetchall()
