"""The list of violations: worst and newest first, every filter in the address."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from server.accounts.models import Department, User
from server.ledger.scope import computers_of, media_of
from server.notifications.queue import channels
from server.violations.kinds import kinds
from server.violations.models import Group, State
from server.violations.scope import saved_views_of, visible_to
from server.web import words
from server.web.controls import control
from server.web.filters import ALL, GONE, OPEN, SORTS, TabCounts, ViolationFilter
from server.web.offers import offers
from server.web.pages import SignedInRequest, page, show
from server.web.paging import page_of_parts

if TYPE_CHECKING:
    from django.db.models import QuerySet

_COLUMNS = (
    ("severity", gettext_lazy("Severity"), "descending"),
    ("", gettext_lazy("What"), ""),
    ("", gettext_lazy("Where"), ""),
    ("", gettext_lazy("Responsible"), ""),
    ("", gettext_lazy("State"), ""),
    ("due", gettext_lazy("Due"), "ascending"),
    ("last", gettext_lazy("Last seen"), "descending"),
    ("", gettext_lazy("Sightings"), ""),
)


@page
@require_safe
def violations(request: SignedInRequest) -> HttpResponse:
    """Show one page of the violations that fit the address's filters, with the number in each state."""
    chosen = ViolationFilter.read(request.GET, request.user.pk)
    parts, counts = chosen.listed(request.user)
    shown, marks = with_names(visible_to(request.user)), (request.GET.get("after"), request.GET.get("before"))
    rows = page_of_parts(parts, SORTS[chosen.sort], shown, *marks)
    context = {
        "chosen": chosen,
        "chips": _chips(chosen, request.user),
        "tabs": _tabs(counts, chosen.tab),
        "columns": _COLUMNS,
        "page": rows,
        "total": counts.told(chosen.tab),
        "filter_query": chosen_query(request),
        "views": saved_views_of(request.user).select_related("owner"),
        "channels": list(channels()) if request.user.may_triage else [],
        "may_triage": request.user.may_triage,
        "rows": decorate(list(rows), request.user.may_triage),
        "kinds": _kinds(),
        "severities": words.SEVERITIES,
        "enrolled": counts.any_in(ALL) or computers_of(request.user).exists(),
    }
    return show(request, "web/violations.html", context, at="violations")


def with_names(groups: QuerySet[Group]) -> QuerySet[Group]:
    """The groups with everything a row shows, in the same query; hashes and sealed places stay where they are."""
    named = groups.select_related("computer__person", "computer__department", "medium", "assignee")
    return named.defer("sealed_place", "computer__public_key")


def chosen_query(request: SignedInRequest) -> str:
    """The filters as they stand in the address, without the place in the list."""
    query = request.GET.copy()
    for name in ("after", "before", "page"):
        query.pop(name, None)
    return query.urlencode()


def department_name(pk: int) -> str:
    """Name of a department that the address names; the number itself for one that is not there."""
    return Department.objects.filter(pk=pk).values_list("name", flat=True).first() or str(pk)


def _computer_name(wanted: str, user: User) -> str:
    """Name of a computer whose id the address names, where this person may see it; else what the address says."""
    try:
        pk = uuid.UUID(wanted)
    except ValueError:
        return wanted
    return computers_of(user).filter(pk=pk).values_list("name", flat=True).first() or wanted


def _medium_name(pk: int, user: User) -> str:
    """Number or make of a medium that the address names; the key itself for one this person may not see."""
    medium = media_of(user).filter(pk=pk).first()
    return str(pk) if medium is None else medium.number or str(medium)


def decorate(groups: list[Group], may_triage: bool) -> list[dict[str, object]]:
    """What a row of the list shows beside the group itself."""
    today = timezone.localdate()
    return [
        {
            "group": group,
            "control": control(group.control),
            "late": group.due_on is not None and group.due_on < today and group.is_open,
            **offers(group, may_triage),
        }
        for group in groups
    ]


def _tabs(counts: TabCounts, current: str) -> list[dict[str, object]]:
    names = {OPEN: _("Open"), **words.STATES, ALL: _("All")}
    return [
        {
            "key": key,
            "name": names[key],
            "count": counts.told(key),
            "empty": not counts.any_in(key),
            "current": key == current,
            "gap": key in (State.NEW, ALL),
        }
        for key in names
    ]


def _kinds() -> dict[str, list[tuple[str, str]]]:
    """The controls and families that occur at all: what the two short menus offer."""
    # Which controls occur in the house is no secret: this is read from one index, whatever the reader's scope.
    pairs = kinds()
    return {
        "controls": sorted({(key, f"{key} {control(key).title}".strip()) for key, _family in pairs}),
        "families": sorted({(key, words.word(words.FAMILIES, key)) for _control, key in pairs if key}),
    }


def _chips(chosen: ViolationFilter, user: User) -> list[dict[str, str]]:
    """The filters that are on, each with the key of the address that turns it off."""
    chips: list[tuple[str, str, str]] = [
        ("severity", _("Severity"), "、".join(words.word(words.SEVERITIES, s) for s in chosen.severities)),
        ("q", _("Text"), chosen.text),
        ("family", _("Family"), words.word(words.FAMILIES, chosen.family)),
        ("control", _("Control"), chosen.control),
        ("computer", _("Computer"), _computer_name(chosen.computer, user)),
        ("medium", _("Removable medium"), "" if chosen.medium is None else _medium_name(chosen.medium, user)),
        (
            "assignee",
            _("Assigned to"),
            {"me": _("me"), "none": _("nobody"), GONE: _("accounts that have ended")}.get(chosen.assignee, ""),
        ),
        ("due", _("Due"), _("overdue") if chosen.overdue else ""),
        ("department", _("Department"), "" if chosen.department is None else department_name(chosen.department)),
    ]
    return [{"key": key, "name": name, "value": value} for key, name, value in chips if value]
