"""The command ``mijian-server``: sets a collector up, runs it, and brings in what came on a stick.

Exit codes: 0 done · 1 done, but the answer is no (something was refused, a check failed) · 2 usage or settings.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from server.commands import (
    backup,
    createuser,
    export,
    import_,
    init,
    notify,
    purge,
    release,
    report,
    restore,
    revoke,
    rules,
    secondfactor,
    serve,
    simulate,
    token,
    verify,
)
from server.commands.base import CommandError, common_options, tell
from server.keys import KeysError
from signatures.strict_yaml import FileMistake

COMMANDS = (
    init, createuser, secondfactor, token, serve, import_, export, report, rules, release, revoke, notify,
    backup, restore, verify, purge, simulate,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    top = argparse.ArgumentParser(
        prog="mijian-server",
        description=tell("The collector of Mijian.", "密检收集端。"),
        epilog=tell(
            "First time: mijian-server init, then createuser, token create and serve.",
            "首次使用:先 mijian-server init,再 createuser、token create,最后 serve。",
        ),
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar=tell("COMMAND", "命令"))
    for command in COMMANDS:
        command.add_parser(subparsers, common_options())
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (CommandError, KeysError, ImproperlyConfigured, FileMistake) as error:
        print(f"mijian-server: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except DatabaseError as error:
        print(  # noqa: T201
            tell(
                f"mijian-server: the database cannot be used: {error}",
                f"mijian-server: 数据库无法使用:{error}",
            ),
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130
    return code
