"""What every view of the API shares: JSON answers, bounded bodies, the peer's address."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from protocol.enrolment import Refusal
from server.accounts.peers import client_address
from server.intake.refusals import remember

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


def refuse_unread(length: int | None, limit: int, remote: str) -> HttpResponse:
    """Say no to a body that is not read: it does not tell its length, or it is too long. Kept like every refusal."""
    if length is None:
        reason, message, status = "length-required", "the request must say in Content-Length how long it is", 411
    else:
        reason, message, status = "too-large", f"the body has {length} bytes; at most {limit} are taken", 413
    remember(reason, message, remote=remote, size=length or 0)
    return refusal(reason, message, status)


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
    """The sender's address; a header's word only where one of our own proxies wrote it."""
    return client_address(request.META)
