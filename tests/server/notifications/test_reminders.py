"""Reminders of self-check rounds: over the channel that is named, a number and a link, not the round's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from server.accounts.models import Role, User
from server.campaigns.reminders import remind
from server.notifications.models import Notice
from server.outbound.settings import Channel

pytestmark = pytest.mark.django_db


def test_a_reminder_is_queued_for_each_department_as_a_number_and_a_link(
    make_round: Any, desk_pc: Any, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_CHANNELS = {"desk": Channel(kind="webhook", url="https://a.example/", secret="x" * 16)}
    settings.MIJIAN_REMINDERS = "desk"
    desk_pc("pc-1", "总部/办公室")
    desk_pc("pc-2", "总部/财务处")
    campaign = make_round(title="机密★10年自查")
    assert remind(campaign, by=person(Role.OFFICER)).carried == 2
    assert [notice.counts for notice in Notice.objects.all()] == [{"missing": 1}, {"missing": 1}]
    assert "机密" not in str(list(Notice.objects.values()))


def test_without_a_named_channel_nothing_is_queued(
    make_round: Any, desk_pc: Any, person: Callable[..., User], settings: Any
) -> None:
    settings.MIJIAN_REMINDERS = ""
    desk_pc("pc-1", "总部/办公室")
    assert remind(make_round(), by=person(Role.OFFICER)).carried == 0
    assert Notice.objects.count() == 0
