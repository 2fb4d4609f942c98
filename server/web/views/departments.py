"""The tree of departments, and adding one."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from server.accounts.departments import DepartmentError, add
from server.accounts.models import Department, Right
from server.accounts.scope import departments_of
from server.ledger.models import Computer, Person
from server.web.ledgers import require
from server.web.pages import SignedInRequest, page, show


@page
@require_http_methods(["GET", "HEAD", "POST"])
def departments(request: SignedInRequest) -> HttpResponse:
    """Show the departments with how much belongs to each, or add one."""
    user, mistake = request.user, ""
    may_edit = user.may(Right.LEDGER) or user.may(Right.ADMINISTER)
    if request.method == "POST":
        if not may_edit:
            require(user, Right.LEDGER)
        try:
            parent = parent_of(request)
            made = add(request.POST.get("name", ""), parent=parent, by=user)
        except DepartmentError as wrong:
            mistake = str(wrong)
        else:
            messages.success(request, _("“%(name)s” was added.") % {"name": made.name})
            return HttpResponseRedirect(reverse("web:departments"))
    listed = (
        departments_of(user)
        .order_by("path")
        .annotate(people_count=_how_many(Person), computer_count=_how_many(Computer))
    )
    context = {
        "listed": listed[:1000],
        "may_edit": may_edit,
        "may_top": user.sees_everything,
        "mistake": mistake,
        "name": request.POST.get("name", ""),
    }
    return show(request, "web/departments.html", context, at="people", status=422 if mistake else 200)


def _how_many(model: type[Person] | type[Computer]) -> Coalesce:
    """How many of these belong to each department."""
    theirs = model._default_manager.order_by().filter(department=OuterRef("pk")).values("department")
    return Coalesce(Subquery(theirs.annotate(n=Count("pk")).values("n")), 0)


def parent_of(request: SignedInRequest) -> Department | None:
    """The department that the form names as the one above. Raises `DepartmentError` for one out of scope."""
    told = request.POST.get("parent", "")
    if not told:
        return None
    found = departments_of(request.user).filter(pk=int(told) if told.isdigit() and len(told) < 10 else 0).first()
    if found is None:
        raise DepartmentError(_("Choose a department of yours."))
    return found
