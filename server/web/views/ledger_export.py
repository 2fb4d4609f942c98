"""A ledger as a file, under the filters of the address."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server import audit
from server.ledger.actions import lookups_for
from server.ledger.importing import write_csv, write_xlsx
from server.web.ledgers import LedgerFilter, ledger_named
from server.web.pages import SignedInRequest, page

FORMATS = {
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}


@page
@require_safe
def ledger_export(request: SignedInRequest, ledger: str, form: str) -> HttpResponse:
    """Send the rows this person sees as CSV or XLSX; that it was done is in the audit log."""
    kind = ledger_named(ledger)
    if form not in FORMATS:
        raise Http404
    media_type, write = FORMATS[form]
    rows = LedgerFilter.read(request.GET).export(kind, kind.scope(request.user), request.user)
    related = [column.name for column in kind.columns if column.kind in ("person", "department")]
    content = write(kind, rows.select_related(*related), lookups_for(request.user))
    audit.record("ledger.export", actor=request.user, ledger=kind.name, form=form, bytes=len(content))
    response = HttpResponse(content, content_type=media_type)
    name = f"{kind.name}-{timezone.localdate().isoformat()}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
