"""Where each computer of a round stands, and the sums of departments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from server.accounts.models import Role, User
from server.campaigns.actions import exempt
from server.campaigns.models import Campaign
from server.campaigns.standing import matrix, rows_of
from server.ledger.models import Computer

pytestmark = pytest.mark.django_db
Round = Callable[..., Campaign]
Desk = Callable[..., Computer]


@pytest.fixture
def officer(person: Callable[..., User]) -> User:
    return person(Role.OFFICER)


def standings(campaign: Campaign, user: User) -> dict[str, str]:
    return {row.name: row.standing for row in rows_of(campaign, user)}


def test_a_self_check_in_time_is_done_and_one_after_the_deadline_late(
    make_round: Round, desk_pc: Desk, self_check: Any, officer: User
) -> None:
    campaign = make_round(deadline=timezone.localdate() - timedelta(days=4))
    self_check(desk_pc("in-time"), 6)
    self_check(desk_pc("late"), 1)
    both = desk_pc("both")
    self_check(both, 6)
    self_check(both, 1)
    assert standings(campaign, officer) == {"in-time": "done", "late": "late", "both": "done"}


def test_the_last_moment_of_the_deadline_is_in_time(
    make_round: Round, desk_pc: Desk, self_check: Any, officer: User
) -> None:
    campaign = make_round(deadline=timezone.localdate() - timedelta(days=2))
    end = campaign.in_time_before
    self_check(desk_pc("just"), seen_at=end - timedelta(microseconds=1))
    self_check(desk_pc("too-late"), seen_at=end)
    assert standings(campaign, officer) == {"just": "done", "too-late": "late"}


@pytest.mark.parametrize(("grace", "expected"), [(3, "pending"), (2, "pending"), (1, "missing"), (0, "missing")])
def test_who_has_not_is_missing_only_once_the_grace_is_over(
    make_round: Round, desk_pc: Desk, officer: User, grace: int, expected: str
) -> None:
    campaign = make_round(deadline=timezone.localdate() - timedelta(days=2), grace_days=grace)
    desk_pc()
    assert standings(campaign, officer) == {"pc-1": expected}


def test_a_self_check_from_before_the_round_counts_for_nothing(
    make_round: Round, desk_pc: Desk, self_check: Any, officer: User
) -> None:
    self_check(desk_pc(), 11)
    assert standings(make_round(), officer) == {"pc-1": "pending"}


@pytest.mark.parametrize(
    ("asked", "profile", "class_", "expected"),
    [
        ("", "internal", "internal", "done"),
        ("", "internet", "internet", "pending"),
        ("", "disposal", "device", "pending"),
        ("", "our-own", "", "done"),
        ("internal", "internal", "internal", "done"),
        ("internal", "our-own", "", "pending"),
    ],
)
def test_only_a_self_check_by_the_right_profile_counts(
    make_round: Round,
    desk_pc: Desk,
    self_check: Any,
    officer: User,
    asked: str,
    profile: str,
    class_: str,
    expected: str,
) -> None:
    self_check(desk_pc(), profile=profile, profile_class=class_)
    assert standings(make_round(profile=asked), officer) == {"pc-1": expected}


def test_who_is_exempt_or_in_store_is_not_missing_unless_it_did_it_all_the_same(
    make_round: Round, desk_pc: Desk, self_check: Any, officer: User
) -> None:
    campaign = make_round()
    spared, diligent = desk_pc("spared"), desk_pc("diligent")
    desk_pc("cupboard", status="in-store")
    desk_pc("workshop", status="in-repair")
    for pc in (spared, diligent):
        exempt(campaign, pc, reason="出差", by=officer)
    self_check(diligent)
    assert standings(campaign, officer) == {
        "spared": "exempt",
        "diligent": "done",
        "cupboard": "exempt",
        "workshop": "exempt",
    }


def test_lost_withdrawn_replaced_and_other_computers_take_no_part(
    make_round: Round, desk_pc: Desk, officer: User
) -> None:
    kept = desk_pc("kept")
    desk_pc("lost", status="lost")
    desk_pc("withdrawn", revoked_at=timezone.now())
    desk_pc("replaced", replaced_by=kept)
    desk_pc("internet", computer_class="internet")
    entered = {"enrolled_at": None, "registered_at": timezone.now(), "public_key": b""}
    Computer.objects.create(id=uuid.uuid4(), name="entered", computer_class="internal", **entered)
    assert standings(make_round(), officer) == {"kept": "pending", "entered": "pending"}


def test_a_round_of_a_department_takes_in_all_below_it(
    make_round: Round, desk_pc: Desk, organise: Any, officer: User
) -> None:
    desk_pc("above", "总部")
    desk_pc("here", "总部/办公室")
    desk_pc("below", "总部/办公室/一科")
    desk_pc("beside", "总部/财务处")
    campaign = make_round(departments=[organise("总部/办公室")])
    assert set(standings(campaign, officer)) == {"here", "below"}


def test_the_matrix_counts_each_department_and_the_failures_of_the_last_self_check(
    make_round: Round, desk_pc: Desk, self_check: Any, officer: User
) -> None:
    mended = desk_pc("mended")
    self_check(mended, 5, failed=("PWD-02", "SEC-01"))
    self_check(mended, 1)
    self_check(desk_pc("failing"), failed=("PWD-02", "SEC-01"))
    desk_pc("waiting", "总部/财务处")
    lines, total = matrix(make_round(), officer)
    told = [(str(one.department), one.made, one.unfinished, one.failing, one.failed, one.share) for one in lines]
    assert told == [("办公室", 2, 0, 1, 2, 100), ("财务处", 0, 1, 0, 0, 0)]
    assert (total.total, total.made, total.failing, total.failed, total.share) == (3, 2, 1, 2, 66)


def test_a_department_officer_sees_the_own_lines_of_a_round_of_the_whole_house(
    make_round: Round, desk_pc: Desk, person: Callable[..., User]
) -> None:
    desk_pc("own")
    desk_pc("foreign", "总部/财务处")
    desk_pc("nobody's", "")
    theirs = person(Role.DEPARTMENT, department="总部/办公室")
    lines, total = matrix(make_round(), theirs)
    assert ([str(line.department) for line in lines], total.total) == (["办公室"], 1)


def test_the_sums_take_few_queries(
    make_round: Round, desk_pc: Desk, organise: Any, officer: User, django_assert_max_num_queries: Any
) -> None:
    campaign = make_round(departments=[organise("总部")])
    for number in range(6):
        desk_pc(f"pc-{number}", f"总部/{number}处")
    with django_assert_max_num_queries(3):
        lines, _total = matrix(campaign, officer)
    assert len(lines) == 6
