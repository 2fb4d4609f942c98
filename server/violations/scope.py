"""Which violations and waivers a person may see: one subquery that every list, page and API starts from."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models import Count, Func, Q, QuerySet, UUIDField

from server.accounts.models import Department, User
from server.accounts.scope import Anybody, departments_of
from server.ledger.models import Computer
from server.violations.models import Group, SavedView, Waiver

MOST = 3
"""Where departments hold more than one in so many of all computers, violations are looked at one after the other."""
_SEES_ALL = "_sees_all"
"""Attribute of an account that was read: for whom and for which department it was looked up, and what was found."""
_KEPT = 300
"""Seconds for which it is known whether they do."""


class AsItComes(Func):
    """A column for which SQLite looks into no index: what the list is sorted by leads to the rows instead."""

    function = None
    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Any]:
        """With a plus before it, SQLite's own way to say so."""
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra_context)


def visible_to(user: Anybody, *, as_they_come: bool = False) -> QuerySet[Group]:
    """The groups this person may see: those of computers of the own departments; all of them without a department.

    ``as_they_come``: each violation is asked for its computer, for a list of which much is seen; else one starts from
    the computers.
    """
    if not isinstance(user, User) or not user.is_current:
        return Group.objects.none()
    if sees_all(user):
        return Group.objects.all()
    return in_departments(Group.objects.all(), departments_of(user), as_they_come=as_they_come)


def visible_by_the_shorter_way(user: Anybody) -> QuerySet[Group]:
    """The same, looked up as suits how much of the house this person sees."""
    return visible_to(user, as_they_come=isinstance(user, User) and sees_most(user))


def sees_all(user: User) -> bool:
    """Whether there is no computer whose violations this person may not see.

    Of an officer whose departments hold most, it is looked up once for each time the account was read, thus with each
    request: nothing of a computer that has come to another department since is ever shown.
    """
    if user.sees_everything or user.department is None or not hold_most(user.department.path):
        return user.sees_everything
    key = f"{user.pk}:{user.department.path}"
    told: tuple[str, bool] = getattr(user, _SEES_ALL, ("", False))  # not by vars(): a request's account is a proxy
    if told[0] != key:
        others = Department.objects.exclude(path__startswith=user.department.path)
        elsewhere = Computer.objects.filter(Q(department=None) | Q(department__in=others))
        told = key, not elsewhere.exists()
        setattr(user, _SEES_ALL, told)
    return told[1]


def sees_most(user: User) -> bool:
    """Whether a department officer's departments hold a good part of all computers, and others hold some."""
    return user.department is not None and not sees_all(user) and hold_most(user.department.path)


def hold_most(path: str) -> bool:
    """Whether a department and all below it hold a good part of all computers; kept for some minutes."""
    key = f"hold-most:{path}"
    found: bool | None = cache.get(key)
    if found is None:
        below = Q(department__in=Department.objects.filter(path__startswith=path))
        told = Computer.objects.aggregate(every=Count("pk"), here=Count("pk", filter=below))
        found = MOST * told["here"] > told["every"]
        cache.set(key, found, _KEPT)
    return found


def in_departments(
    groups: QuerySet[Group], departments: QuerySet[Department], *, as_they_come: bool = False
) -> QuerySet[Group]:
    """Of these groups, those of computers of these departments; ``as_they_come`` as for `visible_to`."""
    if not as_they_come:
        return groups.filter(computer__department__in=departments)
    # Who sees most is asked of few that way, and what is not seen, however much of it comes first, is soon passed by.
    others = Computer.objects.order_by().exclude(department__in=departments).values("pk")
    computer = AsItComes("computer_id", output_field=UUIDField())
    return groups.alias(computer_as_it_comes=computer).filter(~Q(computer_as_it_comes__in=others))


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
