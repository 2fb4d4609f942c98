"""The live export: in order, over real sockets, on from where it stopped, off unless configured."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from server.exports import live
from server.notifications.models import Cursor
from server.outbound.settings import Siem
from server.violations.models import Group

SECRET = "sixteen characters or more"
Takes = Callable[..., Any]


@pytest.fixture
def changed(deliver: Any, sender: Any, file_seen: Any, transactional_db: None) -> Callable[[int], None]:
    """Makes violations that changed a while ago, one second after the other."""

    def make(count: int) -> None:
        before = Group.objects.count()
        deliver(sender.next(*(file_seen(f"{before}-{number}", path=f"/m/名单{number}") for number in range(count))))
        for number, group in enumerate(Group.objects.order_by("id")[before:], before):
            at = timezone.now() - timedelta(minutes=30) + timedelta(seconds=number)
            Group.objects.filter(pk=group.pk).update(updated_at=at)

    return make


@pytest.fixture
def goes(settings: Any, transactional_db: None) -> Callable[..., None]:
    """Configures where it goes, from an hour ago on."""

    def choose(**told: Any) -> None:
        settings.MIJIAN_OUTBOUND = ("127.0.0.1",)
        settings.MIJIAN_SIEM = Siem(**told)
        live.since(timezone.now() - timedelta(hours=1))

    return choose


def messages(stream: bytes) -> list[bytes]:
    """The messages of a stream that counts octets (RFC 6587 section 3.4.1)."""
    found = []
    while stream:
        length, _space, rest = stream.partition(b" ")
        found.append(rest[: int(length)])
        stream = rest[int(length) :]
    return found


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_every_change_arrives_in_order_over_syslog(
    kind: str, takes: Takes, goes: Callable[..., None], changed: Callable[[int], None]
) -> None:
    taker = takes("stream", tls=kind == "tls")
    goes(kind=kind, host="127.0.0.1", port=taker.port, ca_file=taker.ca_file)
    changed(3)
    assert live.export_due() == 3
    assert taker.came.wait(60)
    told = messages(taker.got[0])
    assert len(told) == 3
    assert all(
        re.match(rb"<\d+>1 [\dT:.-]+Z \S+ mijian-server - violation - \xef\xbb\xbfCEF:0\|Mijian", one) for one in told
    )
    ids = [re.search(rb"externalId=(\S+)", one)[1].decode() for one in told]  # type: ignore[index]
    assert ids == [str(group.pk) for group in Group.objects.order_by("updated_at")]
    assert "名单".encode() not in taker.got[0]


def test_it_goes_on_where_it_stopped_and_sends_a_violation_again_when_it_changes(
    takes: Takes, goes: Callable[..., None], changed: Callable[[int], None]
) -> None:
    taker = takes("web")
    goes(kind="webhook", url=f"http://127.0.0.1:{taker.port}/", secret=SECRET)
    changed(2)
    assert live.export_due() == 2
    assert live.export_due() == 0
    Group.objects.filter(pk=Group.objects.order_by("id")[0].pk).update(
        state="closed", updated_at=timezone.now() - timedelta(minutes=1)
    )
    assert live.export_due() == 1
    event = json.loads(taker.got[1][2])
    assert (event["status"], event["metadata"]["version"]) == ("closed", "1.6.0")
    assert Cursor.objects.get().sent == 3


def test_what_was_not_taken_is_sent_again(
    takes: Takes, goes: Callable[..., None], changed: Callable[[int], None]
) -> None:
    taker = takes("web")
    taker.status = 503
    goes(kind="webhook", url=f"http://127.0.0.1:{taker.port}/", secret=SECRET)
    changed(2)
    assert live.export_due() == 0
    assert "status 503" in Cursor.objects.get().problem
    taker.status = 200
    assert live.export_due() == 2
    assert Cursor.objects.get().problem == ""


def test_what_changed_a_moment_ago_waits_until_no_open_transaction_can_be_older(
    takes: Takes, goes: Callable[..., None], changed: Callable[[int], None]
) -> None:
    taker = takes("web")
    goes(kind="webhook", url=f"http://127.0.0.1:{taker.port}/", secret=SECRET)
    changed(1)
    Group.objects.update(updated_at=timezone.now())
    assert live.export_due() == 0
    assert taker.got == []


def test_over_udp_each_violation_is_one_datagram(goes: Callable[..., None], changed: Callable[[int], None]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
        taker.bind(("127.0.0.1", 0))
        taker.settimeout(60)
        goes(kind="udp", host="127.0.0.1", port=taker.getsockname()[1])
        changed(2)
        assert live.export_due() == 2
        assert all(b"CEF:0|Mijian" in taker.recv(65536) for _number in range(2))


def test_without_a_siem_nothing_is_sent_and_no_cursor_is_kept(changed: Callable[[int], None], settings: Any) -> None:
    settings.MIJIAN_SIEM = None
    changed(1)
    assert live.export_due() == 0
    assert Cursor.objects.count() == 0
