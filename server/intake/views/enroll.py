"""``POST /api/v1/enroll``: a computer shows a one-time token and is taken in."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from server.intake.enrolment import MAX_REQUEST, STATUS, EnrolmentRefused, enrol
from server.intake.views import answers


@csrf_exempt  # no cookie is looked at: the token and the proof are what counts
@require_POST
def enroll(request: HttpRequest) -> HttpResponse:
    """201 with an `EnrolAnswer`, or a `Refusal` with a fixed reason (`server.intake.enrolment.STATUS`)."""
    length, remote = answers.content_length(request), answers.remote(request)
    if length is None or length > MAX_REQUEST:
        return answers.refuse_unread(length, MAX_REQUEST, remote)
    try:
        answer = enrol(answers.body(request, length), remote=remote)
    except EnrolmentRefused as refused:
        return answers.refusal(refused.reason, str(refused), STATUS[refused.reason])
    except DatabaseError:
        return answers.busy()
    return answers.json_answer(answer, 201)
