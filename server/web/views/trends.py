"""Three drawings of how things go: opened and closed by week, age by severity, departments by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from server.accounts.models import User
from server.accounts.scope import departments_of
from server.violations.models import OPEN_STATES, Severity, State
from server.violations.sums import Counted, sums_for
from server.web.charts import Chart, Series, columns, stacked
from server.web.pages import SignedInRequest, page, show

AGES = ("age-1", "age-2", "age-3", "age-4")
"""Looks of the groups of age (`server.violations.sums.AGES`)."""
MOST_DEPARTMENTS = 12


@page
@require_safe
def trends(request: SignedInRequest) -> HttpResponse:
    """Show the drawings, each with its table."""
    sums = sums_for(request.user)
    charts = (_by_week(sums), _by_age(sums.ages()), _by_department(_departments(sums, request.user)))
    context = {
        "charts": charts,
        "empty": not any(chart.total for chart in charts),
        "counted_at": sums.at if sums.kept else None,
    }
    return show(request, "web/trends.html", context, at="start")


def _by_week(sums: Counted) -> Chart:
    names = [date_format(start, "MONTH_DAY_FORMAT") for start in sums.weeks]
    opened, closed = sums.by_week()
    series = (Series(_("opened"), "opened", opened), Series(pgettext("violations", "closed"), "closed", closed))
    return columns("weeks", _("Opened and closed by week"), _("Week from"), names, series)


def _by_age(numbers: Mapping[str, list[int]]) -> Chart:
    names = [str(name) for _code, name in Severity.choices]
    of_age = [[numbers[code][place] for code in Severity.values] for place in range(len(AGES))]
    words = (_("up to 7 days"), _("8 to 30 days"), _("31 to 90 days"), _("older"))
    series = [Series(word, look, told) for word, look, told in zip(words, AGES, of_age, strict=True)]
    return stacked("ages", _("Open violations: age by severity"), _("Severity"), names, series)


def _departments(sums: Counted, user: User) -> list[tuple[str, list[int]]]:
    """Departments with their open violations by state, those with most first; the others together."""
    names = _names(user)
    told = [(names.get(key, "") if key else "", one.states) for key, one in sums.of.items() if any(one.states)]
    told.sort(key=lambda one: (-sum(one[1]), one[0]))
    rest = told[MOST_DEPARTMENTS:]
    if rest:
        together = [sum(one[1][place] for one in rest) for place in range(len(OPEN_STATES))]
        return [*told[:MOST_DEPARTMENTS], ("…", together)]
    return told


def _names(user: User) -> dict[int, str]:
    """The names of departments; of those that bear the same, with the one above."""
    rows = list(departments_of(user).values_list("pk", "name", "parent__name"))
    often = Counter(name for _key, name, _above in rows)
    return {key: f"{above}/{name}" if above and often[name] > 1 else name for key, name, above in rows}


def _by_department(numbers: list[tuple[str, list[int]]]) -> Chart:
    said = {"": _("no department"), "…": _("all others")}
    names = [said.get(name, name) for name, _counts in numbers]
    labels = dict(State.choices)
    series = [
        Series(str(labels[state]), f"state-{state}", [counts[place] for _name, counts in numbers])
        for place, state in enumerate(OPEN_STATES)
    ]
    title, rest = _("Open violations: department by state"), "…" in dict(numbers)
    return stacked("departments", title, _("Department"), names, series, rest=rest)
