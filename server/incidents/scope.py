"""Which incidents a person sees."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from server.accounts.models import User
from server.accounts.scope import Anybody, departments_of
from server.incidents.models import ACTIVE, Duty, Incident


def incidents_of(user: Anybody) -> QuerySet[Incident]:
    """The incidents of the own departments; one that belongs to none is for those who see everything."""
    if not isinstance(user, User) or not user.is_current:
        return Incident.objects.none()
    if user.sees_everything:
        return Incident.objects.all()
    return Incident.objects.filter(department__in=departments_of(user))


def overdue_of(user: Anybody) -> QuerySet[Incident]:
    """Those of them in which a duty is not met and its time is over."""
    late = Duty.objects.filter(incident=OuterRef("pk"), met_at=None, due_at__lt=timezone.now())
    return incidents_of(user).filter(Exists(late), state__in=ACTIVE)
