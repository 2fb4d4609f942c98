"""``mijian rules``: everything about rules as data; each action is a file ``rules_<action>.py`` of its own."""

from __future__ import annotations

import argparse
from importlib import import_module

from agent.commands import UsageError
from agent.words import text

ACTIONS = ("list", "test", "lint", "explain", "schema", "keygen", "sign", "verify", "install")
"""Each names its module, which has ``WHAT`` (zh, en), ``add_options(parser)`` and ``run(options) -> int``."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The actions of ``mijian rules``."""
    parser = subparsers.add_parser(
        "rules", help=text("列出、检验、解释和签署规则", "list, test, explain and sign rules")
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name in ACTIONS:
        module = import_module(f"agent.commands.rules_{name}")
        what = text(*module.WHAT)
        module.add_options(actions.add_parser(name, help=what, description=what))


def run(options: argparse.Namespace) -> int:
    """Do what was asked for. Raises `UsageError`, and `FileMistake` for rules that cannot be read."""
    directory = getattr(options, "rules", None)
    if directory is not None and not directory.is_dir():
        raise UsageError(text(f"--rules: 没有目录 {directory}", f"--rules: there is no directory {directory}"))
    return int(import_module(f"agent.commands.rules_{options.action}").run(options))
