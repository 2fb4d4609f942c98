"""Which violations a person may see: one subquery that every list, page and API starts from."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from server.accounts.models import User
from server.violations.models import Group


def visible_to(user: User | AnonymousUser) -> QuerySet[Group]:
    """The groups this person may see: all of them for every active account, none for anybody else."""
    if not isinstance(user, User) or not user.is_active:
        return Group.objects.none()
    return Group.objects.all()
