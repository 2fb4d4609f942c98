"""Making, changing and closing rounds: who may, what is refused, what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.campaigns import actions, closing
from server.campaigns.actions import CampaignMistakes, Plan
from server.campaigns.models import Campaign, Exemption, Result, SelfCheck
from server.campaigns.scope import campaigns_of, may_change
from server.campaigns.standing import matrix, rows_of
from server.ledger.models import Computer

pytestmark = pytest.mark.django_db
Round = Callable[..., Campaign]
Desk = Callable[..., Computer]
People = Callable[..., User]


def test_a_round_is_opened_and_changed_with_an_audit_row_of_each_value(make_round: Round, person: People) -> None:
    officer = person()
    campaign = make_round(officer)
    plan = Plan(
        title="延期", classes=["internal"], starts_on=campaign.starts_on, deadline=campaign.deadline, grace_days=5
    )
    actions.save(campaign, plan, by=officer)
    opened, changed = Entry.objects.filter(object_type="campaigns.campaign").order_by("id")
    assert (opened.action, changed.action) == ("campaign.open", "campaign.change")
    assert changed.detail["changes"] == {"title": ["四季度保密自查", "延期"], "grace_days": [0, 5]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("title", "x" * 101),
        ("classes", []),
        ("classes", ["mainframe"]),
        ("profile", "nonsense"),
        ("profile", "internet"),
        ("starts_on", None),
        ("deadline", None),
        ("deadline", date(2020, 1, 1)),
        ("deadline", date(2099, 1, 1)),
        ("grace_days", -1),
        ("grace_days", 91),
        ("inspection_on", date(2020, 1, 1)),
    ],
)
def test_a_round_that_makes_no_sense_is_refused_with_the_field_that_is_wrong(
    make_round: Round, field: str, value: Any
) -> None:
    with pytest.raises(CampaignMistakes) as caught:
        make_round(**{field: value})
    assert field in caught.value.by_field
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.VIEWER, Role.IT])
def test_who_has_not_the_right_opens_no_round(make_round: Round, person: People, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        make_round(person(role))


def test_a_department_officer_opens_rounds_of_the_own_departments_alone(
    make_round: Round, person: People, organise: Any
) -> None:
    theirs = person(Role.DEPARTMENT, department="总部/办公室")
    campaign = make_round(theirs, departments=[organise("总部/办公室/一科")])
    assert may_change(theirs, campaign)
    for elsewhere in ([], [organise("总部/财务处")], [organise("总部")]):
        with pytest.raises(CampaignMistakes) as caught:
            make_round(theirs, departments=elsewhere)
        assert "departments" in caught.value.by_field


def test_a_round_is_seen_by_those_who_take_part_and_changed_by_those_above(
    make_round: Round, person: People, organise: Any
) -> None:
    people = {name: person(Role.DEPARTMENT, username=name, department=name) for name in ("总部", "总部/甲", "总部/乙")}
    of_a, of_all = make_round(departments=[organise("总部/甲")]), make_round()
    seen = {name: set(campaigns_of(user)) for name, user in people.items()}
    assert seen == {"总部": {of_a, of_all}, "总部/甲": {of_a, of_all}, "总部/乙": {of_all}}
    assert {name: may_change(user, of_a) for name, user in people.items()} == {
        "总部": True,
        "总部/甲": True,
        "总部/乙": False,
    }
    assert not any(may_change(user, of_all) for user in people.values())
    assert not campaigns_of(person(Role.DEPARTMENT, username="homeless")).exists()


def test_an_exemption_needs_a_reason_the_right_and_a_computer_of_the_round(
    make_round: Round, desk_pc: Desk, person: People
) -> None:
    officer, campaign = person(), make_round()
    inside, outside = desk_pc("inside"), desk_pc("outside", computer_class="internet")
    with pytest.raises(CampaignMistakes):
        actions.exempt(campaign, inside, reason=" ", by=officer)
    with pytest.raises(CampaignMistakes):
        actions.exempt(campaign, outside, reason="x", by=officer)
    with pytest.raises(PermissionDenied):
        actions.exempt(campaign, inside, reason="x", by=person(Role.DEPARTMENT, department="总部/办公室"))
    actions.exempt(campaign, inside, reason="封存待检", by=officer)
    assert Entry.objects.get(action="campaign.exempt").detail["reason"] == "封存待检"
    actions.end_exemption(campaign, inside, by=officer)
    assert not Exemption.objects.exists()
    assert Entry.objects.filter(action="campaign.exempt-end").count() == 1


def test_closing_freezes_the_figures_whatever_comes_afterwards(
    make_round: Round, desk_pc: Desk, self_check: Any, person: People, organise: Any
) -> None:
    officer = person()
    campaign = make_round(officer)
    done, missing = desk_pc("done"), desk_pc("missing", "总部/财务处")
    self_check(done, 3, failed=("PWD-02",))
    campaign = actions_close(campaign, officer)
    before = [(row.name, row.standing, row.failed_count) for row in rows_of(campaign, officer)]
    assert before == [("done", "done", 1), ("missing", "missing", 0)]

    self_check(missing, 0)
    Computer.objects.filter(pk=done.pk).update(name="renamed", department=organise("总部/财务处"))
    desk_pc("newcomer")
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert [(row.name, row.standing, row.failed_count) for row in rows_of(campaign, officer)] == before
    assert [str(line.department) for line in matrix(campaign, officer)[0]] == ["办公室", "财务处"]
    assert closing.digest(campaign) == campaign.digest
    assert Entry.objects.get(action="campaign.close").detail["digest"] == campaign.digest
    assert verify_chain().whole


def actions_close(campaign: Campaign, officer: User, note: str = "限期补查") -> Campaign:
    return closing.close(campaign, by=officer, note=note)


def test_a_frozen_figure_that_was_altered_no_longer_fits_its_hash(
    make_round: Round, desk_pc: Desk, person: People
) -> None:
    desk_pc()
    campaign = actions_close(make_round(), person())
    Result.objects.update(standing="done")
    assert closing.digest(campaign) != campaign.digest


def test_a_round_with_missing_computers_is_closed_only_with_a_word_about_them(
    make_round: Round, desk_pc: Desk, person: People
) -> None:
    desk_pc()
    campaign, officer = make_round(), person()
    with pytest.raises(CampaignMistakes) as caught:
        actions_close(campaign, officer, " ")
    assert "note" in caught.value.by_field
    assert Campaign.objects.get().open
    assert not Result.objects.exists()


def test_a_closed_round_is_not_changed_exempted_or_closed_again(
    make_round: Round, desk_pc: Desk, self_check: Any, person: People
) -> None:
    officer, pc = person(), desk_pc()
    self_check(pc)
    campaign = make_round()
    closing.close(campaign, by=officer)
    acts: list[Callable[[], Any]] = [
        lambda: closing.close(campaign, by=officer),
        lambda: actions.exempt(campaign, pc, reason="x", by=officer),
        lambda: actions.save(
            campaign,
            Plan(title="x", classes=["internal"], starts_on=campaign.starts_on, deadline=campaign.deadline),
            by=officer,
        ),
    ]
    for act in acts:
        with pytest.raises(CampaignMistakes) as caught:
            act()
        assert "figures stand" in str(caught.value) or "数字" in str(caught.value)


def test_a_round_that_has_not_begun_is_not_closed(make_round: Round, person: People) -> None:
    today = timezone.localdate()
    campaign = make_round(starts_on=today + timedelta(days=1), deadline=today + timedelta(days=5))
    with pytest.raises(CampaignMistakes):
        actions_close(campaign, person())
    assert Campaign.objects.get().open


def test_the_controls_that_fail_most_are_told_before_and_after_closing(
    make_round: Round, desk_pc: Desk, self_check: Any, person: People
) -> None:
    officer, campaign = person(), make_round()
    mended = desk_pc("mended")
    self_check(mended, 4, failed=("NET-03",))
    self_check(mended, 1, failed=("PWD-02",))
    self_check(desk_pc("other"), 1, failed=("PWD-02", "SEC-01"))
    expected = [("PWD-02", 2), ("SEC-01", 1)]
    assert closing.common_failures(campaign, officer) == expected
    assert closing.common_failures(closing.close(campaign, by=officer), officer) == expected
    assert SelfCheck.objects.count() == 3
