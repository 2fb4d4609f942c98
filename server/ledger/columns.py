"""The columns of the ledgers: one description that forms, imports, exports and the log of changes all read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from server.accounts.models import Department
from server.ledger.models import Person

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.utils.functional import _StrOrPromise

LANGUAGES = ("zh-hans", "en")
"""Languages in which the words of a file are understood."""
Kind = Literal["text", "choice", "person", "department", "date"]


class ValueMistake(ValueError):
    """A text that is no value of its column; ``str()`` says what would be."""


@dataclass(frozen=True)
class Column:
    """One column of a ledger."""

    name: str
    """Name of the model's field, and of the column in files that programs write."""
    label: _StrOrPromise
    kind: Kind = "text"
    required: bool = False
    choices: Mapping[str, _StrOrPromise] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    """Other headings an import understands, the Chinese one among them."""
    longest: int = 100


class Lookups:
    """People and departments by the words people use for them, within somebody's scope; loaded once, when needed."""

    def __init__(self, people: QuerySet[Person], departments: QuerySet[Department]) -> None:
        self._people_of = people
        self._departments_of = departments
        self._people: dict[str, list[Person]] | None = None
        self._departments: dict[str, list[Department]] | None = None
        self._full: dict[int, str] = {}

    def person(self, text: str) -> Person:
        """The one person of this name, staff number or ``name (number)``. Raises `ValueMistake`."""
        if self._people is None:
            self._people = {}
            for one in self._people_of:
                for word in {one.name, one.number, self.person_text(one)} - {""}:
                    self._people.setdefault(word, []).append(one)
        words = " ".join(text.split())
        plain = " ".join(words.replace("（", " (").replace("）", ") ").split())
        found = self._people.get(words) or self._people.get(plain, [])
        if not found:
            raise ValueMistake(
                _("“%(text)s” is not in the ledger of people: enter the person there first") % {"text": text}
            )
        if len(found) > 1:
            raise ValueMistake(_("There are several people called “%(text)s”: use the staff number") % {"text": text})
        return found[0]

    def department(self, text: str) -> Department:
        """The one department of this name, or of this path of names with slashes. Raises `ValueMistake`."""
        if self._departments is None:
            self._departments = {}
            for one in self._departments_of:
                for word in {one.name, self.department_text(one.pk)}:
                    self._departments.setdefault(word, []).append(one)
        found = self._departments.get("/".join(part.strip() for part in text.split("/")), [])
        if not found:
            raise ValueMistake(_("There is no department “%(text)s” that you may use") % {"text": text})
        if len(found) > 1:
            raise ValueMistake(
                _("There are several departments called “%(text)s”: write the path, such as Head office/Finance")
                % {"text": text}
            )
        return found[0]

    @staticmethod
    def person_text(person: Person | None) -> str:
        """A person as forms and files show them."""
        if person is None:
            return ""
        return f"{person.name} ({person.number})" if person.number else person.name

    def department_text(self, pk: int | None) -> str:
        """A department with all above it: ``Head office/Finance``."""
        if pk is None:
            return ""
        if not self._full:
            # All of them: a department's path names departments above one's own scope too.
            for one in Department.objects.order_by("path"):
                above = self._full.get(one.parent_id or 0, "")
                self._full[one.pk] = f"{above}/{one.name}" if above else one.name
        return self._full.get(pk, "")


def parse(column: Column, text: str, lookups: Lookups) -> Any:
    """The value a text means in a column; None or an empty text for an empty one. Raises `ValueMistake`."""
    text = text.replace("\0", "").strip()
    if not text:
        if column.required:
            raise ValueMistake(_("This is required."))
        return "" if column.kind in ("text", "choice") else None
    if column.kind == "person":
        return lookups.person(text)
    if column.kind == "department":
        return lookups.department(text)
    if column.kind == "date":
        return _date(text)
    if column.kind == "choice":
        return _choice(column, text)
    if len(text) > column.longest:
        raise ValueMistake(_("Please keep it below %(limit)d characters.") % {"limit": column.longest})
    return text


def as_text(column: Column, value: Any, lookups: Lookups) -> str:
    """A value as a file or a form shows it: what `parse` takes back."""
    if value in (None, ""):
        return ""
    if column.kind == "person":
        return lookups.person_text(value)
    if column.kind == "department":
        return lookups.department_text(value.pk)
    if column.kind == "date":
        return str(value.isoformat())
    return str(value)


def shown(column: Column, text: str) -> str:
    """A value's text in the reader's words: the name of a choice instead of its code, a day as pages write it."""
    if column.kind == "date":
        with suppress(ValueError):  # what somebody typed and is none: shown as typed
            return date_format(date.fromisoformat(text), "DATE_FORMAT")
    return str(column.choices.get(text, text)) if column.kind == "choice" else text


def _choice(column: Column, text: str) -> str:
    folded = text.casefold()
    # A ledger's file is written in Chinese whatever language its reader has chosen for the pages.
    for language in (get_language() or "en", *LANGUAGES):
        with override(language):
            for code, name in column.choices.items():
                if folded in (code.casefold(), str(name).casefold()):
                    return code
    raise ValueMistake(
        _("“%(text)s” is none of: %(choices)s")
        % {"text": text[:40], "choices": _(", ").join(str(name) for name in column.choices.values())}
    )


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|(\d{4})(\d{2})(\d{2})")
"""A day as people and spreadsheet programs write it, with an hour that means nothing or without."""


def _date(text: str) -> date:
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) for part in found.groups() if part)
        return date(year, month, day)
    except ValueError:
        raise ValueMistake(_("“%(text)s” is no date: write 2026-11-21") % {"text": text[:40]}) from None
