"""Notices: queued with the act, sent over real servers, tried again, audited; numbers and a link only."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.notifications.models import Notice
from server.notifications.queue import GIVE_UP, deliver, message, send_due, tell
from server.outbound.addresses import NotSent
from server.outbound.settings import Channel, Smtp

pytestmark = pytest.mark.django_db
SECRET = "sixteen characters or more"
Takes = Callable[..., Any]


@pytest.fixture
def house(settings: Any) -> Any:
    """A house whose own computers may be contacted."""
    settings.MIJIAN_OUTBOUND = ("127.0.0.1",)
    settings.MIJIAN_ADDRESS = "https://mijian.example"
    return settings


def test_a_webhook_gets_numbers_and_a_link_and_nothing_else(takes: Takes, house: Any) -> None:
    taker = takes("web")
    house.MIJIAN_CHANNELS = {"soc": Channel(kind="webhook", url=f"http://127.0.0.1:{taker.port}/", secret=SECRET)}
    tell("soc", Notice.Subject.VIOLATIONS, {"critical": 2, "机密★10年": 5, "low": 1}, "/violations/views/7/")
    assert send_due() == 1
    ((_path, headers, body),) = taker.got
    told = json.loads(body)
    assert told["counts"] == {"critical": 2, "low": 1}
    assert told["link"] == "https://mijian.example/violations/views/7/"
    assert set(told) == {"id", "subject", "counts", "link", "at"}
    assert headers["Mijian-Event"] == f"notice-{told['id']}"
    assert [entry.action for entry in Entry.objects.order_by("id")] == ["notice.queue", "notice.sent"]


def test_a_mail_says_it_in_chinese_and_english(takes: Takes, house: Any) -> None:
    taker = takes("mail")
    house.MIJIAN_SMTP = Smtp(host="127.0.0.1", port=taker.port, security="none", sender="mijian@a.example")
    house.MIJIAN_CHANNELS = {"desk": Channel(kind="mail", to=("desk@a.example",))}
    tell("desk", Notice.Subject.VIOLATIONS, {"critical": 2}, "/violations/views/7/")
    assert send_due() == 1
    mail = email.message_from_bytes(taker.got[0], policy=email.policy.default)
    text = mail.get_content()  # type: ignore[attr-defined]
    assert mail["To"] == "desk@a.example"
    for words in ("共 2：特别严重 2", "2 in all: critical 2", "https://mijian.example/violations/views/7/"):
        assert words in text


def test_what_is_not_taken_waits_longer_each_time_and_is_given_up_in_the_end(takes: Takes, house: Any) -> None:
    taker = takes("web")
    taker.status = 500
    house.MIJIAN_CHANNELS = {"soc": Channel(kind="webhook", url=f"http://127.0.0.1:{taker.port}/", secret=SECRET)}
    tell("soc", Notice.Subject.CAMPAIGN, {"missing": 3})
    waits = []
    for _number in range(3):
        before = timezone.now()
        assert send_due() == 0
        notice = Notice.objects.get()
        waits.append(round((notice.next_at - before).total_seconds()))
        assert send_due() == 0, "not before it is due"
        Notice.objects.update(next_at=timezone.now())
    assert waits == [30, 60, 120]
    assert "status 500" in notice.problem
    Notice.objects.update(created_at=timezone.now() - GIVE_UP - timedelta(minutes=1))
    send_due()
    assert Notice.objects.get().state == Notice.State.FAILED
    assert Entry.objects.filter(action="notice.given-up").count() == 1
    taker.status = 200
    assert send_due() == 0


def test_without_a_channel_nothing_is_queued(settings: Any) -> None:
    settings.MIJIAN_CHANNELS = {}
    assert tell("soc", Notice.Subject.CAMPAIGN, {"missing": 3}) is None
    assert Notice.objects.count() == 0


def test_a_notice_that_belongs_to_an_act_falls_with_it(house: Any, person: Callable[..., User]) -> None:
    from django.db import transaction

    house.MIJIAN_CHANNELS = {"soc": Channel(kind="webhook", url="https://a.example/", secret=SECRET)}
    boss = person(Role.OFFICER)
    with pytest.raises(RuntimeError), transaction.atomic():
        tell("soc", Notice.Subject.CAMPAIGN, {"missing": 3}, by=boss)
        raise RuntimeError
    assert Notice.objects.count() == 0


@pytest.mark.parametrize(
    ("url", "plugin"),
    [
        ("wecombot://0123456789abcdef/", "apprise.plugins.wecombot"),
        ("feishu://abcdef0123456789/", "apprise.plugins.feishu"),
        (f"dingtalk://{'ab12' * 16}@{'0123456789abcdef' * 4}/", "apprise.plugins.dingtalk"),
    ],
)
def test_a_chat_gets_title_and_numbers(
    takes: Takes, house: Any, monkeypatch: pytest.MonkeyPatch, url: str, plugin: str
) -> None:
    apprise = pytest.importorskip("apprise")
    target = apprise.Apprise.instantiate(url)
    assert target is not None
    assert type(target).__module__ == plugin
    taker = takes("web")
    # The real plugin, the real exchange; only the host of the maker's cloud is this computer.
    place = f"http://127.0.0.1:{taker.port}/{{token}}{{key}}"
    monkeypatch.setattr(type(target), "notify_url", place.replace("{token}{key}", "hook"))
    house.MIJIAN_CHANNELS = {"duty": Channel(kind="chat", url=url)}
    tell("duty", Notice.Subject.VIOLATIONS, {"high": 1})
    send_due()
    assert taker.got, Notice.objects.get().problem
    told = json.dumps(json.loads(taker.got[0][2]), ensure_ascii=False)
    assert "严重 1" in told


def test_a_chat_of_another_kind_is_a_mistake_in_the_settings() -> None:
    for url in ("json://127.0.0.1/", "slack://a/b/c", "http://a.example/", ""):
        with pytest.raises(ValueError, match="begins with one of"):
            Channel(kind="chat", url=url)


def test_a_webhook_with_a_short_secret_or_without_a_host_is_a_mistake_in_the_settings() -> None:
    for url, secret in (("https://a.example/", "short"), ("ftp://a.example/", SECRET), ("https:///x", SECRET)):
        with pytest.raises(ValueError, match="webhook"):
            Channel(kind="webhook", url=url, secret=secret)


def test_a_notice_whose_channel_is_gone_says_so(house: Any) -> None:
    house.MIJIAN_CHANNELS = {"soc": Channel(kind="webhook", url="https://a.example/", secret=SECRET)}
    notice = tell("soc", Notice.Subject.TEST, {})
    assert notice is not None
    house.MIJIAN_CHANNELS = {}
    with pytest.raises(NotSent, match="no channel"):
        deliver(notice)
    assert message(notice)[0].startswith("密检")
