"""The departments a person's scope covers: one subquery that every list, page and API starts from."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from server.accounts.models import Department, User

Anybody = User | AnonymousUser


def departments_of(user: Anybody) -> QuerySet[Department]:
    """The departments this person sees: the own one and all below it, all of them without one, none for nobody.

    A department officer without a department sees none: the role means nothing without one.
    """
    if not isinstance(user, User) or not user.is_current:
        return Department.objects.none()
    if user.sees_everything:
        return Department.objects.all()
    if user.department is None:
        return Department.objects.none()
    return Department.objects.filter(path__startswith=user.department.path)


def covers(user: Anybody, department_id: int | None) -> bool:
    """Whether a person may touch what belongs to this department; what belongs to none is for the whole house."""
    if isinstance(user, User) and user.sees_everything:
        return True
    return department_id is not None and departments_of(user).filter(pk=department_id).exists()
