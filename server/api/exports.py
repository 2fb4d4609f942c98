"""``/exports``: violations for other programs, and the questions of the ledger check."""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import get_language
from ninja import Field, Query, Router, Schema

from server import audit
from server.api.auth import READ, person_of
from server.api.fields import Moment
from server.exports.rows import rows
from server.ledger.reconciliation import QUESTIONS
from server.violations.models import State
from server.violations.scope import visible_to
from server.web.paging import count_many

router = Router(tags=["exports"])
_FORMS = {
    "jsonl": ("jsonl", "application/x-ndjson"),
    "csv": ("csv_", "text/csv; charset=utf-8"),
    "ocsf": ("ocsf", "application/x-ndjson"),
    "cef": ("cef", "text/plain; charset=utf-8"),
}
"""Form → the module of `server.exports` that writes it, and its media type."""
_MOST = 9999


class ExportWanted(Schema):
    """Which violations."""

    since: Moment | None = Field(None, description="Only what has changed at or after this moment")
    state: list[State] = Field([], max_length=len(State.values))


class Question(Schema):
    """One way in which a ledger and the world may differ."""

    key: str
    ledger: str
    title: str
    remedy: str
    grave: bool
    count: int


@router.get("/exports/violations.{form}", auth=READ, url_name="export-violations")
def export_violations(
    request: HttpRequest, form: Literal["jsonl", "csv", "ocsf", "cef"], wanted: Query[ExportWanted]
) -> StreamingHttpResponse:
    """Violations in the order they changed, as JSON Lines, CSV, OCSF or CEF; no path and no file name is in it."""
    user = person_of(request)
    module, media_type = _FORMS[form]
    states = frozenset(one.value for one in wanted.state)
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    found = rows(since=wanted.since, states=states, language=language, within=visible_to(user))
    audit.record("violations.exported", actor=user, form=form, how="api")
    pieces = import_module(f"server.exports.{module}").lines(found)
    return StreamingHttpResponse(pieces, content_type=media_type, headers={"Cache-Control": "no-store"})


@router.get("/ledger-check", response=list[Question], auth=READ, url_name="ledger-check")
def ledger_check(request: HttpRequest) -> list[dict[str, object]]:
    """Where the ledgers and what agents saw differ, both ways, and what is due: how many rows each."""
    user = person_of(request)
    counts = count_many([question.rows(user) for question in QUESTIONS], _MOST)
    return [
        {
            "key": question.key,
            "ledger": question.ledger,
            "title": str(question.title),
            "remedy": str(question.remedy),
            "grave": question.grave,
            "count": count,
        }
        for question, count in zip(QUESTIONS, counts, strict=True)
    ]
