"""``mijian-server verify``: checks the databases, the chain of the audit log and the files of reports, or a backup."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from server.commands.backup import add_passphrase, passphrase_of
from server.commands.base import CommandError, emit, open_home, refuse_postgresql, tell, who


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "verify", parents=[common], help=tell("check database, audit log and reports", "校验数据库、审计日志与报告文件")
    )
    backup = tell(
        "try this backup out instead: all of a restore, without changing anything",
        "改为检验此备份:执行完整恢复检查,不改动任何内容",
    )
    parser.add_argument("--backup", type=Path, metavar="FILE", help=backup)
    add_passphrase(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check everything; 1 where something is not whole."""
    place = open_home(options)
    if options.backup is not None:
        return _try_out(options, place)
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


def _try_out(options: argparse.Namespace, place: Path) -> int:
    """Try a backup out, and write into the audit log that it can be restored; 1 where it is another collector's."""
    from server import backup
    from server.audit import record
    from server.audit.models import Entry

    refuse_postgresql()
    try:
        trial = backup.try_out(options.backup, place, passphrase_of(options, again=False))
    except backup.BackupError as error:
        raise CommandError(f"{options.backup}: {tell(*backup.REASONS[error.reason])}") from error
    except OSError as error:
        raise CommandError(tell(f"it could not be tried out: {error}", f"未能检验:{error}")) from error
    ours = Entry.objects.filter(pk=trial.entry, hash=trial.head).exists()
    made = trial.manifest.made
    when = f"{made.astimezone():%Y-%m-%d %H:%M}"
    if ours:
        record(backup.TRIED, actor=None, obj=None, made=made.isoformat(), by=who())
    lines = [
        tell(f"{options.backup}: can be restored, as of {when}", f"{options.backup}:可以恢复,为 {when} 的状态"),
        tell(f"audit log: up to entry {trial.entry}, as here", f"审计日志:至第 {trial.entry} 条,与本机一致")
        if ours
        else tell(
            "audit log: its last entry is NOT in the log here: it is of another collector, or this log was altered",
            "审计日志:其最后一条不在本机日志中:该备份属于另一收集端,或本机日志被改动",
        ),
    ]
    emit(options, {"file": str(options.backup), "made": made, "audit_entries": trial.entry, "ok": ours}, lines)
    return 0 if ours else 1


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


UNCHECKED = (
    ("violations_group", "computer_id", "ledger_computer"),
    ("violations_occurrence", "computer_id", "ledger_computer"),
    ("violations_occurrence", "group_id", "violations_group"),
)
"""References that no foreign key of PostgreSQL checks: migration ``postgresql_checks_once`` of violations says why."""


def _astray(connection: Any, table: str, column: str, other: str) -> bool:
    """Whether a row names one that is not there."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {table} WHERE NOT EXISTS "  # noqa: S608 (names of our own)
            f"(SELECT FROM {other} WHERE {other}.id = {table}.{column}))"
        )
        return bool(cursor.fetchone()[0])


def _sound(connection: Any) -> bool:
    """Whether a database is whole and no row points to one that is not there.

    PostgreSQL sees to both by itself, but for what the fan-out stores: there it is asked about all rows at once.
    """
    if connection.vendor != "sqlite":
        return not any(_astray(connection, *reference) for reference in UNCHECKED)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        if cursor.fetchall() != [("ok",)]:
            return False
        cursor.execute("PRAGMA foreign_key_check")
        return not cursor.fetchall()
