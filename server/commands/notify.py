"""``mijian-server notify``: the ways out that the settings name, trying one, and beginning the live export anew."""

from __future__ import annotations

import argparse
from typing import Any

from server.commands.base import CommandError, emit, open_home, tell
from server.commands.export import moment


def add_parser(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand and its own subcommands."""
    parser = subparsers.add_parser("notify", help=tell("channels of notices, live export", "通知渠道与实时导出"))
    kinds = parser.add_subparsers(dest="kind", required=True)
    listing = kinds.add_parser("list", parents=[common], help=tell("what may leave, and what waits", "列出渠道与队列"))
    listing.set_defaults(run=run_list)
    trial = kinds.add_parser("test", parents=[common], help=tell("send a try over a channel now", "立即测试渠道"))
    trial.add_argument("channel")
    trial.set_defaults(run=run_test)
    since = kinds.add_parser("siem-since", parents=[common], help=tell("export anew from a moment", "从某时刻重新导出"))
    since.add_argument("moment", type=moment, metavar="DATE|AGE", help=tell("2026-11-01 or 7d", "2026-11-01 或 7d"))
    since.set_defaults(run=run_since)


def run_list(options: argparse.Namespace) -> int:
    """Print the channels and how the queue and the live export stand; no secret and no address with a key in it."""
    open_home(options)
    from django.conf import settings

    from server.notifications.models import Cursor, Notice

    channels = [
        {
            "channel": name,
            "kind": channel.kind,
            "waiting": Notice.objects.filter(channel=name, state=Notice.State.WAITING).count(),
            "failed": Notice.objects.filter(channel=name, state=Notice.State.FAILED).count(),
        }
        for name, channel in settings.MIJIAN_CHANNELS.items()
    ]
    cursor = Cursor.objects.first()
    siem = None
    if settings.MIJIAN_SIEM is not None:
        siem = {
            "kind": settings.MIJIAN_SIEM.kind,
            "sent": 0 if cursor is None else cursor.sent,
            "until": None if cursor is None else cursor.at.isoformat(timespec="seconds"),
            "problem": "" if cursor is None else cursor.problem,
        }
    lines = ["\t".join(str(value) for value in row.values()) for row in channels]
    lines.append("siem\t" + ("-" if siem is None else "\t".join(str(value) for value in siem.values())))
    head = tell("channel\tkind\twaiting\tgiven up", "渠道\t类型\t等待\t放弃")
    emit(options, {"channels": channels, "siem": siem}, [head, *lines])
    return 0


def run_test(options: argparse.Namespace) -> int:
    """Send a try over a channel, without the queue."""
    open_home(options)
    from django.utils import timezone

    from server import audit
    from server.notifications.models import Notice
    from server.notifications.queue import deliver
    from server.outbound.addresses import NotSent

    now = timezone.now()
    notice = Notice(pk=0, channel=options.channel, subject=Notice.Subject.TEST, created_at=now, next_at=now)
    try:
        deliver(notice)
    except NotSent as error:
        audit.record("notice.test", channel=options.channel[:60], sent=False)
        raise CommandError(tell(f"not sent: {error}", f"未发送:{error}")) from error
    audit.record("notice.test", channel=options.channel[:60], sent=True)
    emit(options, {"sent": True}, [tell("sent", "已发送")])
    return 0


def run_since(options: argparse.Namespace) -> int:
    """Let the live export begin anew at a moment."""
    open_home(options)
    from server import audit
    from server.exports.live import since

    since(options.moment)
    audit.record("siem.since", moment=options.moment.isoformat(timespec="seconds"))
    emit(options, {"since": options.moment.isoformat()}, [tell("the next round begins there", "下一轮从该时刻开始")])
    return 0
