"""``GET /api/v1/rules``: a computer proves who it is and gets the signed bundle of rules released to it."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server.intake.policy import STATUS, PolicyRefused, rules_asked
from server.intake.views import answers
from server.intake.views.policy import proof_of
from signatures.bundles import MEDIA_TYPE


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """200 with the bundle, 304 where there is none newer, 4xx with a `Refusal`, 503 where to try again."""
    try:
        raw = rules_asked(*proof_of(request))
    except PolicyRefused as refused:
        return answers.refusal(refused.reason, str(refused), STATUS[refused.reason])
    except DatabaseError:
        return answers.busy()
    if raw is None:
        return HttpResponse(status=304, headers={"Cache-Control": "no-store"})
    return HttpResponse(raw, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
