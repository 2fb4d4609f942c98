"""Errors as RFC 9457 wants them: ``application/problem+json`` with a fixed word in ``reason``."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from server.accounts.departments import DepartmentError
from server.accounts.people import AccountMistakes
from server.accounts.second_factor import FactorError
from server.campaigns.actions import CampaignMistakes
from server.incidents.actions import IncidentMistakes
from server.intake.tokens import TokenError
from server.ledger.actions import LedgerMistakes
from server.ledger.importing import FileProblem
from server.reports.making import ReportMistake
from server.rules.bundles import RulesMistake
from server.rules.policy import PolicyMistakes
from server.violations.reveal import RevealError
from server.violations.saved_views import ViewMistake
from server.violations.transitions import TransitionError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5
"""Seconds after which to try again where nothing could be stored."""
_CONFLICTS = frozenset({"wrong-state", "known", "own", "same-version"})
"""Reasons that say the thing is not in a state for this, rather than that the request is wrong."""
_SHOWN = 20
"""Mistakes that are told of one request."""


class Problem(Exception):
    """A clear no: HTTP status, a fixed word, a sentence, and what is wrong with each field."""

    def __init__(self, status: int, reason: str, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.errors = dict(errors or {})


def answer(problem: Problem) -> HttpResponse:
    """The problem as it travels."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": str(problem),
        "reason": problem.reason,
    }
    if problem.errors:
        content["errors"] = problem.errors
    response = HttpResponse(msgspec.json.encode(content), content_type=MEDIA_TYPE, status=problem.status)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def told(error: Exception) -> Problem:
    """What a caller is told of an error of the service functions."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return Problem(400, "malformed", _("The request does not fit what openapi.json says."), _mistakes(error))
    if isinstance(error, AuthenticationError):
        return Problem(401, "not-authorised", "show an API key: Authorization: Bearer …")
    if isinstance(error, PermissionDenied):
        return Problem(403, "forbidden", _("The person of this key may not do this."))
    if isinstance(error, Http404):
        return Problem(404, "not-found", _("There is nothing here that the person of this key may see."))
    if isinstance(error, TransitionError | RevealError):
        return Problem(409 if error.reason in _CONFLICTS else 422, error.reason, str(error))
    if isinstance(error, LedgerMistakes):
        return Problem(422, "mistakes", str(error), error.by_column)
    if isinstance(error, AccountMistakes | CampaignMistakes | IncidentMistakes | PolicyMistakes):
        return Problem(422, "mistakes", str(error), error.by_field)
    if isinstance(error, ReportMistake):
        return Problem(422, "mistakes", str(error), {error.field: str(error)})
    if isinstance(error, RulesMistake):
        return Problem(409 if error.reason in _CONFLICTS else 422, error.reason, str(error))
    if isinstance(error, HttpError):
        return Problem(error.status_code, "malformed", str(error))
    if isinstance(error, DatabaseError):
        return Problem(503, "busy", _("Nothing could be stored just now: try again."))
    return Problem(422, "mistakes", str(error))


def teach(api: NinjaAPI) -> None:
    """Make an API answer every expected error in this form; what is unexpected stays an error of the server."""
    expected: tuple[type[Exception], ...] = (
        Problem,
        ValidationError,
        AuthenticationError,
        PermissionDenied,
        Http404,
        TransitionError,
        RevealError,
        LedgerMistakes,
        AccountMistakes,
        CampaignMistakes,
        FactorError,
        IncidentMistakes,
        PolicyMistakes,
        ReportMistake,
        RulesMistake,
        DepartmentError,
        TokenError,
        FileProblem,
        ViewMistake,
        HttpError,
        DatabaseError,
    )

    def handle(_request: HttpRequest, error: Any) -> HttpResponse:
        return answer(told(error))

    for kind in expected:
        api.add_exception_handler(kind, handle)


def _mistakes(error: ValidationError) -> dict[str, str]:
    """What is wrong, by place in the request; the values themselves are not told back."""
    found: dict[str, str] = {}
    for one in error.errors[:_SHOWN]:
        place = ".".join(str(part) for part in one.get("loc", ()))
        found[place[:100]] = str(one.get("msg", ""))[:300]
    return found
