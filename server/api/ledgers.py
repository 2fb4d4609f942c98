"""``/ledgers/computers``, ``…/media`` and ``…/people``: their entries, files of them, and notes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from server import audit
from server.accounts.models import Right, User
from server.api.auth import LEDGER, READ, person_of, require
from server.api.bodies import FILE, body_of
from server.api.fields import Short, Span, Text, one, part_of
from server.ledger.actions import LedgerMistakes, add_note, lookups_for, save, texts_of
from server.ledger.columns import Lookups
from server.ledger.importing import apply, digest_of, preview, read
from server.ledger.kinds import LEDGERS, Entry, Ledger
from server.ledger.models import Computer, ComputerClass, Medium, Note
from server.ledger.models import Status as EntryStatus
from server.web.ledgers import LedgerFilter
from server.web.views.ledger_export import FORMATS

router = Router(tags=["ledgers"])
Name = Literal["computers", "media", "people"]
LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a file that is brought for a ledger."""
SHOWN_NOTES = 50


class EntriesNarrowing(Schema):
    """Which entries are meant; what is left away narrows nothing."""

    q: Short = Field("", description="Words, as in the search field of the page")
    class_: ComputerClass | None = Field(None, alias="class")
    status: EntryStatus | None = None
    department: int | None = Field(None, ge=1, lt=2**31, description="With all departments below it")
    registered: Literal["", "yes", "no"] = Field("", description="Whether it stands in the ledger")


class EntriesWanted(EntriesNarrowing, Span):
    """Which part of which entries."""


class EntryTold(Schema):
    """One entry: what people entered, and what agents saw."""

    id: str
    values: dict[str, str] = Field(description="By column, as the ledger's files have them")
    seen: dict[str, str | None]


class Entries(Schema):
    """One part of a ledger."""

    entries: list[EntryTold]
    next: str | None


class Values(Schema):
    """Texts by column; columns that are not sent stay as they are."""

    values: Annotated[dict[Short, Text], Field(max_length=40)]


class ColumnTold(Schema):
    """One column of a ledger."""

    name: str
    label: str
    kind: str
    required: bool
    choices: dict[str, str]


class NoteWanted(Schema):
    """A note beside an entry."""

    text: Text


class NoteTold(Schema):
    """A note beside an entry."""

    at: datetime
    by: str
    text: str


class Line(Schema):
    """What one row of a file would do."""

    line: int
    key: str
    outcome: str = Field(description="new, changed or wrong")
    changes: dict[str, tuple[str, str]] = Field(description="By column: before, after")
    mistakes: dict[str, str]


class Planned(Schema):
    """What a file would do; nothing is stored where a row is wrong, or where it was only asked."""

    stored: bool
    counts: dict[str, int]
    lines: list[Line]


def _rows(ledger: Ledger, user: User) -> Any:
    related = [column.name for column in ledger.columns if column.kind in ("person", "department")]
    found = ledger.scope(user).select_related(*related)
    return found.defer("public_key") if ledger.model is Computer else found


def _chosen(wanted: EntriesNarrowing) -> LedgerFilter:
    return LedgerFilter(
        text=wanted.q[:100],
        class_="" if wanted.class_ is None else wanted.class_.value,
        status="" if wanted.status is None else wanted.status.value,
        department=wanted.department,
        registered=wanted.registered,
    )


def _entry_of(ledger: Ledger, user: User, pk: str) -> Entry:
    """The entry of an address. Raises `Http404` for a key that is none of this ledger."""
    try:
        key: uuid.UUID | int = uuid.UUID(pk) if ledger.model is Computer else int(pk[:19])
    except ValueError:
        raise Http404 from None
    found: Entry = one(_rows(ledger, user), key)
    return found


def _told(ledger: Ledger, row: Entry, lookups: Lookups) -> dict[str, object]:
    return {"id": str(row.pk), "values": texts_of(ledger, row, lookups), "seen": _seen(row)}


def _seen(row: Entry) -> dict[str, str | None]:
    if not isinstance(row, Computer | Medium):
        return {}
    moments = {"registered": row.registered_at, "last_seen": row.last_seen_at}
    if isinstance(row, Computer):
        names: tuple[str, ...] = ("agent_version", "rules", "cage", "platform")
        moments |= {"enrolled": row.enrolled_at, "revoked": row.revoked_at}
    else:
        names = ("key", "bus", "vendor", "model", "serial_tail", "label")
        moments |= {"first_seen": row.first_seen_at}
    texts: dict[str, str | None] = {name: getattr(row, name) for name in names}
    return texts | {name: None if at is None else at.isoformat() for name, at in moments.items()}


def _known(ledger: Ledger, values: dict[str, str]) -> dict[str, str]:
    """The values, every one of a column there is. Raises `LedgerMistakes`."""
    known = {column.name for column in ledger.columns}
    if unknown := sorted(set(values) - known):
        raise LedgerMistakes({name: _("There is no such column.") for name in unknown})
    return values


def _note(row: Note) -> dict[str, object]:
    return {"at": row.at, "by": row.author.username, "text": row.text}


@router.get("/{ledger}", response=Entries, auth=READ, url_name="ledger")
def list_entries(request: HttpRequest, ledger: Name, wanted: Query[EntriesWanted]) -> dict[str, object]:
    """Entries by id."""
    kind, user = LEDGERS[ledger], person_of(request)
    found, mark = part_of(_chosen(wanted).narrow(kind, _rows(kind, user), user), wanted)
    lookups = lookups_for(user)
    return {"entries": [_told(kind, row, lookups) for row in found], "next": mark}


@router.post("/{ledger}", response={201: EntryTold}, auth=LEDGER, url_name="ledger-enter")
def enter(request: HttpRequest, ledger: Name, sent: Values) -> Status[dict[str, object]]:
    """Enter something into a ledger."""
    kind, user = LEDGERS[ledger], require(request, Right.LEDGER)
    stored, _changes = save(kind, None, _known(kind, sent.values), by=user, how="api")
    return Status(201, _told(kind, stored, lookups_for(user)))


@router.get("/{ledger}/columns", response=list[ColumnTold], auth=READ, url_name="ledger-columns")
def columns(request: HttpRequest, ledger: Name) -> list[dict[str, object]]:  # noqa: ARG001 (every operation is given it)
    """The columns of a ledger."""
    return [
        {
            "name": column.name,
            "label": str(column.label),
            "kind": column.kind,
            "required": column.required,
            "choices": {key: str(name) for key, name in column.choices.items()},
        }
        for column in LEDGERS[ledger].columns
    ]


@router.get("/{ledger}/export.{form}", auth=READ, url_name="ledger-export")
def export(
    request: HttpRequest, ledger: Name, form: Literal["csv", "xlsx"], wanted: Query[EntriesNarrowing]
) -> HttpResponse:
    """The entries as a file; that it was done is in the audit log."""
    kind, user = LEDGERS[ledger], person_of(request)
    media_type, write = FORMATS[form]
    content = write(kind, _chosen(wanted).export(kind, _rows(kind, user), user), lookups_for(user))
    audit.record("ledger.export", actor=user, ledger=kind.name, form=form, bytes=len(content), how="api")
    return HttpResponse(content, content_type=media_type, headers={"Cache-Control": "no-store"})


@router.post("/{ledger}/import", response=Planned, auth=LEDGER, url_name="ledger-import", openapi_extra=FILE)
def bring(request: HttpRequest, ledger: Name, dry_run: bool = True) -> dict[str, object]:
    """Take in a CSV or XLSX file (the body): first see what it would change, then say ``dry_run=false``."""
    kind, user = LEDGERS[ledger], require(request, Right.LEDGER)
    sent = read(kind, body_of(request, LARGEST_FILE))
    planned = preview(kind, sent, user)
    counts = dict.fromkeys(("new", "changed", "same", "wrong"), 0)
    for row in planned:
        counts[row.outcome] += 1
    store = not dry_run and not counts["wrong"]
    if store:
        done = apply(kind, sent, by=user, looked_at=digest_of(planned))
        audit.record("ledger.import", actor=user, ledger=kind.name, new=done["new"], changed=done["changed"])
    lines = [
        {
            "line": row.line,
            "key": row.key,
            "outcome": row.outcome,
            "changes": {change.column.name: (change.before, change.after) for change in row.changes},
            "mistakes": row.mistakes,
        }
        for row in planned
        if row.outcome != "same"
    ]
    return {"stored": store, "counts": counts, "lines": lines}


@router.get("/{ledger}/{pk}", response=EntryTold, auth=READ, url_name="ledger-entry")
def read_entry(request: HttpRequest, ledger: Name, pk: str) -> dict[str, object]:
    """One entry."""
    kind, user = LEDGERS[ledger], person_of(request)
    return _told(kind, _entry_of(kind, user, pk), lookups_for(user))


@router.patch("/{ledger}/{pk}", response=EntryTold, auth=LEDGER, url_name="ledger-change")
def change(request: HttpRequest, ledger: Name, pk: str, sent: Values) -> dict[str, object]:
    """Change an entry."""
    kind, user = LEDGERS[ledger], person_of(request)
    row = _entry_of(kind, user, pk)
    stored, _changes = save(kind, row, _known(kind, sent.values), by=user, how="api")
    return _told(kind, stored, lookups_for(user))


@router.get("/{ledger}/{pk}/notes", response=list[NoteTold], auth=READ, url_name="ledger-notes")
def notes(request: HttpRequest, ledger: Name, pk: str) -> list[dict[str, object]]:
    """What people wrote beside an entry, newest first."""
    kind = LEDGERS[ledger]
    row = _entry_of(kind, person_of(request), pk)
    found = Note.objects.filter(kind=kind.name, entry_id=str(row.pk)).select_related("author")
    return [_note(note) for note in found[:SHOWN_NOTES]]


@router.post("/{ledger}/{pk}/notes", response={201: NoteTold}, auth=LEDGER, url_name="ledger-note")
def write_note(request: HttpRequest, ledger: Name, pk: str, sent: NoteWanted) -> Status[dict[str, object]]:
    """Write a note beside an entry."""
    kind, user = LEDGERS[ledger], person_of(request)
    return Status(201, _note(add_note(kind, _entry_of(kind, user, pk), by=user, text=sent.text)))
