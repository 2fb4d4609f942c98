"""The sign-off sheet of a round: its figures, who signed for what, and lines to sign on paper."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server.campaigns.attestations import signed_by_department
from server.campaigns.closing import common_failures
from server.campaigns.standing import UNFINISHED, rows_of
from server.web.campaigns import facts, find, in_numbers, rule
from server.web.pages import SignedInRequest, page, show

MOST_NAMED = 200
"""Computers named on the sheet; the rest is counted, and stands in the list of the round."""


@page
@require_safe
def campaign_sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the sheet, for printing."""
    row = find(request, pk)
    lines, total, _counts = in_numbers(row, request.user)
    signed = signed_by_department(row)
    unfinished = rows_of(row, request.user).filter(standing__in=[one.value for one in UNFINISHED])
    related = ("department", "person") if row.open else ("department",)
    context = {
        **facts(request, row),
        "lines": [
            {"line": line, "signed": signed.get(None if line.department is None else line.department.pk)}
            for line in lines
        ],
        "total": total,
        "failures": [(rule(name), count) for name, count in common_failures(row, request.user)],
        "unfinished": list(unfinished.select_related(*related)[:MOST_NAMED]),
        "more": max(0, total.unfinished - MOST_NAMED),
        "noes": [
            {"department": one.department, "control": question["control"], "note": told["note"]}
            for one in signed.values()
            for question in one.asked
            if (told := one.answers.get(question["control"], {})).get("answer") == "no"
            and any(line.department == one.department for line in lines)
        ],
        "now": timezone.now(),
    }
    return show(request, "web/campaign_sheet.html", context, at="campaigns")
