"""What the actions of ``mijian rules`` share: options, and a file or folder that has to be there."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from agent.commands import UsageError
from agent.words import text


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add ``--rules``: which packs to take in place of those we ship."""
    parser.add_argument("--rules", type=Path, metavar="DIR", help=text("规则包目录", "directory of rule packs"))


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help=text("输出格式: table 或 json", "output: table or json"),
    )


def must_exist(paths: Sequence[Path]) -> None:
    """Raise `UsageError` for the first that is not there."""
    for path in paths:
        if not path.exists():
            raise UsageError(text(f"没有文件或目录 {path}", f"there is no file or directory {path}"))
        if path.is_dir() and not any(path.glob("*.yaml")):
            raise UsageError(
                text(f"目录 {path} 中没有规则包 (*.yaml)", f"there is no pack of rules (*.yaml) in {path}")
            )
