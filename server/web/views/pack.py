"""One pack of rules: each rule with what it cites and the examples that prove it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from server.web.packs import levels_of, pack_named, pick
from server.web.pages import SignedInRequest, page, show


@page
@require_safe
def pack(request: SignedInRequest, name: str) -> HttpResponse:
    """Show the rules of a pack."""
    found = pack_named(name)
    if found is None:
        raise Http404
    rows = [
        {"rule": rule, "title": pick(rule.title), "levels": levels_of(rule, found), "severity": rule.severity.value}
        for rule in found.rules
    ]
    return show(request, "web/pack.html", {"pack": found, "title": pick(found.title), "rows": rows}, at="rules")
