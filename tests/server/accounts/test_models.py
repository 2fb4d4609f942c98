"""What each role may do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts.models import Role, User


@pytest.mark.parametrize(
    ("role", "triage", "reveal", "administer"),
    [
        (Role.OFFICER, True, True, False),
        (Role.IT, True, False, False),
        (Role.ADMIN, True, True, True),
        (Role.VIEWER, False, False, False),
    ],
)
def test_each_role_may_do_its_own_work(
    person: Callable[..., User], role: Role, triage: bool, reveal: bool, administer: bool
) -> None:
    user = person(role)
    assert (user.may_triage, user.may_reveal, user.may_administer) == (triage, reveal, administer)


def test_an_account_that_is_switched_off_may_do_nothing(person: Callable[..., User]) -> None:
    user = person(Role.ADMIN, is_active=False)
    assert (user.may_triage, user.may_reveal, user.may_administer) == (False, False, False)


def test_a_person_is_shown_by_name_in_chinese_order(person: Callable[..., User]) -> None:
    assert person(Role.IT, last_name="王", first_name="芳").display_name == "王芳"
    assert person(Role.VIEWER, username="zhao").display_name == "zhao"
