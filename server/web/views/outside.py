"""Signing in through the organisation's own service, and who its people are here."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from server import audit
from server.accounts import outside
from server.accounts.models import OutsideAccount, Right, User
from server.accounts.peers import client_address
from server.home import Oidc
from server.web.doors import first_proof_given
from server.web.pages import SignedInRequest, page_for, show, way_back
from server.web.paging import page_of
from server.web.views.sign_in import outside_stranger, show_door

log = logging.getLogger(__name__)
BACK = "outside_back"
"""Where the session keeps the page that was asked for."""


def _service() -> Oidc:
    service: Oidc | None = settings.MIJIAN_OIDC
    if service is None:
        raise Http404
    return service


@never_cache
@require_safe
def outside_begin(request: HttpRequest) -> HttpResponse:
    """Lead to the service."""
    from server.accounts import oidc  # 9 MB, in a house that has such a service only

    service = _service()
    request.session[BACK] = way_back(request, "web:start")
    try:
        return oidc.begin(request, service, request.build_absolute_uri(reverse("web:outside-back")))
    except oidc.OidcError as error:
        log.warning("the sign-in service cannot be asked: %s", error)
        return show_door(request, _("The sign-in service cannot be reached just now."), status=502)


@never_cache
@require_safe
def outside_back(request: HttpRequest) -> HttpResponse:
    """Take the service's word; a stranger is remembered and gets nothing."""
    from server.accounts import oidc

    service = _service()
    back = request.session.pop(BACK, reverse("web:start"))
    try:
        voucher = oidc.finish(request, service)
    except oidc.OidcError as error:
        log.warning("what the sign-in service said does not hold: %s", error)
        audit.record("account.sign-in-failed", address=client_address(request.META), road="oidc")
        return show_door(request, _("The sign-in service did not vouch for you. Please try again."), status=403)
    user = outside.recognise("oidc", service.issuer, voucher.subject, shown=voucher.shown)
    if user is None:
        return show_door(request, outside_stranger(), status=403)
    return first_proof_given(request, user, road="oidc", back=back)


@page_for(Right.ADMINISTER, whole_house=True)
@require_http_methods(["GET", "HEAD", "POST"])
def outside_accounts(request: SignedInRequest) -> HttpResponse:
    """Show whom directory and service have vouched for, strangers first, and say who they are here."""
    if request.method == "POST":
        return _decide(request)
    rows = OutsideAccount.objects.select_related("user").order_by("-id")
    page_ = page_of(rows, request.GET.get("after"), request.GET.get("before"))
    context = {
        "page": page_,
        "total": rows.count(),
        "asks": settings.MIJIAN_OIDC or settings.MIJIAN_SAML or settings.MIJIAN_LDAP,
    }
    return show(request, "web/outside.html", context, at="users")


def _decide(request: SignedInRequest) -> HttpResponse:
    told, name = request.POST.get("account", ""), request.POST.get("username", "").strip()[:150]
    account = get_object_or_404(OutsideAccount.objects.select_related("user"), pk=int(told) if told.isdecimal() else 0)
    if request.POST.get("forget"):
        outside.forget(account, by=request.user)
        messages.success(request, _("Forgotten. Who comes again is a stranger."))
    elif (user := User.objects.filter(username=name).first()) is None:
        messages.error(request, _("There is no account %(name)s.") % {"name": name})
    else:
        outside.tie(account, user, by=request.user)
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("web:outside"))
