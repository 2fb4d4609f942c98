"""``mijian-server purge``: deletes what has been kept for as long as ``retention`` of the settings says."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import emit, open_home, tell, who
from server.retention.settings import SHORTEST

_NAMES = {
    "violations": ("closed violations", "已办结的违规"),
    "sightings": ("sightings of closed violations", "已办结违规的发现记录"),
    "media_sessions": ("insertions of media", "介质插入记录"),
    "scans": ("sums of scans and results of checks", "扫描汇总与检查结果"),
    "envelopes": ("records of envelopes that were worked off", "已处理信封的记录"),
}


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "purge",
        parents=[common],
        help=tell("delete what was kept long enough", "清除保存期满的记录"),
        description=tell(
            "Deletes what has been kept for as long as 'retention' of collector.yaml says; the counts stand in the "
            "audit log, which is never purged. A running collector does the same once a day.",
            "清除 collector.yaml 中 retention 所定保存期满的记录;数量记入审计日志(审计日志从不清除)。"
            "运行中的收集端每天自动执行一次。",
        ),
    )
    parser.add_argument("--dry-run", action="store_true", help=tell("only say how many", "只统计,不清除"))
    parser.add_argument(
        "--kind",
        action="append",
        choices=tuple(SHORTEST),
        default=[],
        help=tell("only this one", "仅此类(可重复)"),
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Count, or delete."""
    open_home(options)
    from django.conf import settings

    from server.retention import purge

    days: dict[str, int] = settings.MIJIAN_RETENTION.days
    counts = purge.due(only=options.kind) if options.dry_run else purge.purge(only=options.kind, by=who())
    content = {
        "dry_run": options.dry_run,
        "purged": {} if options.dry_run else counts,
        "due": counts if options.dry_run else {},
        "kept_days": {kind: days.get(kind) for kind in SHORTEST},
    }
    lines = [_line(kind, days.get(kind), counts.get(kind), options.dry_run) for kind in SHORTEST]
    if not days:
        lines.append(
            tell(
                "Nothing is purged until collector.yaml says so: retention: {violations: 1825, sightings: 400}",
                "在 collector.yaml 中设定后才会清除,例如:retention: {violations: 1825, sightings: 400}",
            )
        )
    emit(options, content, lines)
    return 0


def _line(kind: str, days: int | None, count: int | None, dry_run: bool) -> str:
    english, chinese = _NAMES[kind]
    if days is None:
        return tell(f"{english}: kept for ever", f"{chinese}:永久保存")
    if count is None:
        return tell(f"{english}: kept for {days} days", f"{chinese}:保存 {days} 天")
    verb = ("due", "待清除") if dry_run else ("purged", "已清除")
    return tell(
        f"{english}: kept for {days} days, {verb[0]}: {count}", f"{chinese}:保存 {days} 天,{verb[1]} {count} 条"
    )
