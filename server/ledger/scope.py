"""Which computers, media and people a person may see: the querysets every page and export starts from."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from server.accounts.models import User
from server.accounts.scope import Anybody, departments_of
from server.ledger.models import Computer, MediaSession, Medium, Person


def computers_of(user: Anybody) -> QuerySet[Computer]:
    """The computers of the own departments; one that belongs to none is for those who see everything."""
    if isinstance(user, User) and user.sees_everything:
        return Computer.objects.all()
    return Computer.objects.filter(department__in=departments_of(user))


def media_of(user: Anybody) -> QuerySet[Medium]:
    """The media of the own departments, and those of nobody that were put into a computer of the own departments."""
    if isinstance(user, User) and user.sees_everything:
        return Medium.objects.all()
    own = departments_of(user)
    seen_here = MediaSession.objects.filter(medium=OuterRef("pk"), computer__department__in=own)
    return Medium.objects.filter(Q(department__in=own) | Q(Exists(seen_here), department=None))


def people_of(user: Anybody) -> QuerySet[Person]:
    """The people of the own departments."""
    if isinstance(user, User) and user.sees_everything:
        return Person.objects.all()
    return Person.objects.filter(department__in=departments_of(user))
