"""The ledger check: where the ledgers and what agents saw differ, both ways, and what is due."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.ledger.kinds import LEDGERS
from server.ledger.reconciliation import BY_KEY, QUESTIONS
from server.web.ledgers import ADDRESSES
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_many, counted, page_of

_MOST = 999


@page
@require_safe
def reconcile(request: SignedInRequest) -> HttpResponse:
    """Show how many rows each question has, and those of the chosen one."""
    keys = [question.key for question in QUESTIONS]
    numbers = count_many([question.rows(request.user) for question in QUESTIONS], _MOST)
    counts = dict(zip(keys, numbers, strict=True))
    wanted = request.GET.get("question", "")
    first = next((key for key, number in counts.items() if number), QUESTIONS[0].key)
    chosen = BY_KEY.get(wanted) or BY_KEY[first]
    ledger = LEDGERS[chosen.ledger]
    related = ["department", *(["person", "holder"] if chosen.ledger != "people" else [])]
    order = ("name", "id") if chosen.ledger != "media" else ("number", "id")
    rows = chosen.rows(request.user).select_related(*related).order_by(*order)
    context = {
        "questions": [(question, counted(counts[question.key], _MOST), counts[question.key]) for question in QUESTIONS],
        "chosen": chosen,
        "page": page_of(rows, request.GET.get("after"), request.GET.get("before")),
        "total": counted(counts[chosen.key], _MOST),
        "ledger": ledger,
        "address": ADDRESSES[ledger.name],
        "nothing": not any(counts.values()),
    }
    return show(request, "web/reconcile.html", context, at="reconcile")
