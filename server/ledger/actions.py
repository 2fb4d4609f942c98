"""Changing the ledgers: permission, scope, the values taken together, the log of changes, all in one place.

Every change is one entry of the hash-chained audit log with each field before and after (controls LEDGER-03,
LEDGER-06). Notes of people stand apart (`add_note`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Field, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from protocol import policy
from server import audit
from server.accounts.models import Right, User
from server.accounts.scope import covers, departments_of
from server.keys import collector_keys
from server.ledger.columns import Column, Lookups, ValueMistake, as_text, parse, shown
from server.ledger.kinds import Entry, Ledger
from server.ledger.models import Computer, LedgerEntry, Medium, Note
from server.ledger.scope import people_of

MAX_NOTE = 2000


class LedgerMistakes(ValueError):
    """Values that cannot be stored. ``by_column`` says what is wrong, ``""`` for the row as a whole."""

    def __init__(self, by_column: Mapping[str, str]) -> None:
        super().__init__("; ".join(by_column.values()))
        self.by_column = dict(by_column)


@dataclass(frozen=True)
class Change:
    """One field that would be, or was, changed."""

    column: Column
    before: str
    after: str

    @property
    def shown_before(self) -> str:
        """``before`` in the reader's words."""
        return shown(self.column, self.before)

    @property
    def shown_after(self) -> str:
        """``after`` in the reader's words."""
        return shown(self.column, self.after)


def lookups_for(user: User) -> Lookups:
    """The people and departments this person may name."""
    return Lookups(people_of(user), departments_of(user))


def texts_of(ledger: Ledger, entry: Entry | None, lookups: Lookups) -> dict[str, str]:
    """The row as texts, by column; of no entry yet, empty ones."""
    if entry is None:
        return {column.name: _usual(ledger, column) for column in ledger.columns}
    return {column.name: as_text(column, getattr(entry, column.name), lookups) for column in ledger.columns}


def plan(
    ledger: Ledger, entry: Entry | None, told: Mapping[str, str], lookups: Lookups
) -> tuple[dict[str, Any], list[Change]]:
    """The values a row would have, and what that changes; columns that are not told stay as they are.

    Raises `LedgerMistakes`. Looks at the values only, not at rights.
    """
    before = {column.name: "" for column in ledger.columns} if entry is None else texts_of(ledger, entry, lookups)
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column in ledger.columns:
        try:
            if column.name in told and not (entry is not None and told[column.name] == before[column.name]):
                values[column.name] = parse(column, told[column.name], lookups)
            elif entry is not None:
                values[column.name] = getattr(entry, column.name)
            else:
                values[column.name] = _default(ledger, column)
        except ValueMistake as mistake:
            wrong[column.name] = str(mistake)
    for column in ledger.columns:
        # What was only seen comes in with empty fields: as an entry of the ledger it has what every entry has.
        if column.required and values.get(column.name) == "":
            wrong[column.name] = _("This is required.")
    if not wrong:
        wrong = ledger.problems(values)
    if wrong:
        raise LedgerMistakes(wrong)
    after = {column.name: as_text(column, values[column.name], lookups) for column in ledger.columns}
    changes = [
        Change(column, before[column.name], after[column.name])
        for column in ledger.columns
        if before[column.name] != after[column.name]
    ]
    return values, changes


def _usual(ledger: Ledger, column: Column) -> str:
    """The choice that a new row starts with, where there is a usual one."""
    field = ledger.model._meta.get_field(column.name)
    return str(field.get_default() or "") if column.kind == "choice" and isinstance(field, Field) else ""


def _default(ledger: Ledger, column: Column) -> Any:
    if usual := _usual(ledger, column):
        return usual
    if column.required:
        raise ValueMistake(_("This is required."))
    return "" if column.kind in ("text", "choice") else None


def save(
    ledger: Ledger,
    entry: Entry | None,
    told: Mapping[str, str],
    *,
    by: User,
    lookups: Lookups | None = None,
    how: str = "form",
    seen: Mapping[str, str] | None = None,
) -> tuple[Entry, list[Change]]:
    """Store a new row or change one. Raises `LedgerMistakes` or `PermissionDenied`; then nothing is changed.

    ``seen`` is what the person had before them: what they left as it was stays as it stands by now, and what somebody
    else has changed meanwhile is not overwritten but told.
    """
    if not by.may(Right.LEDGER):
        raise PermissionDenied
    lookups = lookups or lookups_for(by)
    with transaction.atomic():
        stored = None if entry is None else _stored(ledger, entry, by)
        if stored is not None and seen is not None:
            told = _typed(ledger, texts_of(ledger, stored, lookups), told, seen)
        values, changes = plan(ledger, stored, told, lookups)
        department = values["department"]
        if not covers(by, None if department is None else department.pk):
            raise LedgerMistakes({"department": _("Choose a department of yours.")})
        _check_number(ledger, stored, values["number"])
        row = stored or ledger.model()
        fresh = isinstance(row, LedgerEntry) and not row.registered
        if not changes and not fresh:
            return row, []
        for name, value in values.items():
            setattr(row, name, value)
        _complete(row, {change.column.name for change in changes})
        row.save()
        told_changes = {change.column.name: [change.before, change.after] for change in changes}
        action = "ledger.register" if stored is None or fresh else "ledger.change"
        audit.record(action, actor=by, obj=row, ledger=ledger.name, changes=told_changes, how=how)
    return row, changes


def _typed(ledger: Ledger, now: Mapping[str, str], told: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """What the person really changed. Raises `LedgerMistakes` for what somebody else has changed meanwhile, too."""
    typed = {name: text for name, text in told.items() if name not in seen or text.strip() != seen[name]}
    crossed = {
        name: _("Somebody changed this meanwhile, to “%(text)s”. Save again to write yours over it.")
        % {"text": shown(ledger.column(name), now[name]) or "—"}
        for name, text in typed.items()
        if name in seen and now[name] not in (seen[name], text.strip())
    }
    if crossed:
        raise LedgerMistakes(crossed)
    return typed


def add_note(ledger: Ledger, entry: Entry, *, by: User, text: str) -> Note:
    """Write a note beside an entry. Raises `LedgerMistakes` for an empty or too long one."""
    if not by.may(Right.LEDGER):
        raise PermissionDenied
    text = text.strip()
    if not text or len(text) > MAX_NOTE:
        raise LedgerMistakes({"": _("A note has between 1 and %(limit)d characters.") % {"limit": MAX_NOTE}})
    with transaction.atomic():
        stored = _stored(ledger, entry, by)
        note = Note.objects.create(kind=ledger.name, entry_id=str(stored.pk), at=timezone.now(), author=by, text=text)
        audit.record("ledger.note", actor=by, obj=stored)
    return note


def revoke(computer: Computer, *, by: User | None, reason: str) -> Computer:
    """Withdraw a computer's enrolment: its envelopes are refused from now on.

    ``by`` is None on the collector's command line. Raises `PermissionDenied`, `LedgerMistakes`.
    """
    if by is not None and not by.may(Right.ENROL):
        raise PermissionDenied
    reason = reason.strip()[:300]
    if not reason:
        raise LedgerMistakes({"": _("Please give a reason.")})
    with transaction.atomic():
        if by is not None and not covers(
            by, Computer.objects.values_list("department_id", flat=True).get(pk=computer.pk)
        ):
            raise PermissionDenied
        stored = Computer.objects.select_for_update().get(pk=computer.pk)
        if stored.revoked_at is not None or not stored.public_key:
            raise LedgerMistakes({"": _("This computer is not enrolled.")})
        stored.revoked_at = timezone.now()
        stored.save(update_fields=("revoked_at",))
        audit.record("computer.revoke", actor=by, obj=stored, reason=reason)
    return stored


def serial_hash(serial: str) -> str:
    """The keyed hash that an agent sends of this serial number (`protocol.records.Medium.serial_hash`)."""
    return policy.serial_hash(collector_keys().organisation, serial) if serial else ""


def _stored(ledger: Ledger, entry: Entry, by: User) -> Entry:
    """The entry as it stands now, under the write lock, if it is within the person's scope."""
    found: Entry | None = ledger.scope(by).select_for_update().filter(pk=entry.pk).first()
    if found is None:
        raise PermissionDenied
    return found


def _check_number(ledger: Ledger, stored: Entry | None, number: str) -> None:
    taken: QuerySet[Any] = ledger.model._default_manager.filter(number=number)
    if stored is not None:
        taken = taken.exclude(pk=stored.pk)
    if number and taken.exists():
        raise LedgerMistakes({"number": _("This number is taken already.")})


def _complete(row: Entry, changed: set[str]) -> None:
    """What follows from the values."""
    if isinstance(row, LedgerEntry):
        row.registered_at = row.registered_at or timezone.now()
        if "status" in changed:
            row.status_on = timezone.localdate()
    if isinstance(row, Medium) and "serial" in changed:
        # An identity that an agent told stays; what was typed only helps to meet the first sighting.
        row.serial_hash = serial_hash(row.serial) if row.key is None else row.serial_hash
