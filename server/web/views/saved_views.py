"""Keeping a set of filters under a name, and giving it up."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from server.violations import saved_views
from server.violations.models import SavedView
from server.web.pages import SignedInRequest, page


@page
@require_POST
def save_view(request: SignedInRequest) -> HttpResponse:
    """Keep the filters of the form's address for this person, or for everybody."""
    told = request.POST.get("query", "")
    query = saved_views.kept_query(told)
    back = reverse("web:violations") + (f"?{query}" if query else "")
    try:
        shared = request.POST.get("shared") == "1"
        saved_views.keep(request.user, name=request.POST.get("name", ""), query=told, shared=shared)
    except saved_views.ViewMistake as mistake:
        messages.error(request, str(mistake))
        return HttpResponseRedirect(back)
    messages.success(request, _("The view was saved."))
    return HttpResponseRedirect(back)


@page
@require_POST
def drop_view(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a saved view of one's own."""
    get_object_or_404(SavedView, pk=min(pk, 2**62), owner=request.user).delete()
    messages.success(request, _("The view was removed."))
    return HttpResponseRedirect(reverse("web:violations"))
