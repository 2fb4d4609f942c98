"""Saved views that notify: only what is new, only within the owner's scope, only numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.notifications.models import Notice
from server.outbound.settings import Channel
from server.violations import saved_views
from server.violations.models import Group, SavedView
from server.web.watching import look

pytestmark = pytest.mark.django_db
People = Callable[..., User]
Seat = Callable[..., Client]


@pytest.fixture
def channel(settings: Any) -> str:
    settings.MIJIAN_CHANNELS = {"desk": Channel(kind="webhook", url="https://a.example/", secret="x" * 16)}
    return "desk"


def watched(owner: User, query: str = "severity=critical") -> SavedView:
    view = saved_views.keep(owner, name="机密★10年", query=query)
    saved_views.notify(view, "desk", {"desk"}, by=owner)
    SavedView.objects.update(told_until=timezone.now() - timedelta(hours=1))
    return view


def test_what_is_new_is_told_once_as_numbers_and_a_link_without_the_view_s_words(
    channel: str, office: Any, person: People
) -> None:
    view = watched(person(Role.OFFICER), query="q=机密&severity=critical")
    office.file(office.computer())
    assert (look(), look()) == (1, 0)
    notice = Notice.objects.get()
    assert (notice.channel, notice.counts, notice.link) == ("desk", {"critical": 1}, f"/violations/views/{view.pk}/")
    assert "机密" not in str(Notice.objects.values().get())


def test_another_department_s_violations_are_not_counted(channel: str, office: Any, person: People) -> None:
    watched(person(Role.DEPARTMENT, department="总部/办公室"))
    office.file(office.computer(department="总部/财务处"))
    assert look() == 0
    assert Notice.objects.count() == 0


def test_a_severity_that_the_view_leaves_out_is_not_told(channel: str, office: Any, person: People) -> None:
    watched(person(), query="severity=low")
    office.file(office.computer())
    assert look() == 0
    assert Group.objects.count() == 1


def test_the_link_of_a_notice_leads_to_the_filters_of_the_view(channel: str, person: People, seat: Seat) -> None:
    owner = person(Role.OFFICER)
    view = watched(owner)
    answer = seat(owner).get(reverse("web:open-view", args=[view.pk]))
    assert answer["Location"] == "/violations/?severity=critical"
    other = seat(person(Role.IT)).get(reverse("web:open-view", args=[view.pk]))
    assert other.status_code == 404


def test_the_owner_chooses_the_channel_on_the_page_and_it_is_audited(channel: str, person: People, seat: Seat) -> None:
    owner = person(Role.OFFICER)
    view = saved_views.keep(owner, name="bad", query="severity=critical")
    client = seat(owner)
    assert "Tell me what is new in “bad”" in client.get(reverse("web:violations")).content.decode()
    client.post(reverse("web:notify-view", args=[view.pk]), {"channel": "desk"})
    assert SavedView.objects.get().channel == "desk"
    client.post(reverse("web:notify-view", args=[view.pk]), {"channel": "elsewhere"})
    assert SavedView.objects.get().channel == "desk"
    assert [entry.detail for entry in Entry.objects.filter(action="view.notify")] == [{"channel": "desk"}]
    assert seat(person(Role.IT)).post(reverse("web:notify-view", args=[view.pk]), {"channel": ""}).status_code == 404


def test_without_channels_the_page_offers_none(person: People, seat: Seat, settings: Any) -> None:
    settings.MIJIAN_CHANNELS = {}
    owner = person()
    saved_views.keep(owner, name="bad", query="severity=critical")
    assert "Tell me" not in seat(owner).get(reverse("web:violations")).content.decode()
