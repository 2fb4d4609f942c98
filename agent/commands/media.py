"""``mijian media``: the removable media that this computer sees now, as the agent would recognise them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from agent import words
from agent.commands import context
from agent.reporting import identity
from agent.watching.media import Attached, MediaWatch
from agent.watching.mounts import MountTable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("media", help=words.text("列出已识别的移动介质", "list recognised removable media"))
    parser.add_argument("--format", choices=("table", "json"), default="table", help=words.text("格式", "format"))
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the media. Status 0."""
    settings = context.load(options)
    try:
        key = identity.load(settings.state).organisation_key
    except identity.IdentityError:
        key = bytes(32)  # not enrolled: the media are shown all the same, their keys mean nothing elsewhere
    watch = MediaWatch(settings.media, key)
    table = MountTable()
    try:
        found = sorted(watch.look(table.read()).values(), key=lambda attached: attached.path)
    finally:
        table.close()
    if options.format == "json":
        for attached in found:
            sys.stdout.buffer.write(msgspec.json.encode(_row(attached)) + b"\n")
    elif found:
        Console().print(_table(found))
    else:
        sys.stdout.write(words.text("没有移动介质\n", "no removable media\n"))
    return 0


def _row(attached: Attached) -> dict[str, Any]:
    return {"path": words.printable(attached.path), "medium": attached.medium}


def _table(found: list[Attached]) -> Table:
    table = Table()
    for zh, en in (
        ("挂载点", "mounted at"),
        ("卷标", "label"),
        ("总线", "bus"),
        ("设备", "device"),
        ("文件系统", "file system"),
        ("容量", "size"),
    ):
        table.add_column(words.text(zh, en))
    for attached in found:
        medium = attached.medium
        cells = (
            attached.path,
            medium.label,
            medium.bus,
            f"{medium.vendor} {medium.model}".strip(),
            medium.filesystem,
            words.size(medium.capacity) if medium.capacity else "",
        )
        table.add_row(*(words.printable(cell) for cell in cells))
    return table
