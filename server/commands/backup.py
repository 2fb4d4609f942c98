"""``mijian-server backup``: keys, settings and database in one sealed file, also while the collector runs."""

from __future__ import annotations

import argparse
import getpass
import sqlite3
import sys
from pathlib import Path
from typing import Any

from server import backup
from server.commands.base import CommandError, emit, open_home, refuse_postgresql, tell, who

SHORTEST = 12
"""Characters of the shortest passphrase that seals a backup: it guards every key of the collector."""


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "backup", parents=[common], help=tell("keys, settings and database in one file", "备份密钥、设置和数据库")
    )
    parser.add_argument("file", type=Path, metavar="FILE", help=tell("a new file", "新文件"))
    add_passphrase(parser)
    parser.set_defaults(run=run)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """The options by which a passphrase is given; without any it is asked for."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=tell("its first line is the passphrase", "首行为口令的文件"),
    )
    choice.add_argument(
        "--unsealed",
        action="store_true",
        help=tell("without a passphrase: whoever has the file has the keys", "不加密:持有该文件即持有全部密钥"),
    )


def passphrase_of(options: argparse.Namespace, *, again: bool) -> str | None:
    """The passphrase these options mean; None for none. With ``again`` it is asked for twice and may not be short."""
    if options.unsealed:
        return None
    if options.passphrase_file is not None:
        try:
            lines = options.passphrase_file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options.passphrase_file}: {getattr(error, 'strerror', None) or error}") from error
        phrase = lines[0] if lines else ""
    elif sys.stdin.isatty():
        phrase = getpass.getpass(tell("Passphrase: ", "口令:"))
        if again and phrase != getpass.getpass(tell("Once more: ", "再次输入:")):
            raise CommandError(tell("the two differ: nothing was written", "两次输入不一致:未写入任何内容"))
    else:
        raise CommandError(
            tell(
                "give --passphrase-file FILE, or --unsealed to do without",
                "请用 --passphrase-file 提供口令,或用 --unsealed 不加密",
            )
        )
    if again and len(phrase) < SHORTEST:
        raise CommandError(
            tell(f"a passphrase has at least {SHORTEST} characters", f"口令至少 {SHORTEST} 个字符"),
        )
    return phrase


def run(options: argparse.Namespace) -> int:
    """Make a backup."""
    place = open_home(options)
    refuse_postgresql()
    target = options.file.absolute()
    if target.exists():
        raise CommandError(tell(f"{target} is there already: name a new file", f"{target} 已存在:请指定新文件"))
    phrase = passphrase_of(options, again=True)
    try:
        manifest = backup.make(place, target, phrase)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(tell(f"no backup was made: {error}", f"未能备份:{error}")) from error
    size, sealed = target.stat().st_size, phrase is not None
    content = {"file": str(target), "bytes": size, "made": manifest.made, "sealed": sealed}
    untold = _note(size, sealed)
    kept = tell("Keep it and its passphrase apart.", "请将备份与口令分开保管。")
    loose = tell("It is NOT sealed: it holds every key of this collector.", "备份未加密:其中含有收集端全部密钥。")
    emit(options, content, [tell(f"backup: {target}", f"备份:{target}"), kept if sealed else loose, *untold])
    return 0


def _note(size: int, sealed: bool) -> list[str]:
    """Write into the audit log that there is a backup, for the page Health; what to say where that fails."""
    from django.db import DatabaseError

    from server.audit import record

    try:
        record(backup.MADE, actor=None, obj=None, bytes=size, sealed=sealed, by=who())
    except DatabaseError as error:
        return [tell(f"The page Health will not know of it: {error}", f"“运行状况”页面不会显示此次备份:{error}")]
    return []
