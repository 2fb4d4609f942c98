"""The tree of departments, and adding one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.contrib import messages
from django.db.models import Count
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
    every = list(departments_of(user).order_by("path"))
    context = {
        "listed": list(zip(every, _below(every, Person), _below(every, Computer), strict=True))[:1000],
        "may_edit": may_edit,
        "may_top": user.sees_everything,
        "mistake": mistake,
        "name": request.POST.get("name", ""),
    }
    return show(request, "web/departments.html", context, at="people", status=422 if mistake else 200)


def _below(departments: Sequence[Department], model: type[Person] | type[Computer]) -> list[int]:
    """How many of these each department has with all below it: as many as the list that its number leads to."""
    own = dict(model._default_manager.order_by().values_list("department").annotate(Count("pk")))
    sums: dict[str, int] = defaultdict(int)
    for one in departments:
        ends = (place + 1 for place, char in enumerate(one.path) if char == ".")
        for end in ends:
            sums[one.path[:end]] += own.get(one.pk, 0)
    return [sums[one.path] for one in departments]


def parent_of(request: SignedInRequest) -> Department | None:
    """The department that the form names as the one above. Raises `DepartmentError` for one out of scope."""
    told = request.POST.get("parent", "")
    if not told:
        return None
    found = departments_of(request.user).filter(pk=int(told) if told.isdigit() and len(told) < 10 else 0).first()
    if found is None:
        raise DepartmentError(_("Choose a department of yours."))
    return found
