"""``mijian-server restore``: a backup's content into an empty home, after all of it was checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from server import backup
from server.commands.backup import add_passphrase, passphrase_of
from server.commands.base import CommandError, choose_home, emit, migrate, refuse_postgresql, start_django, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "restore", parents=[common], help=tell("a backup into an empty home", "将备份恢复到空目录")
    )
    parser.add_argument("file", type=Path, metavar="FILE", help=tell("the backup", "备份文件"))
    add_passphrase(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Restore, bring the database up to date, and say what the time between means."""
    place = choose_home(options)
    refuse_postgresql()
    try:
        manifest = backup.restore(options.file, place, passphrase_of(options, again=False))
    except backup.BackupError as error:
        raise CommandError(f"{options.file}: {tell(*backup.REASONS[error.reason])}") from error
    except OSError as error:
        raise CommandError(tell(f"nothing was restored: {error}", f"未恢复任何内容:{error}")) from error
    start_django()
    migrate()
    from server.audit import record

    record("collector.restored", actor=None, obj=None, made=manifest.made.isoformat(), version=manifest.version)
    when = f"{manifest.made.astimezone():%Y-%m-%d %H:%M}"
    lines = [
        tell(f"restored: {place}, as it was on {when}", f"已恢复:{place},为 {when} 的状态"),
        tell(
            "What computers reported after that is not in it. Their next reports show as gaps on the Imports page: "
            "have those computers scan again, then 'mijian-server release' each.",
            "此后各计算机上报的内容不在其中,其后续报告会在导入页显示为断档:"
            "请让这些计算机重新扫描,再逐一 mijian-server release。",
        ),
        tell("Check it: mijian-server verify", "请校验:mijian-server verify"),
    ]
    emit(options, {"home": str(place), "made": manifest.made, "version": manifest.version}, lines)
    return 0
