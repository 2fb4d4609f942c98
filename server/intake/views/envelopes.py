"""``POST /api/v1/envelopes``: one envelope in, one signed receipt out."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from protocol.envelope import MAX_ENVELOPE
from server.intake.admission import admit, admit_at_once
from server.intake.spool import SpoolUnavailable
from server.intake.views import answers


@csrf_exempt  # no cookie is looked at: the envelope's signature is what counts
@require_POST
def envelopes(request: HttpRequest) -> HttpResponse:
    """200 with a receipt for what is stored, 4xx with a receipt for what is refused, 503 where to try again.

    A body that is not read at all gets a plain `Refusal`: no receipt could name the envelope it is for.
    """
    length, remote = answers.content_length(request), answers.remote(request)
    if length is None or length > MAX_ENVELOPE:
        return answers.refuse_unread(length, MAX_ENVELOPE, remote)
    try:
        admission = admit(answers.body(request, length), road="network", remote=remote)
    except (SpoolUnavailable, DatabaseError):
        return answers.busy()
    return answers.json_answer(admission.receipt, admission.status)


async def at_once(body: bytes) -> tuple[int, bytes] | None:
    """Status and receipt for an envelope on the short road (`admit_at_once`); None where `envelopes` must answer."""
    try:
        admission = await admit_at_once(body)
    except SpoolUnavailable:
        return None
    return None if admission is None else (admission.status, admission.receipt)
