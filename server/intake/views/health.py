"""``GET /healthz``: whether the collector is up and keeps up. Tells numbers only."""

from __future__ import annotations

from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.intake.models import SpoolEntry
from server.intake.views import answers


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """200 with how many envelopes wait, are held and are bad; 503 where the database does not answer."""
    states = (SpoolEntry.State.WAITING, SpoolEntry.State.HELD, SpoolEntry.State.BAD)
    try:
        rows = SpoolEntry.objects.filter(state__in=states).order_by().values_list("state").annotate(Count("id"))
        counts = dict(rows)
    except DatabaseError:
        return answers.json_answer({"ok": False}, 503)
    return answers.json_answer({"ok": True, **{f"spool_{state}": counts.get(state, 0) for state in states}})
