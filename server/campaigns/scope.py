"""Which rounds a person sees, and which of them this person may change."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from server.accounts.models import Right, User
from server.accounts.scope import Anybody, departments_of
from server.campaigns.models import Campaign, Result

_STEP = 9
"""Characters of one department in `Department.path`."""


def campaigns_of(user: Anybody) -> QuerySet[Campaign]:
    """The rounds in which the own departments take part, or some below them; their figures are narrowed apart."""
    if not isinstance(user, User) or not user.is_current:
        return Campaign.objects.none()
    if user.sees_everything:
        return Campaign.objects.all()
    if user.department is None:
        return Campaign.objects.none()
    path = user.department.path
    above = [path[:end] for end in range(_STEP, len(path) + 1, _STEP)]
    taking_part = Campaign.departments.through.objects.filter(
        Q(department__in=departments_of(user)) | Q(department__path__in=above)
    )
    return Campaign.objects.filter(Q(whole_house=True) | Q(pk__in=taking_part.values("campaign")))


def results_of(user: Anybody) -> QuerySet[Result]:
    """The frozen rows of closed rounds that are about the own departments, as they were when the round was closed."""
    if isinstance(user, User) and user.sees_everything:
        return Result.objects.all()
    return Result.objects.filter(department__in=departments_of(user))


def may_change(user: User, campaign: Campaign) -> bool:
    """Whether this person may change, close and remind: all of the round must lie within the own departments."""
    if not user.may(Right.CAMPAIGN):
        return False
    if user.sees_everything:
        return True
    if campaign.whole_house:
        return False
    named = set(campaign.departments.values_list("pk", flat=True))
    return bool(named) and named <= set(departments_of(user).values_list("pk", flat=True))
