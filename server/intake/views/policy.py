"""``GET /api/v1/policy``: a computer proves who it is and learns what is wanted of it."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from protocol.policy import AGENT_HEADER, HAVE_HEADER, MEDIA_TYPE, PROOF_HEADER, TIME_HEADER
from server.intake.policy import STATUS, PolicyRefused, asked
from server.intake.views import answers


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """200 with the signed policy, 304 where the computer has it, 4xx with a `Refusal`, 503 where to try again."""
    try:
        signed = asked(*proof_of(request))
    except PolicyRefused as refused:
        return answers.refusal(refused.reason, str(refused), STATUS[refused.reason])
    except DatabaseError:
        return answers.busy()
    if signed is None:
        return HttpResponse(status=304, headers={"Cache-Control": "no-store"})
    return HttpResponse(signed, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def proof_of(request: HttpRequest) -> list[str]:
    """What the request says of the computer that asks: its id, what it has, its clock, its proof."""
    return [request.headers.get(name, "") for name in (AGENT_HEADER, HAVE_HEADER, TIME_HEADER, PROOF_HEADER)]
