"""The policy as people set it: what no computer could follow is refused, each change is logged and travels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import override

from protocol import keys
from protocol import policy as protocol_policy
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.intake.policy import asked
from server.keys import collector_keys
from server.ledger.models import Computer
from server.rules.policy import PolicyMistakes, profiles_for, set_class, set_house, wishes_for

pytestmark = pytest.mark.django_db
SOUND = {
    "profile": "internal",
    "cron": "30 12 * * 1-5",
    "quarterly": "1",
    "before_holidays": "3",
    "before_inspection": "0",
    "allowed_networks": "10.20.0.0/16\n192.168.7.9",
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Mistakes are told in English."""
    with override("en"):
        yield


@pytest.fixture
def told(computer: Computer, agent_key: keys.Ed25519PrivateKey) -> Callable[..., protocol_policy.Policy | None]:
    """Asks for the policy as the agent does and reads it as the agent does; None where there is no newer one."""

    def ask(have: int = 0) -> protocol_policy.Policy | None:
        now = timezone.now().isoformat()
        proof = agent_key.sign(protocol_policy.request_challenge(str(computer.pk), have, now))
        raw = asked(str(computer.pk), str(have), now, keys.b64(proof))
        if raw is None:
            return None
        public = keys.public_bytes(collector_keys().signing)
        return protocol_policy.open_policy(raw, public, agent=str(computer.pk), newer_than=have)

    return ask


def test_what_is_set_for_a_class_reaches_its_agents_as_they_read_it(told: Any, person: Callable[..., User]) -> None:
    officer, before = person(), told()
    assert (before.schedules, before.allowed_networks, before.profile) == ((), (), "")
    holiday = timezone.localdate() + timedelta(days=60)
    set_class("internal", SOUND, by=officer)
    set_house({"holidays": f"{holiday}, {holiday}", "inspection": holiday.isoformat()}, by=officer)
    after = told(before.serial)
    assert after.serial > before.serial
    assert {one.name: (one.cron or one.calendar, one.days_before) for one in after.schedules} == {
        "regular": ("30 12 * * 1-5", 3),
        "quarterly": ("quarterly", 3),
        "before-holidays": ("before-holidays", 3),
        "before-inspection": ("before-inspection", 0),
    }
    assert after.allowed_networks == ("10.20.0.0/16", "192.168.7.9/32")
    assert (after.profile, after.holidays, after.inspection) == ("internal", (holiday,), holiday)


def test_computers_of_another_class_are_told_nothing_of_it(told: Any, person: Callable[..., User]) -> None:
    before = told()
    set_class("confidential", SOUND | {"profile": ""}, by=person())
    assert told(before.serial) is None


def test_a_change_is_in_the_audit_log_and_none_where_nothing_changed(person: Callable[..., User]) -> None:
    officer = person()
    set_class("internal", SOUND, by=officer)
    set_class("internal", SOUND, by=officer)
    (entry,) = Entry.objects.filter(action="policy.change")
    assert entry.detail["changes"]["cron"] == ["", "30 12 * * 1-5"]
    assert entry.detail["changes"]["allowed_networks"] == ["", "10.20.0.0/16, 192.168.7.9/32"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("cron", "30 12 * *", "five fields"),
        ("cron", "61 12 * * *", "no cron expression"),
        ("cron", "* * * * *", "once an hour at most"),
        ("cron", "0 0 31 2 *", "no cron expression"),
        ("before_holidays", "99", "from 0 to 60"),
        ("before_inspection", "-1", "from 0 to 60"),
        ("allowed_networks", "10.20.3.4/16", "did you mean 10.20.0.0/16"),
        ("allowed_networks", "0.0.0.0/0", "nothing would be forbidden"),
        ("allowed_networks", "office-net", "is no network"),
        ("profile", "internet", "not made for computers of this class"),
    ],
)
def test_what_no_computer_could_follow_is_refused_by_field(
    field: str, value: str, why: str, person: Callable[..., User]
) -> None:
    with pytest.raises(PolicyMistakes) as mistakes:
        set_class("internal", SOUND | {field: value}, by=person())
    assert list(mistakes.value.by_field) == [field]
    assert why in mistakes.value.by_field[field]
    assert wishes_for("internal").schedules == ()


def test_a_holiday_that_is_none_and_an_inspection_that_is_over_are_refused(person: Callable[..., User]) -> None:
    with pytest.raises(PolicyMistakes) as mistakes:
        set_house({"holidays": "2027-02-30", "inspection": date(2020, 1, 1).isoformat()}, by=person())
    assert set(mistakes.value.by_field) == {"holidays", "inspection"}


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OFFICER, Role.ADMIN)])
def test_only_officers_and_administrators_of_the_whole_house_set_it(role: Role, person: Callable[..., User]) -> None:
    for somebody in (person(role), person(Role.OFFICER, "part", department="总部/办公室")):
        with pytest.raises(PermissionDenied):
            set_class("internal", SOUND, by=somebody)
        with pytest.raises(PermissionDenied):
            set_house({}, by=somebody)


def test_there_is_a_profile_to_choose_for_each_class() -> None:
    for computer_class in ("internet", "internal", "confidential"):
        assert profiles_for(computer_class)
