"""The queue of notices: put in with the act they tell of, sent by one thread, tried again with growing waits."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from server import audit
from server.accounts.models import User
from server.notifications.models import Notice
from server.outbound import chat, mail, web
from server.outbound.addresses import NotSent
from server.outbound.settings import Channel

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP = timedelta(days=3)
"""After which a notice that nobody took is given up."""
KEPT = timedelta(days=90)
BATCH = 20

_WORDS: Mapping[str, tuple[str, str]] = {
    "critical": ("特别严重", "critical"),
    "high": ("严重", "high"),
    "medium": ("一般", "medium"),
    "low": ("轻微", "low"),
    "info": ("提示", "information"),
    "missing": ("未完成", "missing"),
    "late": ("已逾期", "late"),
    "done": ("已完成", "done"),
}
"""What the words of the counts are called in Chinese and English."""
_SUBJECTS: Mapping[str, tuple[str, str]] = {
    Notice.Subject.VIOLATIONS: ("密检：有新的违规", "Mijian: new violations"),
    Notice.Subject.CAMPAIGN: ("密检：自查即将到期", "Mijian: a self-check round is due"),
    Notice.Subject.TEST: ("密检：通知测试", "Mijian: a try of this channel"),
}

_log = logging.getLogger(__name__)


def channels() -> Mapping[str, Channel]:
    """The channels there are, by name; none unless the settings name some."""
    found: Mapping[str, Channel] = settings.MIJIAN_CHANNELS
    return found


def tell(
    channel: str, subject: Notice.Subject, counts: Mapping[str, int], link: str = "", *, by: User | None = None
) -> Notice | None:
    """Queue a notice, in the caller's transaction; None where there is no such channel.

    ``counts`` are words of our own (severities, states) with numbers; ``link`` is a path on this collector that names
    nothing but an id. Neither may hold a path of a file, a marking or anything people typed.
    """
    if channel not in channels():
        return None
    now = timezone.now()
    with transaction.atomic():
        notice = Notice.objects.create(
            channel=channel,
            subject=subject,
            counts={word: int(number) for word, number in counts.items() if word in _WORDS},
            link=link[:200],
            created_at=now,
            next_at=now,
            by=by,
        )
        audit.record("notice.queue", actor=by, obj=notice, channel=channel, subject=str(subject))
    return notice


def send_due() -> int:
    """Send what is due; how many were taken. Whoever calls this is the only one who does (`server.background`)."""
    now = timezone.now()
    sent = 0
    due = Notice.objects.filter(state=Notice.State.WAITING, next_at__lte=now).order_by("next_at", "id")
    for notice in list(due[:BATCH]):
        try:
            deliver(notice)
        except NotSent as error:
            _failed(notice, str(error))
        else:
            _done(notice)
            sent += 1
    Notice.objects.exclude(state=Notice.State.WAITING).filter(created_at__lt=now - KEPT).delete()
    return sent


def deliver(notice: Notice) -> None:
    """Send one notice now. Raises `NotSent`."""
    channel = channels().get(notice.channel)
    if channel is None:
        raise NotSent("there is no channel of this name in collector.yaml any more")
    title, text = message(notice)
    allowed = settings.MIJIAN_OUTBOUND
    if channel.kind == "mail":
        if settings.MIJIAN_SMTP is None:
            raise NotSent("collector.yaml names no mail server ('smtp')")
        mail.send(settings.MIJIAN_SMTP, channel.to, title, text, allowed=allowed)
    elif channel.kind == "webhook":
        body = msgspec.json.encode(
            {
                "id": notice.pk,
                "subject": notice.subject,
                "counts": notice.counts,
                "link": address(notice),
                "at": notice.created_at,
            }
        )
        event = f"notice-{notice.pk}"
        web.post(channel.url, body, secret=channel.secret, event=event, allowed=allowed, ca_file=channel.ca_file)
    else:
        chat.send(channel.url, title, text, allowed=allowed)


def message(notice: Notice) -> tuple[str, str]:
    """Title and text of a notice, in Chinese and English."""
    chinese, english = _SUBJECTS[notice.subject]
    total = sum(notice.counts.values())
    lines = []
    if total:
        parts = [(_WORDS[word], number) for word, number in notice.counts.items() if number]
        lines.append(f"共 {total}：" + "，".join(f"{names[0]} {number}" for names, number in parts))
        lines.append(f"{total} in all: " + ", ".join(f"{names[1]} {number}" for names, number in parts))
    if link := address(notice):
        lines.append(link)
    return f"{chinese} / {english}", "\n".join([chinese, english, *lines])


def address(notice: Notice) -> str:
    """The whole address of what a notice leads to; the path alone where nobody has said how we are reached."""
    return f"{settings.MIJIAN_ADDRESS.rstrip('/')}{notice.link}" if notice.link else ""


def _done(notice: Notice) -> None:
    with transaction.atomic():
        notice.state, notice.problem, notice.attempts = Notice.State.SENT, "", notice.attempts + 1
        notice.save(update_fields=("state", "problem", "attempts"))
        audit.record("notice.sent", obj=notice, channel=notice.channel, subject=notice.subject)


def _failed(notice: Notice, problem: str) -> None:
    _log.warning("a notice was not sent over %s; it is tried again", notice.channel)
    now = timezone.now()
    with transaction.atomic():
        notice.attempts += 1
        notice.problem = problem[:200]
        notice.next_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(notice.attempts - 1, 20))
        if now - notice.created_at > GIVE_UP:
            notice.state = Notice.State.FAILED
            audit.record("notice.given-up", obj=notice, channel=notice.channel, attempts=notice.attempts)
        notice.save(update_fields=("attempts", "problem", "next_at", "state"))
