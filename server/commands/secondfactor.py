"""``mijian-server secondfactor``: who has one, and taking it away from somebody who has lost it."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import CommandError, emit, open_home, tell


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand and its own subcommands."""
    parser = subparsers.add_parser("secondfactor", help=tell("second factors of accounts", "账号的双因素认证"))
    kinds = parser.add_subparsers(dest="kind", required=True)
    listing = kinds.add_parser("list", parents=[common], help=tell("which account has one", "列出各账号的设置情况"))
    listing.set_defaults(run=run_list)
    reset = kinds.add_parser(
        "reset", parents=[common], help=tell("take a lost one away; the sessions end", "清除丢失的因素并结束会话")
    )
    reset.add_argument("name", metavar=tell("NAME", "名称"))
    reset.set_defaults(run=run_reset)


def run_list(options: argparse.Namespace) -> int:
    """Print every account with its factors, and whether its role needs one."""
    open_home(options)
    from server.accounts.models import User
    from server.accounts.second_factor import demanded

    rows: list[dict[str, Any]] = []
    for user in User.objects.order_by("username").prefetch_related("factors"):
        kinds = sorted(factor.kind for factor in user.factors.all())
        rows.append({"user": user.username, "role": user.role, "factors": kinds, "demanded": demanded(user)})
    words = {True: tell("needed", "必须设置"), False: ""}
    lines = [
        "  ".join(filter(None, (row["user"], row["role"], ",".join(row["factors"]) or "-", words[row["demanded"]])))
        for row in rows
    ]
    emit(options, {"users": rows}, lines)
    return 0


def run_reset(options: argparse.Namespace) -> int:
    """Take all factors and recovery codes of an account away."""
    open_home(options)
    from server.accounts.models import User
    from server.accounts.second_factor import reset

    user = User.objects.filter(username=options.name).first()
    if user is None:
        raise CommandError(tell(f"there is no account {options.name}", f"没有账号 {options.name}"))
    count = reset(user, by=None)
    emit(
        options,
        {"user": user.username, "removed": count},
        [
            tell(
                f"took {count} second factor(s) of {user.username} away; the account's sessions have ended",
                f"已清除 {user.username} 的 {count} 个因素,其会话均已结束",
            )
        ],
    )
    return 0
