"""Keeping a set of filters under a name, and giving it up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from server.violations.models import SavedView
from server.web.pages import SignedInRequest, page

MOST = 50
"""Saved views of one person."""
_KEPT = ("q", "state", "severity", "family", "control", "computer", "assignee", "sort", "due", "department")


@page
@require_POST
def save_view(request: SignedInRequest) -> HttpResponse:
    """Keep the filters of the form's address for this person, or for everybody."""
    name = " ".join(request.POST.get("name", "").split())[:60]
    told, kept = QueryDict(request.POST.get("query", "")[:4000]), QueryDict(mutable=True)
    for key in _KEPT:
        if values := told.getlist(key):
            kept.setlist(key, values)
    query = kept.urlencode()
    back = reverse("web:violations") + (f"?{query}" if query else "")
    if not name or len(query) > 1000 or request.user.saved_views.exclude(name=name).count() >= MOST:
        messages.error(request, _("A saved view needs a name, and one person keeps at most %(n)d.") % {"n": MOST})
        return HttpResponseRedirect(back)
    shared = request.POST.get("shared") == "1" and request.user.may_triage
    SavedView.objects.update_or_create(
        owner=request.user,
        name=name,
        defaults={"query": query, "shared": shared, "created_at": timezone.now()},
    )
    messages.success(request, _("The view was saved."))
    return HttpResponseRedirect(back)


@page
@require_POST
def drop_view(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a saved view of one's own."""
    get_object_or_404(SavedView, pk=min(pk, 2**62), owner=request.user).delete()
    messages.success(request, _("The view was removed."))
    return HttpResponseRedirect(reverse("web:violations"))
