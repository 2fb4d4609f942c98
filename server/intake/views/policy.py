"""``GET /api/v1/policy`` and ``/rules``: a computer proves who it is and gets what is wanted of it."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from protocol.policy import AGENT_HEADER, HAVE_HEADER, MEDIA_TYPE, PROOF_HEADER, TIME_HEADER
from server.intake.policy import STATUS, PolicyRefused, asked, rules_asked
from server.intake.views import answers
from signatures.bundles import MEDIA_TYPE as RULES_MEDIA_TYPE


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """200 with the signed policy, 304 where the computer has it, 4xx with a `Refusal`, 503 where to try again."""
    return _answer(request, asked, MEDIA_TYPE)


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The same for the signed bundle of rules released to the computer; 304 where there is none newer."""
    return _answer(request, rules_asked, RULES_MEDIA_TYPE)


def _answer(request: HttpRequest, ask: Callable[[str, str, str, str], bytes | None], media_type: str) -> HttpResponse:
    agent, have, at, proof = (
        request.headers.get(name, "") for name in (AGENT_HEADER, HAVE_HEADER, TIME_HEADER, PROOF_HEADER)
    )
    try:
        signed = ask(agent, have, at, proof)
    except PolicyRefused as refused:
        return answers.refusal(refused.reason, str(refused), STATUS[refused.reason])
    except DatabaseError:
        return answers.busy()
    if signed is None:
        return HttpResponse(status=304, headers={"Cache-Control": "no-store"})
    return HttpResponse(signed, content_type=media_type, headers={"Cache-Control": "no-store"})
