"""What stands where a page could not be made: an answer with what to do, never a bare error."""

from __future__ import annotations

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_AFTER = "30"
"""Seconds after which to try again."""


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error of ours: 503 where the database cannot be written to just now (full, busy), else 500."""
    # Django calls this while the exception is being handled.
    if isinstance(sys.exc_info()[1], OperationalError):
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = RETRY_AFTER
        return response
    return render(request, "500.html", status=500)
