"""What every view of the API shares: JSON answers, bounded bodies, the peer's address."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from protocol.enrolment import Refusal

RETRY_AFTER = 5
"""Seconds after which a sender may try again when the collector could not store anything."""


def json_answer(content: object, status: int = 200) -> HttpResponse:
    """An answer in JSON that nobody keeps."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    response = HttpResponse(body, content_type="application/json", status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal(reason: str, message: str, status: int) -> HttpResponse:
    """A clear no that is no signed receipt."""
    return json_answer(Refusal(reason=reason, message=message), status)


def busy() -> HttpResponse:
    """Nothing was stored; the sender keeps what it has and tries again."""
    response = refusal("busy", "the collector cannot store anything just now; try again", 503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def content_length(request: HttpRequest) -> int | None:
    """Bytes the request says it has; None where it does not say."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def body(request: HttpRequest, length: int) -> bytes:
    """The body as far as it came, at most ``length`` bytes.

    Read past `HttpRequest.body`, whose limit is meant for forms.
    """
    try:
        return request.read(length)
    except (UnreadablePostError, OSError):
        return b""


def remote(request: HttpRequest) -> str:
    """The peer's address. Never a header's: anybody can write those."""
    return str(request.META.get("REMOTE_ADDR") or "")
