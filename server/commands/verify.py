"""``mijian-server verify``: checks keys, database and the chain of the audit log."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "verify", parents=[common], help=tell("check database and audit log", "校验数据库与审计日志")
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check everything; 1 where something is not whole."""
    open_home(options)
    from django.db import connections

    from server.audit.log import verify_chain

    sound = all(_sound(connections[alias]) for alias in connections)
    chain = verify_chain()
    content = {
        "database": "ok" if sound else "damaged",
        "audit_entries": chain.entries,
        "audit_head": chain.head,
        "audit_broken_at": chain.broken_at,
        "ok": sound and chain.whole,
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
    emit(options, content, lines)
    return 0 if content["ok"] else 1


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
