"""Ledgers from files (CSV, XLSX) and into them: bounded reading, a preview of what changes, cells that stay text."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from server.accounts.models import User
from server.ledger.actions import Change, LedgerMistakes, lookups_for, plan, save, texts_of
from server.ledger.columns import LANGUAGES, Lookups
from server.ledger.kinds import Entry, Ledger

MAX_ROWS = 20_000
MAX_CELL = 2_000
MAX_TITLES = 10
"""Lines within which the headings stand: offices write the ledger's title and who keeps it above them."""
MAX_UNFOLDED = 64 * 1024 * 1024
"""Bytes of a workbook's parts when unfolded."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet program take a cell for a formula (CWE-1236)."""


class FileProblem(ValueError):
    """A file that cannot be read as a ledger; ``str()`` says what to do."""


class Outdated(FileProblem):
    """A file that would by now change something else than what was looked at."""


@dataclass(frozen=True)
class Planned:
    """What one row of a file would do."""

    line: int
    """Number of the line in the file, the heading being 1."""
    key: str
    outcome: str
    """``new``, ``changed``, ``same`` or ``wrong``."""
    changes: list[Change] = field(default_factory=list)
    mistakes: dict[str, str] = field(default_factory=dict)


def read(ledger: Ledger, content: bytes) -> list[dict[str, str]]:
    """The rows of a file by column: the first stands in line 2, a line that is no row has an empty one.

    The file's kind is told from its first bytes, never from its name. Raises `FileProblem`.
    """
    rows = _xlsx_rows(content) if content.startswith(b"PK\x03\x04") else _csv_rows(content)
    above, names, begun = _heading(ledger, rows)
    told: list[dict[str, str]] = []
    empty = above
    for line, cells in enumerate(chain(begun, rows), above + 2):
        if line > MAX_ROWS + 1000:
            raise FileProblem(_("The file has more than %(limit)d rows: split it.") % {"limit": MAX_ROWS})
        row = {name: _unquoted(cell) for name, cell in zip(names, cells, strict=False) if name}
        if not any(row.values()):
            empty += 1
            continue
        told += [{} for _blank in range(empty)]
        told.append(row)
        empty = 0
    if sum(1 for row in told if row) > MAX_ROWS:
        raise FileProblem(_("The file has more than %(limit)d rows: split it.") % {"limit": MAX_ROWS})
    return told


def preview(ledger: Ledger, rows: Sequence[dict[str, str]], user: User) -> list[Planned]:
    """What each row would do, and what is wrong with it; nothing is changed."""
    lookups = lookups_for(user)
    known = _known(ledger, rows, user)
    taken = _taken_elsewhere(ledger, rows, known)
    seen: set[str] = set()
    planned: list[Planned] = []
    for line, row in _lines(rows):
        key = row.get(ledger.key, "")
        try:
            if key and key in seen:
                raise LedgerMistakes({ledger.key: _("This number stands in the file twice.")})
            if key in taken:
                raise LedgerMistakes({ledger.key: _("This number belongs to an entry outside your departments.")})
            seen.add(key)
            values, changes = plan(ledger, known.get(key), row, lookups)
            if values["department"] is None and not user.sees_everything:
                raise LedgerMistakes({"department": _("Choose a department of yours.")})
            outcome = "new" if key not in known else "changed" if changes else "same"
            planned.append(Planned(line, key, outcome, changes))
        except LedgerMistakes as mistakes:
            planned.append(Planned(line, key, "wrong", mistakes=mistakes.by_column))
    return planned


def digest_of(planned: Iterable[Planned]) -> str:
    """SHA-256, hex, over what rows would do: whether a ledger still stands as it stood at a `preview`."""
    told = [
        (one.line, one.key, [(change.column.name, change.before, change.after) for change in one.changes])
        for one in planned
        if one.changes
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def apply(ledger: Ledger, rows: Sequence[dict[str, str]], *, by: User, looked_at: str | None = None) -> dict[str, int]:
    """Store all rows or none; how many were new and changed. Raises `FileProblem` where a row is wrong by now.

    With the `digest_of` what was looked at, it raises `Outdated` where somebody has changed the ledger since.
    """
    counts = {"new": 0, "changed": 0}
    done: list[Planned] = []
    lookups = lookups_for(by)
    with transaction.atomic():
        known = _known(ledger, rows, by)
        for line, row in _lines(rows):
            entry = known.get(row.get(ledger.key, ""))
            try:
                _stored, changes = save(ledger, entry, row, by=by, lookups=lookups, how="import")
            except LedgerMistakes as mistakes:
                raise FileProblem(_("Line %(line)d: %(why)s") % {"line": line, "why": mistakes}) from mistakes
            except PermissionDenied as denied:
                raise FileProblem(
                    _("Line %(line)d: %(why)s") % {"line": line, "why": _("not within your departments")}
                ) from denied
            if entry is None:
                counts["new"] += 1
            elif changes:
                counts["changed"] += 1
            done.append(Planned(line, row.get(ledger.key, ""), "", changes))
        if looked_at is not None and digest_of(done) != looked_at:
            raise Outdated(_("The ledger has changed since you looked: this is what the file would do now."))
    return counts


def _lines(rows: Sequence[dict[str, str]]) -> Iterator[tuple[int, dict[str, str]]]:
    return ((line, row) for line, row in enumerate(rows, 2) if row)


def write_csv(ledger: Ledger, entries: Iterable[Entry], lookups: Lookups) -> bytes:
    """The rows as CSV in UTF-8 with a mark that spreadsheet programs know; no cell is ever a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([str(column.label) for column in ledger.columns])
    for entry in entries:
        writer.writerow([_quoted(text) for text in _shown_row(ledger, entry, lookups)])
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(ledger: Ledger, entries: Iterable[Entry], lookups: Lookups) -> bytes:
    """The rows as a workbook whose cells are all texts."""
    # Loaded when it is needed: what reads and writes workbooks takes 25 MB.
    from openpyxl import Workbook

    from server.sheets import text_cell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(ledger.title)[:31])
    sheet.append([str(column.label) for column in ledger.columns])
    for entry in entries:
        sheet.append([text_cell(sheet, text) for text in _shown_row(ledger, entry, lookups)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _shown_row(ledger: Ledger, entry: Entry, lookups: Lookups) -> list[str]:
    texts = texts_of(ledger, entry, lookups)
    return [
        str(column.choices.get(texts[column.name], texts[column.name])) if texts[column.name] else ""
        for column in ledger.columns
    ]


def _known(ledger: Ledger, rows: Sequence[dict[str, str]], user: User) -> dict[str, Entry]:
    numbers = {row.get(ledger.key, "") for row in rows} - {""}
    found: dict[str, Entry] = {}
    related = [column.name for column in ledger.columns if column.kind in ("person", "department")]
    listed = sorted(numbers)
    for start in range(0, len(listed), 500):
        part = ledger.scope(user).filter(number__in=listed[start : start + 500]).select_related(*related)
        found |= {entry.number: entry for entry in part}
    return found


def _taken_elsewhere(ledger: Ledger, rows: Sequence[dict[str, str]], known: dict[str, Entry]) -> set[str]:
    open_ = sorted({row.get(ledger.key, "") for row in rows} - {""} - set(known))
    taken: set[str] = set()
    for start in range(0, len(open_), 500):
        part = ledger.model._default_manager.filter(number__in=open_[start : start + 500])
        taken |= set(part.values_list("number", flat=True))
    return taken


def _heading(ledger: Ledger, rows: Iterator[list[str]]) -> tuple[int, list[str], list[list[str]]]:
    """How many lines stand above the headings, the column each heading means, and what was read of the rows already.

    A heading that is none of ours means an empty one. Raises `FileProblem` without the key column.
    """
    words: dict[str, str] = {}
    for column in ledger.columns:
        labels = [column.name, *column.also]
        for language in LANGUAGES:
            with override(language):
                labels.append(str(column.label))
        for label in labels:
            words.setdefault(label.casefold(), column.name)
    first = list(islice(rows, MAX_TITLES))
    if not first:
        raise FileProblem(_("The file is empty: it needs a line of headings."))
    told = [
        [words.get("".join(cell.split()).casefold(), words.get(cell.strip().casefold(), "")) for cell in cells]
        for cells in first
    ]
    above = next((number for number, names in enumerate(told) if ledger.key in names), None)
    if above is None:
        raise FileProblem(
            _("One of the first lines must name the columns; “%(key)s” is missing.")
            % {"key": ledger.column(ledger.key).label}
        )
    names = told[above]
    double = {str(ledger.column(name).label) for name in names if name and names.count(name) > 1}
    if double:
        raise FileProblem(_("A column stands there twice: %(names)s") % {"names": _(", ").join(sorted(double))})
    return above, names, first[above + 1 :]


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    # Spreadsheet programs write “Unicode text” as UTF-16 with its mark.
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8", "gb18030"):
        try:
            text = content.decode(encoding).lstrip("\ufeff")
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileProblem(_("This is neither CSV in UTF-8 or GB18030 nor XLSX."))
    if "\0" in text:
        raise FileProblem(_("This is neither CSV in UTF-8 or GB18030 nor XLSX."))
    first = "\n".join(text.split("\n", MAX_TITLES)[:MAX_TITLES])
    delimiter = max(",;\t", key=first.count)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [cell[:MAX_CELL] for cell in cells]
    except csv.Error as error:
        raise FileProblem(_("The CSV file is damaged: %(why)s") % {"why": error}) from error


def _xlsx_rows(content: bytes) -> Iterator[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    damaged = FileProblem(_("The workbook cannot be read: save it again as .xlsx, without a password."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            # Bounded before anything is unfolded; a document type (entities) is nothing a workbook has.
            if sum(part.file_size for part in parts.infolist()) > MAX_UNFOLDED:
                raise FileProblem(_("The workbook is too large: save it as CSV, or split it."))
            for part in parts.infolist():
                if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in parts.read(part):
                    raise damaged
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=64), 1):
            if number > MAX_ROWS + 1000:
                raise FileProblem(_("The file has more than %(limit)d rows: split it.") % {"limit": MAX_ROWS})
            yield [_cell(value) for value in cells]
    except FileProblem:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        RuntimeError,
        OSError,
    ) as error:
        # SyntaxError is what the XML parsers' own errors derive from.
        raise damaged from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()[:MAX_CELL]


def _quoted(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
