"""Signing in through a service that speaks SAML 2.0 (`server.accounts.saml`)."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from server import audit
from server.accounts import outside, saml
from server.accounts.peers import client_address
from server.accounts.saml_metadata import MEDIA_TYPE, SamlError, our_metadata
from server.home import Saml
from server.web.doors import first_proof_given
from server.web.pages import way_back
from server.web.views.sign_in import outside_stranger, show_door

log = logging.getLogger(__name__)
ASKED = "saml_asked"
"""Where the session keeps the request it made, and the page that was asked for."""


def _service() -> Saml:
    service: Saml | None = settings.MIJIAN_SAML
    if service is None:
        raise Http404
    return service


def _ours(request: HttpRequest, service: Saml) -> saml.Ours:
    """How the service knows us: by the address of the settings, else by the one people typed."""

    def at(name: str) -> str:
        path = reverse(name)
        return (
            settings.MIJIAN_ADDRESS.rstrip("/") + path if settings.MIJIAN_ADDRESS else request.build_absolute_uri(path)
        )

    return saml.Ours(service.entity_id or at("web:saml-metadata"), at("web:saml-answer"))


@never_cache
@require_safe
def saml_metadata(request: HttpRequest) -> HttpResponse:
    """What the service is to be told of this collector."""
    ours = _ours(request, _service())
    return HttpResponse(our_metadata(ours.entity_id, ours.answers), content_type=MEDIA_TYPE)


@never_cache
@require_safe
def saml_begin(request: HttpRequest) -> HttpResponse:
    """Lead to the service."""
    service = _service()
    try:
        there, made = saml.begin(service, _ours(request, service))
    except SamlError as error:
        log.warning("the SAML service cannot be asked: %s", error)
        return show_door(request, _("The sign-in service cannot be reached just now."), status=502)
    request.session[ASKED] = {"request": made, "back": way_back(request, "web:start")}
    return HttpResponseRedirect(there)


@csrf_exempt  # another site's form by its nature: what counts is the signature, and the session at the next step
@never_cache
@require_POST
def saml_answer(request: HttpRequest) -> HttpResponse:
    """Verify the service's answer and lead on to where the browser shows its session."""
    service = _service()
    try:
        vouched = saml.verify(service, _ours(request, service), request.POST.get("SAMLResponse", ""))
        word = saml.put_down(vouched)
    except SamlError as error:
        return _refused(request, error)
    response = HttpResponseRedirect(f"{reverse('web:saml-done')}?{urlencode({'answer': word})}")
    response.status_code = 303
    return response


@never_cache
@require_safe
def saml_done(request: HttpRequest) -> HttpResponse:
    """Let in whom the answer vouches for, where this browser made the request; a stranger is remembered."""
    _service()
    asked = request.session.pop(ASKED, {})
    try:
        issuer, subject, shown = saml.take_up(request.GET.get("answer", "")[:100], asked.get("request", ""))
    except SamlError as error:
        return _refused(request, error)
    user = outside.recognise("saml", issuer, subject, shown=shown)
    if user is None:
        return show_door(request, outside_stranger(), status=403)
    return first_proof_given(request, user, road="saml", back=asked["back"])


def _refused(request: HttpRequest, error: SamlError) -> HttpResponse:
    log.warning("what the SAML service said does not hold: %s", error)
    audit.record("account.sign-in-failed", address=client_address(request.META), road="saml")
    return show_door(request, _("The sign-in service did not vouch for you. Please try again."), status=403)
