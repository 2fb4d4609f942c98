"""Small pieces that many pages show the same way: words for codes, severity, hashes, moments, icons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from server.web import acts, words
from server.web.stored import told
from signatures.controls import Text

register = template.Library()
SOON = 7
"""Days before a due day from which a list says how many are left."""

_WEEK = timedelta(weeks=1)
_UNITS: dict[str, Any] = {
    "year": ngettext_lazy("%(num)d year", "%(num)d years", "num"),
    "month": ngettext_lazy("%(num)d month", "%(num)d months", "num"),
    "week": ngettext_lazy("%(num)d week", "%(num)d weeks", "num"),
    "day": ngettext_lazy("%(num)d day", "%(num)d days", "num"),
    "hour": ngettext_lazy("%(num)d hour", "%(num)d hours", "num"),
    "minute": ngettext_lazy("%(num)d minute", "%(num)d minutes", "num"),
}
"""Spans of time in words of our own: Django's Chinese has names of months and days of the month for them."""

_TABLES: dict[str, words.Words] = {
    "severities": words.SEVERITIES,
    "states": words.STATES,
    "roles": words.ROLES,
    "classes": words.CLASSES,
    "families": words.FAMILIES,
    "rule_troubles": words.RULE_TROUBLES,
    "zones": words.ZONES,
    "codes": words.CODES,
    "buses": words.BUSES,
    "endings": words.ENDINGS,
    "holds": words.HOLDS,
    "reasons": words.REASONS,
    "refusals": words.REFUSALS,
    "remedies": words.REMEDIES,
    "statuses": words.STATUSES,
    "clearances": words.CLEARANCES,
    "waivers": words.WAIVER_STATES,
    "scopes": words.WAIVER_SCOPES,
    "standings": words.STANDINGS,
    "acts": acts.ACTS,
    "agent_signals": words.AGENT_SIGNALS,
    "registered": words.REGISTERED,
    "records": words.RECORDS,
}
_STANDINGS = {
    "done": ("chip--good", "✓"),
    "late": ("chip--held", "✓"),
    "pending": ("", "○"),
    "missing": ("chip--bad", "!"),
    "exempt": ("", "–"),
}
_ACTS = ("may_assign", "may_dismiss", "may_rectify", "may_close", "may_waive")
"""What `server.web.offers` says of a row, as far as its acts show it."""
_ANY = UUID(int=0)
"""Stands for the violation in the acts that are kept."""
_KEPT = 1024
"""Different days, severities and such whose HTML is kept: a list says the same of many rows."""
_SHAPES = {"critical": "critical", "high": "high", "medium": "medium-severity", "low": "low", "info": "info"}


@register.filter
def word(code: str | None, table: str) -> str:
    """What a code is called in the reader's language: ``{{ group.family|word:"families" }}``."""
    return words.word(_TABLES[table], code)


@register.filter
def number(count: int) -> str:
    """A number as people read it: ``11,600``."""
    return f"{count:,}"


@register.filter
def stored(text: str) -> str:
    """A sentence of the database in the reader's language."""
    return told(text)


@register.filter
def signal(code: str) -> str:
    """A network signal as a sentence."""
    return words.signal(code)


@register.filter
def place(numbers: dict[str, object] | None) -> str:
    """Numbers of a place in a document: page, sheet, cell."""
    return words.place(numbers or {})


@register.filter
def period(code: str | None) -> str:
    """A period of secrecy in words."""
    return words.period(code)


@register.filter
def lookup(table: Mapping[Any, Any], key: Any) -> Any:
    """The value of a table that the view made, under a key of the row."""
    return table.get(key, "")


@register.simple_tag(takes_context=True)
def without(context: template.Context, key: str) -> str:
    """This page's address without one of its filters, from its first page on."""
    query = context["request"].GET.copy()
    query.pop(key, None)
    for place in ("page", "after", "before"):
        query.pop(place, None)
    return f"?{query.urlencode()}"


@register.simple_tag
def severity(code: str, plate: bool = False) -> SafeString:
    """Severity as shape, colour and word."""
    return _severity(code, plate, get_language())


@lru_cache(_KEPT)
def _severity(code: str, plate: bool, _language: str | None) -> SafeString:
    href = f"{static('web/icons.svg')}#{_SHAPES.get(code, 'info')}"
    told = {"code": code, "plate": plate, "word": words.word(words.SEVERITIES, code), "href": href}
    return render_to_string("web/parts/severity.html", told)


@register.simple_tag
def violation_acts(row: Mapping[str, Any]) -> SafeString:
    """What can be done about the violation of a row, for the keys; the same HTML for all of one kind but for its id."""
    offered = tuple(name for name in _ACTS if row[name])
    return mark_safe(_violation_acts(offered, get_language()).replace(str(_ANY), str(row["group"].pk)))  # noqa: S308 (an id)


@lru_cache(_KEPT)
def _violation_acts(offered: tuple[str, ...], _language: str | None) -> SafeString:
    return render_to_string("web/parts/violation_acts.html", {"pk": _ANY, "offered": offered})


@register.simple_tag
def state(code: str) -> SafeString:
    """State of a violation as a chip."""
    return _state(code, get_language())


@lru_cache(_KEPT)
def _state(code: str, _language: str | None) -> SafeString:
    return format_html(
        '<span class="chip chip--{}"><span class="chip__dot" aria-hidden="true"></span>{}</span>',
        code,
        words.word(words.STATES, code),
    )


@register.simple_tag
def standing(code: str) -> SafeString:
    """Standing of a computer in a round as a chip: sign, colour and word."""
    css, sign = _STANDINGS.get(code, ("", ""))
    return format_html(
        '<span class="chip {}"><span aria-hidden="true">{}</span>{}</span>',
        css,
        sign,
        words.word(words.STANDINGS, code),
    )


@register.simple_tag
def incident_state(code: str) -> SafeString:
    """State of an incident as a chip; the colours are those of a violation's states."""
    css = {"open": "new", "verified": "assigned", "handled": "verified", "dismissed": "false_alarm"}.get(code, "closed")
    return format_html(
        '<span class="chip chip--{}"><span class="chip__dot" aria-hidden="true"></span>{}</span>',
        css,
        words.word(words.INCIDENT_STATES, code),
    )


@register.simple_tag
def bilingual(text: Text | str) -> str:
    """A text that exists in both languages, in the reader's; nothing for none."""
    return text.pick(get_language() or "zh") if isinstance(text, Text) else ""


@register.simple_tag
def icon(name: str, css: str = "icon") -> SafeString:
    """One drawing of our sprite, silent to screen readers."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static("web/icons.svg"), name
    )


@register.inclusion_tag("web/parts/hash.html", name="hash")
def shortened_hash(value: str, length: int = 12) -> dict[str, object]:
    """A hash shortened for the eye, whole for the clipboard."""
    return {"value": value, "short": value[:length]}


@register.simple_tag
def due(day: date | None, pressing: bool = True, full: bool = False) -> SafeString | str:
    """A day by which something is to be done: how far off it is, where it presses, above the day itself.

    Lists leave the year away where it is clear; ``full`` keeps it.
    """
    return "—" if day is None else _due(day, pressing, full, timezone.localdate(), get_language())


@lru_cache(_KEPT)
def _due(day: date, pressing: bool, full: bool, today: date, language: str | None) -> SafeString:
    exact = _day(day, "DATE_FORMAT", language)
    shown = exact if full else short_day(day)
    left = (day - today).days
    if not pressing or left > SOON:
        return format_html('<span class="soft" title="{}">{}</span>', exact, shown)
    if left < 0:
        sign, css, told = "! ", "chip--bad", ngettext("%(n)d day late", "%(n)d days late", -left) % {"n": -left}
    elif left == 0:
        sign, css, told = "", "chip--held", _("due today")
    else:
        sign, css, told = "", "", ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}
    form = '<span class="chip {}" title="{}">{}{}</span><span class="table__second">{}</span>'
    return format_html(form, css, exact, sign, told, shown)


def short_day(day: date) -> str:
    """A day as lists show it: without its year where that is this one and the language leaves no doubt."""
    language = get_language()
    this_year = day.year == timezone.localdate().year and (language or "").startswith("zh")
    return _day(day, "MONTH_DAY_FORMAT" if this_year else "DATE_FORMAT", language)


@lru_cache(_KEPT)
def _day(day: date, form: str, _language: str | None) -> str:
    return date_format(day, form)


@register.simple_tag
def moment(when: datetime | None, how: str = "full") -> SafeString | str:
    """A moment, its exact value on hover.

    ``full`` is date and time, ``day`` the date, ``short`` the date as lists show it, ``ago`` how long since.
    """
    if when is None:
        return "—"
    local = timezone.localtime(when)
    day = _day(local.date(), "DATE_FORMAT", get_language())
    exact = f"{day} {local:%H:%M:%S}"
    if how == "ago":
        shown = _ago(when)
    elif how == "short":
        shown = short_day(local.date())
    else:
        shown = day if how == "day" else date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', when.isoformat(), exact, shown)


def _ago(when: datetime) -> str:
    """How long since, in its largest unit."""
    passed = timezone.now() - when
    if passed.total_seconds() < 60:
        return _("just now")
    if timedelta() < passed < _WEEK:  # no month's length matters
        return _some_time_ago(int(passed.total_seconds() // 60), get_language())
    return _("%(duration)s ago") % {"duration": timesince(when, depth=1, time_strings=_UNITS)}


@lru_cache(_KEPT)
def _some_time_ago(minutes: int, _language: str | None) -> str:
    now = timezone.now()
    passed = timesince(now - timedelta(minutes=minutes), now, depth=1, time_strings=_UNITS)
    return _("%(duration)s ago") % {"duration": passed}


@register.filter
def duration(seconds: float) -> str:
    """A number of seconds in its two largest units, such as “2 hours, 1 minute”."""
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    now = timezone.now()
    return timesince(now - timedelta(seconds=seconds), now, time_strings=_UNITS)


@register.simple_tag
def share(percent: int) -> SafeString:
    """How far something has come (0-100) as a small bar beside its number."""
    return _bar(percent, "%")


@register.simple_tag
def gauge(confidence: int) -> SafeString:
    """Confidence (0-100) as a small bar beside its number."""
    return _bar(confidence, "")


def _bar(number: int, unit: str) -> SafeString:
    return format_html(
        '<span class="nowrap"><svg class="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="gauge__track" width="100" height="10" rx="5"/>'
        '<rect class="gauge__fill" width="{0}" height="10" rx="5"/></svg> {0}{1}</span>',
        max(0, min(100, int(number))),
        unit,
    )
