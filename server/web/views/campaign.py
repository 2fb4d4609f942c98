"""One self-check round: departments against standings, who signed, and what can be done."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from server.campaigns.attestations import may_sign, signed_by_department
from server.campaigns.closing import common_failures
from server.web.campaigns import acts_of, facts, find, in_numbers, rule
from server.web.pages import SignedInRequest, page, show


@page
@require_safe
def campaign(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one round."""
    row = find(request, pk)
    lines, total, counts = in_numbers(row, request.user)
    signed = signed_by_department(row)
    context = {
        **facts(request, row),
        "lines": [
            {
                "line": line,
                "key": 0 if line.department is None else line.department.pk,
                "signed": signed.get(None if line.department is None else line.department.pk),
            }
            for line in lines
        ],
        "total": total,
        "counts": counts,
        "signed_count": sum((None if one.department is None else one.department.pk) in signed for one in lines),
        "failures": [(rule(name), count) for name, count in common_failures(row, request.user, 5)],
        "may_sign": bool(lines) and may_sign(request.user, row, lines[0].department),
        "acts": acts_of(row),
    }
    return show(request, "web/campaign.html", context, at="campaigns")
