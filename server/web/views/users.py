"""The accounts: who may sign in, as what, for which department and until when."""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from server.accounts import people, second_factor
from server.accounts.departments import DepartmentError
from server.accounts.models import Factor, Right, Role, User
from server.accounts.scope import departments_of
from server.violations.models import IS_OPEN, Group
from server.web.filters import GONE
from server.web.pages import SignedInRequest, page_for, show
from server.web.paging import page_of
from server.web.views.departments import parent_of


@page_for(Right.ADMINISTER, whole_house=True)
@require_safe
def users(request: SignedInRequest) -> HttpResponse:
    """Show the accounts."""
    proved = Exists(Factor.objects.filter(user=OuterRef("pk")))
    rows = User.objects.select_related("department").annotate(has_factor=proved).order_by("username", "id")
    page_ = page_of(rows, request.GET.get("after"), request.GET.get("before"))
    context = {"page": page_, "total": rows.count(), "now": timezone.now(), "demanded": settings.MIJIAN_SECOND_FACTOR}
    return show(request, "web/users.html", context, at="users")


@sensitive_post_parameters("password")
@page_for(Right.ADMINISTER, whole_house=True)
@require_http_methods(["GET", "HEAD", "POST"])
def user_edit(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """Show the form of an account, or make or change it."""
    known = None if pk is None else get_object_or_404(User.objects.select_related("department"), pk=min(pk, 2**62))
    told = _from(known) if request.method != "POST" else {key: request.POST.get(key, "") for key in _FIELDS}
    mistakes: dict[str, str] = {}
    if request.method == "POST":
        try:
            _store(request, known, told)
        except people.AccountMistakes as wrong:
            mistakes = wrong.by_field
        except DepartmentError as wrong_department:
            mistakes = {"department": str(wrong_department)}
        else:
            messages.success(request, _("Saved."))
            if known is not None:
                _tell_left(request, User.objects.get(pk=known.pk))
            return HttpResponseRedirect(reverse("web:users"))
    context = {
        "known": known,
        "told": told,
        "mistakes": mistakes,
        "roles": Role.choices,
        "factors": [] if known is None else list(known.factors.all()),
        "departments": departments_of(request.user).order_by("path")[:1000],
    }
    return show(request, "web/user_edit.html", context, at="users", status=422 if mistakes else 200)


@page_for(Right.ADMINISTER, whole_house=True)
@require_POST
def user_factor_reset(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the second factors of somebody who has lost them away."""
    user = get_object_or_404(User.objects.select_related("department"), pk=min(pk, 2**62))
    try:
        second_factor.reset(user, by=request.user)
    except second_factor.FactorError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(
            request,
            _("Taken away. The account’s sessions have ended; until a new one is set up, the password alone opens it."),
        )
    return HttpResponseRedirect(reverse("web:user-edit", args=[user.pk]))


def _tell_left(request: SignedInRequest, user: User) -> None:
    """Say what an account that can work on violations no more leaves behind: nobody else would come upon it."""
    left = 0 if user.may_triage else Group.objects.filter(IS_OPEN, assignee=user).count()
    if left:
        told = _("Open violations assigned to this account: %(n)d. A secrecy officer gives them to others (%(where)s).")
        where = f"{reverse('web:violations')}?assignee={GONE}"
        messages.warning(request, told % {"n": left, "where": where})


_FIELDS = ("username", "full_name", "role", "parent", "valid_until", "is_active")


def _from(user: User | None) -> dict[str, str]:
    if user is None:
        return {"role": Role.VIEWER, "is_active": "1"}
    until = "" if user.valid_until is None else timezone.localtime(user.valid_until).date().isoformat()
    return {
        "username": user.username,
        "full_name": user.last_name,
        "role": user.role,
        "parent": str(user.department_id or ""),
        "valid_until": until,
        "is_active": "1" if user.is_active else "",
    }


def _store(request: SignedInRequest, known: User | None, told: dict[str, str]) -> None:
    until = _end_of(told["valid_until"])
    if known is not None and until is not None and _from(known)["valid_until"] == told["valid_until"]:
        until = known.valid_until
    department, password = parent_of(request), request.POST.get("password", "")[:1024]
    if known is None:
        people.create(
            told["username"],
            password=password,
            role=told["role"],
            department=department,
            valid_until=until,
            full_name=told["full_name"],
            by=request.user,
        )
    else:
        people.change(
            known,
            role=told["role"],
            department=department,
            valid_until=until,
            is_active=told["is_active"] == "1",
            full_name=told["full_name"],
            password=password,
            by=request.user,
        )


def _end_of(text: str) -> datetime | None:
    """The last moment of a day in the collector's own zone. Raises `AccountMistakes`."""
    if not text.strip():
        return None
    try:
        day = datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise people.AccountMistakes({"valid_until": _("Write a day such as 2026-11-21.")}) from None
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
