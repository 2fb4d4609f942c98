"""Requests whose body is a file: how large it may be, and how openapi.json says so; answers without a body."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from server.api.problems import Problem
from server.intake.views import answers

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""For openapi.json: the body is the file itself."""


def body_of(request: HttpRequest, most: int) -> bytes:
    """The file that is the body, at most ``most`` bytes. Raises `Problem`."""
    length = answers.content_length(request)
    if length is None:
        raise Problem(411, "length-required", _("The request must say in Content-Length how long it is."))
    if length > most:
        raise Problem(413, "too-large", _("At most %(n)d bytes are taken.") % {"n": most})
    return answers.body(request, length)


def nothing() -> HttpResponse:
    """The answer 204: done, and there is nothing to say."""
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
