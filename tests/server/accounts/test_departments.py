"""The tree of departments stays a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from server.accounts import departments
from server.accounts.models import Department, Role, User
from server.accounts.scope import covers, departments_of

pytestmark = pytest.mark.django_db
People = Callable[..., User]


def test_a_department_that_moves_takes_along_what_hangs_below(person: People, organise: Any) -> None:
    leaf, other = organise("总部/办公室/一科"), organise("分局")
    departments.change(Department.objects.get(name="办公室"), name="综合处", parent=other, by=person(Role.ADMIN))
    leaf.refresh_from_db()
    assert leaf.path.startswith(other.path)
    assert [one.name for one in Department.objects.filter(path__startswith=other.path)] == ["分局", "综合处", "一科"]


def test_a_department_never_hangs_below_itself(person: People, organise: Any) -> None:
    leaf, top = organise("总部/办公室"), Department.objects.get(name="总部")
    with pytest.raises(departments.DepartmentError):
        departments.change(top, name="总部", parent=leaf, by=person(Role.ADMIN))


@pytest.mark.parametrize("name", ["", "  ", "长" * 101, "办公室"])
def test_a_name_is_given_once_at_one_place(person: People, organise: Any, name: str) -> None:
    organise("总部/办公室")
    with pytest.raises(departments.DepartmentError):
        departments.add(name, parent=Department.objects.get(name="总部"), by=person(Role.ADMIN))


def test_nobody_adds_a_department_outside_the_own_scope(person: People, organise: Any) -> None:
    mine = person(Role.DEPARTMENT, department="总部/办公室")
    assert departments.add("一科", parent=organise("总部/办公室"), by=mine).depth == 2
    for parent in (organise("总部"), organise("总部/财务处"), None):
        with pytest.raises(PermissionDenied):
            departments.add("新科室", parent=parent, by=mine)


def test_names_that_begin_alike_are_no_scope(person: People, organise: Any) -> None:
    mine = person(Role.VIEWER, department="总部/办公室")
    assert mine.department is not None
    neighbour = organise("总部/办公室二")
    assert [one.pk for one in departments_of(mine)] == [mine.department.pk]
    assert (covers(mine, mine.department.pk), covers(mine, neighbour.pk), covers(mine, None)) == (True, False, False)
