"""The details of an entry of the audit log in words: what each is called, and what its codes, days and keys mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from server.accounts.models import ApiScope, Department, Factor
from server.incidents.duties import duties
from server.incidents.models import Kind as IncidentKind
from server.ledger.kinds import LEDGERS
from server.notifications.models import Notice
from server.reports.kinds import KINDS as REPORTS
from server.web import words
from signatures.profiles import load_profiles

if TYPE_CHECKING:
    from server.audit.models import Entry

NAMES: words.Words = {
    "account": gettext_lazy("account"),
    "address": gettext_lazy("address"),
    "assignee": gettext_lazy("assigned to"),
    "at": gettext_lazy("at"),
    "attempts": gettext_lazy("tries"),
    "attestation": gettext_lazy("questionnaire"),
    "before": gettext_lazy("before"),
    "before_holidays": gettext_lazy("days before holidays"),
    "before_inspection": gettext_lazy("days before an inspection"),
    "by": gettext_lazy("account of the system"),
    "bytes": gettext_lazy("bytes"),
    "cause": gettext_lazy("cause"),
    "cause_kind": gettext_lazy("kind of cause"),
    "changed": gettext_lazy("changed"),
    "channel": gettext_lazy("channel"),
    "classes": gettext_lazy("classes"),
    "computer": gettext_lazy("computer"),
    "computer_class": gettext_lazy("class"),
    "computers": gettext_lazy("computers"),
    "control": gettext_lazy("control"),
    "count": gettext_lazy("number"),
    "deadline": gettext_lazy("Deadline"),
    "decision": gettext_lazy("decision"),
    "department": gettext_lazy("department"),
    "departments": gettext_lazy("departments"),
    "digest": gettext_lazy("digest"),
    "done": pgettext_lazy("standing", "Done"),
    "due": gettext_lazy("due"),
    "enrolled_before": gettext_lazy("enrolled before"),
    "exempt": gettext_lazy("Exempt"),
    "facts": gettext_lazy("facts"),
    "factor": gettext_lazy("second factor"),
    "fields": gettext_lazy("fields"),
    "form": gettext_lazy("form"),
    "grace_days": gettext_lazy("days of grace"),
    "harm": gettext_lazy("harm"),
    "holidays": gettext_lazy("holidays"),
    "how": gettext_lazy("how"),
    "inspection": gettext_lazy("inspection"),
    "inspection_on": gettext_lazy("day of the inspection"),
    "key": gettext_lazy("key"),
    "kind": gettext_lazy("kind"),
    "late": gettext_lazy("late"),
    "ledger": gettext_lazy("ledger"),
    "level": gettext_lazy("level"),
    "made": gettext_lazy("made"),
    "measure": gettext_lazy("measure no."),
    "missing": gettext_lazy("Missing"),
    "moment": gettext_lazy("moment"),
    "name": pgettext_lazy("thing", "Name"),
    "new": gettext_lazy("new"),
    "note": gettext_lazy("note"),
    "number": pgettext_lazy("report", "Number"),
    "parent": gettext_lazy("above it"),
    "password": gettext_lazy("password"),
    "pending": gettext_lazy("Still to do"),
    "period": gettext_lazy("Period"),
    "prevention": gettext_lazy("prevention"),
    "profile": gettext_lazy("profile"),
    "reason": gettext_lazy("Reason"),
    "remote": gettext_lazy("address"),
    "removed": gettext_lazy("removed"),
    "replaces": gettext_lazy("replaces questionnaire"),
    "reports": gettext_lazy("reports"),
    "responsibility": gettext_lazy("responsibility"),
    "road": gettext_lazy("signed in by"),
    "role": gettext_lazy("role"),
    "rows": gettext_lazy("rows"),
    "scope": pgettext_lazy("report", "Scope"),
    "scopes": gettext_lazy("may"),
    "sealed": gettext_lazy("sealed"),
    "sent": gettext_lazy("got through"),
    "sha256": "SHA-256",
    "starts_on": gettext_lazy("first day"),
    "state": gettext_lazy("State"),
    "subject": gettext_lazy("subject"),
    "title": gettext_lazy("title"),
    "token": gettext_lazy("token no."),
    "until": gettext_lazy("Last day"),
    "user": gettext_lazy("account"),
    "username": gettext_lazy("account"),
    "valid_until": gettext_lazy("valid until"),
    "version": gettext_lazy("version"),
    "violations": gettext_lazy("violations"),
    "what": gettext_lazy("what"),
}
"""What details are called; `tests/server/web/test_details.py` finds those that are missing."""

_ROADS: words.Words = {
    "password": gettext_lazy("password"),
    "ldap": gettext_lazy("the directory (LDAP)"),
    "oidc": gettext_lazy("the sign-in service (OIDC)"),
    "saml": gettext_lazy("the sign-in service (SAML)"),
}
_THINGS: words.Words = {
    "group": gettext_lazy("Violation"),
    "computer": gettext_lazy("Computer"),
    "medium": gettext_lazy("Removable medium"),
}
PURGED: words.Words = {
    "violations": gettext_lazy("Closed violations"),
    "sightings": gettext_lazy("Sightings of closed violations"),
    "media_sessions": gettext_lazy("Insertions of media"),
    "scans": gettext_lazy("Sums of scans, results of checks"),
    "envelopes": gettext_lazy("Records of envelopes worked off"),
}
"""Kinds of records that are purged (`server.retention`)."""
_GONE: words.Words = {"missing": gettext_lazy("is missing"), "altered": gettext_lazy("was altered")}
_HOWS: words.Words = {"api": gettext_lazy("by a program"), "import": gettext_lazy("by import of a table")}
_FACTORS: words.Words = {**dict(Factor.Kind.choices), "code": gettext_lazy("recovery code")}
_TABLES: Mapping[str, words.Words] = {
    "kind": {
        **{name: kind.title for name, kind in REPORTS.items()},
        **dict(IncidentKind.choices),
        **dict(Factor.Kind.choices),
        **PURGED,
    },
    "role": words.ROLES,
    "scope": words.WAIVER_SCOPES,
    "scopes": dict(ApiScope.choices),
    "computer_class": words.CLASSES,
    "medium_class": words.CLASSES,
    "classes": words.CLASSES,
    "status": words.STATUSES,
    "clearance": words.CLEARANCES,
    "ledger": {name: ledger.title for name, ledger in LEDGERS.items()},
    "reason": {**words.REFUSALS, **_GONE},
    "road": _ROADS,
    "factor": _FACTORS,
    "how": _HOWS,
    "rows": words.STANDINGS,
    "subject": dict(Notice.Subject.choices),
    "fields": NAMES,
    "password": {"changed": gettext_lazy("changed")},
}
"""What the codes of a detail are called, by its name."""
_STATES = {"violations.group": words.STATES, "incidents.incident": words.INCIDENT_STATES}
_OF_DEPARTMENTS = ("department", "parent")
"""Details that hold the key of a department."""
_HASH = re.compile("[0-9a-f]{64}")
_KEY = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T.+)?")
_MOST = 20
_LONGEST = 200


def departments_in(entries: Iterable[Entry]) -> dict[int, str]:
    """Names of the departments that details of these entries hold the keys of; one query, or none."""
    found: set[int] = set()
    for entry in entries:
        told = entry.detail if isinstance(entry.detail, dict) else {}
        changes = told.get("changes")
        for part in (told, changes if isinstance(changes, dict) else {}):
            for name in _OF_DEPARTMENTS:
                value = part.get(name)
                found |= {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int)}
    return dict(Department.objects.filter(pk__in=found).values_list("pk", "name")) if found else {}


def details(entry: Entry, departments: Mapping[int, str] | None = None) -> list[tuple[str, str]]:
    """The details of an entry as names and short texts. ``departments`` are those of `departments_in`."""
    told = dict(entry.detail) if isinstance(entry.detail, dict) else {}
    shown: list[tuple[str, str]] = []
    before, after = told.pop("from_state", None), told.pop("to_state", None)
    if before or after:
        table = _STATES.get(entry.object_type, {})
        shown.append((words.word(NAMES, "state"), f"{words.word(table, before)} → {words.word(table, after)}"))
    labels = _labels(entry.object_type)
    known = departments or {}
    for name, value in told.items():
        if isinstance(value, dict):
            # Of changes only what changed is named, of hashes the form of the file.
            ours = "" if name == "changes" else f"{words.word(NAMES, name)} "
            shown += [
                (f"{ours}{labels.get(key) or words.word(NAMES, key)}", _value(key, part, known))
                for key, part in value.items()
            ]
        elif value not in (None, ""):
            shown.append((words.word(NAMES, name), _value(name, value, known)))
    return [(name, text[:_LONGEST] or "—") for name, text in shown[:_MOST]]


def _labels(object_type: str) -> dict[str, str]:
    """What the columns of a ledger's entries are called."""
    return {
        column.name: str(column.label)
        for ledger in LEDGERS.values()
        if ledger.model._meta.label_lower == object_type
        for column in ledger.columns
    }


def _value(name: str, value: Any, departments: Mapping[int, str]) -> str:
    """A value as people read it: a code by its word, a day by the calendar, a long hash by its beginning."""
    if isinstance(value, list):
        return " → ".join(_value(name, part, departments) or "—" for part in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in _OF_DEPARTMENTS and value in departments:
        return departments[value]
    text = "" if value is None else str(value)
    if name == "period":
        return " – ".join(_day(day) for day in text.split("/"))
    if name == "form":
        return text.upper()
    if name == "what":
        return _duties(get_language() or "zh").get(text) or words.word(_THINGS, text)
    if name == "profile":
        return _profiles(get_language() or "zh").get(text, text)
    if name in _TABLES:
        return _(", ").join(words.word(_TABLES[name], part) for part in text.split(", "))
    if _HASH.fullmatch(text) or _KEY.fullmatch(text):
        return f"{text[:12]}…"
    return _day(text) if _MOMENT.fullmatch(text) else text


@cache
def _duties(language: str) -> dict[str, str]:
    return {name: duty.title.pick(language) for name, duty in duties().items()}


@cache
def _profiles(language: str) -> dict[str, str]:
    return {name: profile.title.pick(language) for name, profile in load_profiles().items()}


def _day(text: str) -> str:
    """A day or a moment of the log by the calendar and the clock of the reader; anything else as it stands."""
    try:
        if (moment := parse_datetime(text)) is not None and timezone.is_aware(moment):
            return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
        day = parse_date(text)
    except ValueError:
        return text
    return text if day is None else date_format(day)
