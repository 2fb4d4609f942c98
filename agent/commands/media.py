"""``mijian media``: the removable media that this computer sees now, as the agent would recognise them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from agent import words
from agent.alone import is_running
from agent.commands import UsageError, context
from agent.judging.media import Standing, look_up
from agent.reporting import identity
from agent.reporting.policies import Policies
from agent.requests import leave_request
from agent.settings import Settings
from agent.watching.blocks import BlockWatch, LockedSeen
from agent.watching.holding import Holding
from agent.watching.media import Attached, MediaWatch
from agent.watching.mount_tables import current
from agent.watching.superblock import LOCKED
from protocol.policy import Policy


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("media", help=words.text("列出已识别的移动介质", "list recognised removable media"))
    parser.add_argument("--format", choices=("table", "json"), default="table", help=words.text("格式", "format"))
    parser.add_argument(
        "--rescan",
        action="store_true",
        help=words.text("请运行中的客户端立即重新检查", "have the running agent scan them again at once"),
    )
    parser.add_argument(
        "--release",
        action="store_true",
        help=words.text("解除对介质的只读或禁用", "give back media that are held read-only or unmounted"),
    )
    context.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the media. Status 0; 2 where a rescan was asked for and no agent can be asked."""
    settings = context.load(options)
    policy: Policy | None = None
    try:
        mine = identity.load(settings.state)
        key = mine.organisation_key
        policy = Policies(settings.state, mine).current
    except identity.IdentityError:
        key = bytes(32)  # not enrolled: the media are shown all the same, their keys mean nothing elsewhere
    if options.rescan:
        _rescan(settings)
    if options.release:
        _release(settings)
    found = _found(settings, key)
    if options.format == "json":
        for attached in found:
            sys.stdout.buffer.write(msgspec.json.encode(_row(attached, _standing(attached, policy, settings))) + b"\n")
    elif found:
        Console().print(_table([(attached, _standing(attached, policy, settings)) for attached in found]))
    else:
        sys.stdout.write(words.text("没有移动介质\n", "no removable media\n"))
    return 0


def _found(settings: Settings, key: bytes) -> list[Attached]:
    """The media that are mounted, those that are held unmounted, and locked containers."""
    watch = MediaWatch(settings.media, key)
    found = sorted(watch.look(current()).values(), key=lambda attached: attached.path)
    holding = Holding(settings.state)
    blocked = [held for held in holding.all() if held.how == "block" and holding.access(held.number) == "unmounted"]
    found += [Attached(held.number, held.mark, "", held.medium) for held in blocked]
    locked = BlockWatch(settings.media, key).step()
    return found + [event.attached for event in locked if isinstance(event, LockedSeen)]


def _place(attached: Attached) -> str:
    """Where a medium is mounted, or why it is not."""
    if attached.path:
        return attached.path
    return words.text("未解锁", "locked") if attached.medium.filesystem in LOCKED else words.text("已禁用", "held")


def _rescan(settings: Settings) -> None:
    """Ask the running agent to scan what is here again."""
    if not is_running(settings.state):
        raise UsageError(words.text("客户端没有运行", "no agent is running that could be asked"))
    try:
        leave_request(settings.state, "scan-media")
    except OSError as error:
        raise UsageError(f"{settings.state}: {error.strerror}") from error


def _release(settings: Settings) -> None:
    """Have the running agent let go of all media; where none runs, do it here."""
    try:
        if is_running(settings.state):
            leave_request(settings.state, "release-media")
            return
    except OSError as error:
        raise UsageError(f"{settings.state}: {error.strerror}") from error
    holding = Holding(settings.state)
    for held in holding.all():
        holding.release(held.number)
    if any(holding.all()):
        raise UsageError(
            words.text("有介质无法解除限制（需要 root）", "some media could not be given back: it needs root")
        )


def _standing(attached: Attached, policy: Policy | None, settings: Settings) -> Standing:
    return look_up(attached.medium, policy, in_force=settings.media.register_in_force)


def _row(attached: Attached, standing: Standing) -> dict[str, Any]:
    line = standing.line
    status = line.status.value if line else "unregistered" if standing.in_force else "unknown"
    told: dict[str, Any] = {"status": status}
    if line:
        told |= {"class": line.medium_class, "level": line.level, "number": line.number, "holder": line.holder}
    place = words.printable(attached.path) or None
    return {"path": place, "medium": attached.medium, "register": told}


_STATUS = {
    "registered": ("已登记", "registered"),
    "lost": ("遗失", "lost"),
    "destroyed": ("已销毁", "destroyed"),
    "unregistered": ("未登记", "unregistered"),
    "unknown": ("—", "—"),
}


def _told(attached: Attached, standing: Standing) -> str:
    """How a medium stands in the register, for people."""
    row = _row(attached, standing)["register"]
    return " ".join(filter(None, (words.text(*_STATUS[row["status"]]), row.get("number"), row.get("level"))))


def _table(found: list[tuple[Attached, Standing]]) -> Table:
    table = Table()
    for zh, en in (
        ("挂载点", "mounted at"),
        ("卷标", "label"),
        ("总线", "bus"),
        ("设备", "device"),
        ("文件系统", "file system"),
        ("容量", "size"),
        ("台帐", "register"),
    ):
        table.add_column(words.text(zh, en))
    for attached, standing in found:
        medium = attached.medium
        cells = (
            _place(attached),
            medium.label,
            medium.bus,
            f"{medium.vendor} {medium.model}".strip(),
            medium.filesystem,
            words.size(medium.capacity) if medium.capacity else "",
            _told(attached, standing),
        )
        table.add_row(*(words.printable(cell) for cell in cells))
    return table
