"""Which violations and waivers a person may see: one subquery that every list, page and API starts from."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from server.accounts.models import User
from server.accounts.scope import Anybody, departments_of
from server.violations.models import Group, SavedView, Waiver


def visible_to(user: Anybody) -> QuerySet[Group]:
    """The groups this person may see: those of computers of the own departments; all of them without a department."""
    if not isinstance(user, User) or not user.is_current:
        return Group.objects.none()
    if user.sees_everything:
        return Group.objects.all()
    return Group.objects.filter(computer__department__in=departments_of(user))


def waivers_of(user: Anybody) -> QuerySet[Waiver]:
    """The waivers this person may see."""
    if not isinstance(user, User) or not user.is_current:
        return Waiver.objects.none()
    if user.sees_everything:
        return Waiver.objects.all()
    return Waiver.objects.filter(department__in=departments_of(user))


def saved_views_of(user: Anybody) -> QuerySet[SavedView]:
    """The views this person is offered: the own ones and those that are shared."""
    if not isinstance(user, User) or not user.is_current:
        return SavedView.objects.none()
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True))
