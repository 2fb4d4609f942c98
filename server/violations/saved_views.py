"""Keeping a set of filters under a name, and giving it up."""

from __future__ import annotations

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from server.accounts.models import User
from server.violations.models import SavedView

MOST = 50
"""Saved views of one person."""
LONGEST_QUERY = 1000
KEPT = ("q", "state", "severity", "family", "control", "computer", "assignee", "sort", "due", "department")
"""The filters that are kept of an address."""


class ViewMistake(ValueError):
    """A view that cannot be kept; ``str()`` says why."""


def kept_query(query: str) -> str:
    """The filters of an address, without its place in the list and without anything that is no filter."""
    told, kept = QueryDict(query[:4000]), QueryDict(mutable=True)
    for key in KEPT:
        if values := told.getlist(key):
            kept.setlist(key, values)
    return kept.urlencode()


def keep(user: User, *, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep filters for this person; for everybody too where the person works on violations. Raises `ViewMistake`."""
    name, query = " ".join(name.replace("\0", "").split())[:60], kept_query(query)
    if not name or len(query) > LONGEST_QUERY or user.saved_views.exclude(name=name).count() >= MOST:
        raise ViewMistake(_("A saved view needs a name, and one person keeps at most %(n)d.") % {"n": MOST})
    view, _made = SavedView.objects.update_or_create(
        owner=user,
        name=name,
        defaults={"query": query, "shared": shared and user.may_triage, "created_at": timezone.now()},
    )
    return view
