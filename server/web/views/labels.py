"""Labels to print and stick on computers and media, each with a QR code (control CPC-08)."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from server.ledger.kinds import Ledger
from server.web import qr
from server.web.ledgers import ADDRESSES, LedgerFilter, ledger_named
from server.web.pages import SignedInRequest, page, show
from server.web.paging import count_up_to, counted, page_of

FEW = gettext_lazy("One sheet holds at most 50 labels: narrow the list, or go on to the next sheet.")


@page
@require_safe
def labels(request: SignedInRequest, ledger: str) -> HttpResponse:
    """Show a sheet of labels of the entries that fit the address; ``?only=ID`` for a single one."""
    kind = ledger_named(ledger)
    if kind.name == "people":
        raise Http404
    rows = LedgerFilter.read(request.GET).narrow(kind, kind.scope(request.user), request.user)
    rows = rows.filter(registered_at__isnull=False).select_related("department", "person").order_by("number", "id")
    if only := request.GET.get("only"):
        rows = rows.filter(number=only[:64])
    page_ = page_of(rows, request.GET.get("after"), request.GET.get("before"))
    made = [{"entry": row, "rows": qr.rows(_address(request, kind, row.pk))} for row in page_]
    context = {"ledger": kind, "labels": made, "page": page_, "total": counted(count_up_to(rows)), "few": FEW}
    return show(request, "web/labels.html", context, at=kind.name)


def _address(request: SignedInRequest, ledger: Ledger, pk: object) -> str:
    """What the code says: the entry's address, which tells nothing to who may not sign in."""
    return request.build_absolute_uri(reverse(ADDRESSES[ledger.name], args=[pk]))
