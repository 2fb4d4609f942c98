"""Renaming a department, hanging it under another one, merging it into one, or removing it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from server.accounts.departments import DepartmentError, change
from server.accounts.models import Department, Right
from server.accounts.scope import departments_of
from server.merging import merge, remove
from server.web.pages import SignedInRequest, page_for, show
from server.web.views.departments import parent_of


@page_for(Right.LEDGER, Right.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def department(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the form, or change the department."""
    row, mistake = _row(request, pk), ""
    if request.method == "POST":
        try:
            change(row, name=request.POST.get("name", ""), parent=parent_of(request), by=request.user)
        except DepartmentError as wrong:
            mistake = str(wrong)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("web:departments"))
    return _form(request, row, mistake)


@page_for(Right.LEDGER, Right.ADMINISTER)
@require_POST
def department_merge(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move what belongs to the department into another one, or, where nothing does, remove it."""
    row = _row(request, pk)
    try:
        into = parent_of(request)
        if into is None:
            remove(row, by=request.user)
            messages.success(request, _("“%(name)s” was removed.") % {"name": row.name})
        else:
            counts = merge(row, into=into, by=request.user)
            told = {"name": row.name, "into": into.name, **counts}
            messages.success(
                request,
                _("“%(name)s” was merged into “%(into)s”: people %(people)d, computers %(computers)d, media %(media)d.")
                % told,
            )
    except DepartmentError as wrong:
        return _form(request, row, str(wrong))
    return HttpResponseRedirect(reverse("web:departments"))


def _row(request: SignedInRequest, pk: int) -> Department:
    row = get_object_or_404(departments_of(request.user).select_related("parent"), pk=min(pk, 2**62))
    if not request.user.sees_everything and row.pk == request.user.department_id:
        raise PermissionDenied  # the top of one's own scope is for those above
    return row


def _form(request: SignedInRequest, row: Department, mistake: str) -> HttpResponse:
    context = {
        "row": row,
        "others": departments_of(request.user).exclude(path__startswith=row.path).order_by("path")[:1000],
        "may_top": request.user.sees_everything,
        "mistake": mistake,
        "name": request.POST.get("name", row.name),
    }
    return show(request, "web/department.html", context, at="people", status=422 if mistake else 200)
