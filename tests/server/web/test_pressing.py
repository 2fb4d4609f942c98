"""What presses, in numbers on every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.violations import waivers
from server.violations.models import Group
from server.web.pressing import Pressing, pressing

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(office: Any) -> Group:
    """An overdue violation of the department 总部/办公室."""
    group: Group = office.file(office.computer(department="总部/办公室"))
    Group.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    return group


@pytest.mark.parametrize("name", ["start", "violations", "computers", "campaigns", "reports"])
def test_title_and_sign_of_every_page_show_what_is_overdue(
    late: Group, person: Callable[..., User], seat: Callable[..., Client], name: str
) -> None:
    assert late.pk
    page = seat(person()).get(reverse(f"web:{name}")).content.decode()
    assert "<title>(1) " in page
    assert "favicon-overdue" in page
    assert re.search(r'rail__count" title="overdue">1<', page)


def test_where_nothing_is_overdue_no_number_stands(person: Callable[..., User], seat: Callable[..., Client]) -> None:
    page = seat(person()).get(reverse("web:computers")).content.decode()
    assert "<title>Computers" in page
    assert "rail__count" not in page
    assert "favicon-overdue" not in page


def test_each_person_s_numbers_are_those_of_the_own_departments_and_duties(
    late: Group, person: Callable[..., User]
) -> None:
    cache.clear()
    officer = person()
    until = timezone.localdate() + timedelta(days=9)
    waivers.ask(late, scope="violation", reason="x", expires_on=until, by=officer)
    assert pressing(officer) == Pressing(violations=1, waivers=1)
    assert pressing(person(Role.DEPARTMENT, department="总部")) == Pressing(violations=1)
    assert pressing(person(Role.DEPARTMENT, "other", department="总部/财务处")) == Pressing()


def test_the_numbers_are_asked_for_once_in_a_while_and_end_where_nobody_reads_them(
    person: Callable[..., User], django_assert_num_queries: Any
) -> None:
    cache.clear()
    user = person(Role.VIEWER)
    with django_assert_num_queries(1):
        pressing(user)
        pressing(user)
    assert Pressing(violations=90, incidents=10).late == "99+"
