"""Reminders: what is handed to whoever can carry it, and what computers are told of an inspection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.campaigns.actions import CampaignMistakes
from server.campaigns.inspections import next_inspection
from server.campaigns.models import Campaign
from server.campaigns.reminders import Reminder, remind, reminded
from server.ledger.models import Computer

pytestmark = pytest.mark.django_db
Round = Callable[..., Campaign]
Desk = Callable[..., Computer]
People = Callable[..., User]


@pytest.fixture
def carrier() -> Iterator[list[Reminder]]:
    """Something that carries reminders, and what it was given."""
    taken: list[Reminder] = []

    def carry(sender: object, reminder: Reminder, **_more: object) -> bool:
        taken.append(reminder)
        return True

    reminded.connect(carry)
    yield taken
    reminded.disconnect(carry)


def test_each_department_that_has_not_finished_is_reminded_once(
    make_round: Round, desk_pc: Desk, self_check: Any, person: People, carrier: list[Reminder], organise: Any
) -> None:
    officer, campaign = person(), make_round()
    above = person(Role.DEPARTMENT, username="above", department="总部")
    theirs = person(Role.DEPARTMENT, username="theirs", department="总部/办公室")
    person(Role.DEPARTMENT, username="beside", department="总部/财务处")
    desk_pc("one")
    desk_pc("two")
    self_check(desk_pc("done", "总部/财务处"))
    sent = remind(campaign, by=officer)
    assert (sent.departments, sent.unfinished, sent.carried) == (1, 2, 1)
    (told,) = carrier
    assert (told.department, told.unfinished, told.overdue) == (organise("总部/办公室").pk, 2, False)
    assert set(told.people) == {above.pk, theirs.pk}
    assert Campaign.objects.get().reminded_at is not None
    assert Entry.objects.get(action="campaign.remind").detail == {"departments": 1, "computers": 2}


def test_a_reminder_that_nobody_carries_says_so_and_is_on_record(
    make_round: Round, desk_pc: Desk, person: People
) -> None:
    desk_pc()
    sent = remind(make_round(), by=person())
    assert (sent.departments, sent.carried) == (1, 0)
    assert Entry.objects.filter(action="campaign.remind").count() == 1


def test_a_carrier_that_fails_stops_no_other(
    make_round: Round, desk_pc: Desk, person: People, carrier: list[Reminder]
) -> None:
    def broken(sender: object, **_more: object) -> bool:
        raise OSError("no road")

    reminded.connect(broken)
    try:
        desk_pc()
        assert remind(make_round(), by=person()).carried == 1
    finally:
        reminded.disconnect(broken)
    assert len(carrier) == 1


def test_nobody_is_reminded_where_all_have_finished_or_by_who_may_not(
    make_round: Round, desk_pc: Desk, self_check: Any, person: People
) -> None:
    pc, campaign = desk_pc(), make_round()
    with pytest.raises(PermissionDenied):
        remind(campaign, by=person(Role.DEPARTMENT, department="总部/办公室"))
    self_check(pc)
    with pytest.raises(CampaignMistakes):
        remind(campaign, by=person())
    assert not Entry.objects.filter(action="campaign.remind").exists()


def test_a_computer_is_told_of_the_next_inspection_of_its_own_rounds(
    make_round: Round, desk_pc: Desk, organise: Any
) -> None:
    today = timezone.localdate()
    make_round(inspection_on=today + timedelta(days=30))
    make_round(inspection_on=today + timedelta(days=9), departments=[organise("总部/办公室")])
    make_round(inspection_on=today + timedelta(days=2), classes=["internet"])
    make_round(inspection_on=today - timedelta(days=1))
    here, beside = desk_pc("here"), desk_pc("beside", "总部/财务处")
    assert next_inspection(here) == today + timedelta(days=9)
    assert next_inspection(beside) == today + timedelta(days=30)
    assert next_inspection(desk_pc("secret", computer_class="confidential")) is None
