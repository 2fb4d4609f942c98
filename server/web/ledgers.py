"""What the pages of the ledgers share: filters in the address, the entry of an address, its history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse

from server.accounts.models import Department, Right, User
from server.accounts.scope import departments_of
from server.audit.models import Entry as AuditEntry
from server.campaigns.models import SelfCheck
from server.ledger.columns import Column, Lookups, shown
from server.ledger.kinds import LEDGERS, Entry, Ledger
from server.ledger.models import Computer, ComputerClass, Status
from server.ledger.scope import people_of

if TYPE_CHECKING:
    from django.http import QueryDict

_LONGEST_TEXT = 100
ADDRESSES: Mapping[str, str] = {"computers": "web:computer", "media": "web:medium", "people": "web:person"}
"""Name of the address of one entry, by ledger."""
TEXT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "computers": ("name", "number", "serial", "place", "person__name", "holder__name", "department__name"),
    "media": (
        "number",
        "kind",
        "serial",
        "place",
        "vendor",
        "model",
        "label",
        "person__name",
        "holder__name",
        "department__name",
    ),
    "people": ("name", "number", "post", "department__name"),
}
"""Where each word of a search is looked for."""


def ledger_named(name: str) -> Ledger:
    """The ledger of an address. Raises `Http404`."""
    if name not in LEDGERS:
        raise Http404
    return LEDGERS[name]


def entry_of(ledger: Ledger, user: User, pk: uuid.UUID | int) -> Entry:
    """The entry of an address, where this person may see it. Raises `Http404` else."""
    if isinstance(pk, int) and pk >= 2**63:
        raise Http404
    related = [column.name for column in ledger.columns if column.kind in ("person", "department")]
    found: Entry = get_object_or_404(ledger.scope(user).select_related(*related), pk=pk)
    return found


def require(user: User, right: Right) -> None:
    """Raises `PermissionDenied` for a person without the right."""
    if not user.may(right):
        raise PermissionDenied


@dataclass(frozen=True)
class LedgerFilter:
    """What a reader of a ledger has chosen. Values nobody can have meant are dropped, never an error."""

    text: str = ""
    class_: str = ""
    status: str = ""
    department: int | None = None
    registered: str = ""
    """``yes``, ``no`` or empty."""
    silent: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> LedgerFilter:
        """The filter an address asks for."""
        class_, status, registered = query.get("class", ""), query.get("status", ""), query.get("registered", "")
        department = query.get("department", "")
        return cls(
            text=query.get("q", "").replace("\0", "").strip()[:_LONGEST_TEXT],
            class_=class_ if class_ in ComputerClass.values else "",
            status=status if status in Status.values else "",
            department=int(department)
            if department.isascii() and department.isdigit() and len(department) < 9
            else None,
            registered=registered if registered in ("yes", "no") else "",
            silent=query.get("silent") == "1",
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything was chosen."""
        return self != LedgerFilter()

    def narrow(self, ledger: Ledger, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """The rows that fit."""
        for part in self.text.split():
            anywhere = Q()
            for name in TEXT_FIELDS[ledger.name]:
                anywhere |= Q(**{f"{name}__icontains": part})
            rows = rows.filter(anywhere)
        if self.department is not None:
            top = departments_of(user).filter(pk=self.department).values_list("path", flat=True).first()
            rows = rows.filter(department__path__startswith=top) if top else rows.none()
        if ledger.name == "people":
            return rows
        if self.class_:
            rows = rows.filter(**{"computer_class" if ledger.name == "computers" else "medium_class": self.class_})
        if self.status:
            rows = rows.filter(status=self.status)
        if self.registered:
            rows = rows.filter(registered_at__isnull=self.registered == "no")
        return rows

    def export(self, ledger: Ledger, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """The rows that fit for a file, which can be brought back: what was only seen has no number to know it by.

        It comes with them where just that was chosen.
        """
        fitting = self.narrow(ledger, rows, user).order_by("number", "pk")
        return fitting if ledger.name == "people" or self.registered == "no" else fitting.exclude(number="")


def department_choices(user: User) -> list[Department]:
    """The departments a person may filter by, in the order of the tree."""
    return list(departments_of(user).order_by("path")[:1000])


def suggestions(user: User) -> dict[str, list[str]]:
    """Words that the fields for people and departments offer while one types."""
    lookups = Lookups(people_of(user), departments_of(user))
    return {
        "people": [Lookups.person_text(one) for one in people_of(user).order_by("name")[:500]],
        "departments": [lookups.department_text(one.pk) for one in department_choices(user)],
    }


@dataclass(frozen=True)
class FieldShown:
    """One field of a form or of a list of facts."""

    column: Column
    text: str
    shown: str
    mistake: str = ""
    url: str = ""
    """Where the name leads: to the person, or to the list of the department."""


def fields_of(
    ledger: Ledger, texts: Mapping[str, str], mistakes: Mapping[str, str] | None = None, only: Sequence[str] = ()
) -> list[FieldShown]:
    """The fields of an entry with their texts and what is wrong with them."""
    return [
        FieldShown(
            column,
            texts.get(column.name, ""),
            shown(column, texts.get(column.name, "")),
            (mistakes or {}).get(column.name, ""),
        )
        for column in ledger.columns
        if not only or column.name in only
    ]


def linked(ledger: Ledger, entry: Entry, fields: Sequence[FieldShown], user: User) -> list[FieldShown]:
    """The fields of an entry: each name of a person whom this user may see leads there, each department to its list."""
    people = {
        column.name: pk
        for column in ledger.columns
        if column.kind == "person" and (pk := getattr(entry, f"{column.name}_id"))
    }
    seen = set(people_of(user).filter(pk__in=people.values()).values_list("pk", flat=True)) if people else set()
    urls = {name: reverse("web:person", args=[pk]) for name, pk in people.items() if pk in seen}
    if entry.department_id:
        urls["department"] = f"{reverse(f'web:{ledger.name}')}?department={entry.department_id}"
    return [replace(field, url=urls.get(field.column.name, "")) for field in fields]


def last_self_checks(computers: Iterable[uuid.UUID]) -> dict[uuid.UUID, SelfCheck]:
    """The newest self-check of each of these computers that made one, in one query."""
    newest = SelfCheck.objects.filter(computer=OuterRef("pk")).order_by("-seen_at", "-id").values("pk")[:1]
    ids = Computer.objects.order_by().filter(pk__in=list(computers)).values_list(Subquery(newest), flat=True)
    return {one.computer_id: one for one in SelfCheck.objects.filter(pk__in=ids)}


def history_of(ledger: Ledger, entry: Entry) -> list[dict[str, Any]]:
    """What the audit log says of an entry, newest first: every change with each field before and after."""
    label, names = entry._meta.label_lower, {column.name: column for column in ledger.columns}
    rows = AuditEntry.objects.filter(object_type=label, object_id=str(entry.pk)).select_related("actor")[:50]
    told = []
    for row in rows:
        changes = row.detail.get("changes", {}) if isinstance(row.detail, dict) else {}
        told.append(
            {
                "row": row,
                "reason": row.detail.get("reason", ""),
                "changes": [
                    (names[name].label, shown(names[name], before), shown(names[name], after))
                    for name, (before, after) in changes.items()
                    if name in names
                ],
            }
        )
    return told
