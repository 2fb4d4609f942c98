"""API keys: making one for oneself, seeing how often each was used, and revoking them."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from server.accounts import api_keys
from server.accounts.models import ApiScope
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of

LIVES = (30, 90, 365)
"""Days a key may live for; one without an end is made on the collector's command line alone."""


@page
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: SignedInRequest) -> HttpResponse:
    """Show the keys, or make one and show its text: it is in this answer only, which no cache may keep."""
    mistake = text = ""
    if request.method == "POST":
        days = request.POST.get("days", "")
        if days not in map(str, LIVES):
            mistake = _("Please choose how long the key lives.")
        else:
            until = timezone.now() + timedelta(days=int(days))
            wanted, note = request.POST.getlist("scope"), request.POST.get("note", "").replace("\0", "")
            try:
                text = api_keys.mint(request.user, scopes=wanted, note=note, expires_at=until, by=request.user)[1]
            except api_keys.KeyMistake as wrong:
                mistake = str(wrong)
    rows = api_keys.keys_of(request.user).order_by("-id")
    context = {
        "page": page_of(rows, request.GET.get("after"), request.GET.get("before")),
        "total": counted(count_up_to(rows)),
        "scopes": [choice for choice in ApiScope.choices if choice[0] != ApiScope.READ],
        "lives": LIVES,
        "now": timezone.now(),
        "text": text,
        "mistake": mistake,
    }
    return show(request, "web/keys.html", context, at="keys", status=422 if mistake else 200)


@page
@require_POST
def key_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let a key open nothing from now on."""
    key = get_object_or_404(api_keys.keys_of(request.user), pk=min(pk, 2**62))
    api_keys.revoke(key, by=request.user)
    messages.success(request, _("The key was revoked: it opens nothing any more."))
    return HttpResponseRedirect(reverse("web:keys"))
