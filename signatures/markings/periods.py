"""Periods: from an issue date and a term to the day on which a marking ends, and how it stands on a given day.

Marking-grammar 6; 保守国家秘密法 第二十条 (30, 20 and 10 years at most) and its 实施条例 (a marking without a period is
taken for the longest of its level).
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from protocol.records import Finding
from signatures.expressions import Expression
from signatures.markings.codes import ordered, softer

SOON = timedelta(days=90)
"""How long before its end a marking is told to expire soon."""

_COUNTED = Expression(r"P(\d{1,6})([YMD])")


class Source(StrEnum):
    """Where an issue date was taken from, best first."""

    SIGNED = "document-date"
    """成文日期 in the document."""
    PRINTED = "print-date"
    """印发日期 at the end of an official paper (版记)."""
    LEDGER = "ledger"
    NUMBER = "document-number"
    """The year in the 发文字号: only a year."""
    CREATED = "created"
    """The document's property."""
    FILE = "file-time"
    """Weak: a copy is younger than what it is a copy of."""


class Status(StrEnum):
    """How a marking stands with its period on a given day."""

    VALID = "valid"
    SOON = "expires-soon"
    DUE = "due-for-review"
    """Past its end: due for declassification review, which is not the same as declassified."""
    UNKNOWN = "unknown"


_CODES = {Status.DUE: "EXPIRED_REVIEW", Status.SOON: "EXPIRES_SOON"}


class IssueDate(msgspec.Struct, frozen=True):
    """When a document was issued, between two days that are one where the date is whole."""

    first: date
    last: date
    source: Source

    @classmethod
    def on(cls, day: date, source: Source) -> IssueDate:
        """A whole date."""
        return cls(day, day, source)

    @classmethod
    def within(cls, year: int, month: int | None, source: Source) -> IssueDate:
        """A month, or a year alone. Raises `ValueError` for one that does not exist."""
        last = month or 12
        return cls(date(year, month or 1, 1), date(year, last, calendar.monthrange(year, last)[1]), source)


class Extension(msgspec.Struct, frozen=True):
    """A row of the ledger that says a period was extended (保密期限延长)."""

    decided: date
    until: date
    """The new last day."""


class Expiry(msgspec.Struct, frozen=True):
    """The last day of a marking."""

    on: date | None
    """None where it has no end, hangs on a condition or cannot be told."""
    assumed: bool = False
    """Whether the longest period of the level was taken, because the marking names none."""
    late: bool = False
    """Whether it was extended only after it had ended (EXTENSION_LATE)."""


NO_END = Expiry(None)
"""No last day, or none that can be told."""


def later(day: date, *, years: int = 0, months: int = 0, days: int = 0) -> date | None:
    """A day that much later; of a month too short for it the last day (29 February → 28). None beyond year 9999."""
    count = day.year * 12 + day.month - 1 + 12 * years + months
    year, month = divmod(count, 12)
    if year > date.max.year:
        return None
    moved = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return moved + timedelta(days=days) if days <= (date.max - moved).days else None


def expiry_of(period: str | None, issued: date | None, maximum_years: int | None) -> Expiry:
    """When a marking ends: ``period`` as in `Finding.period`, ``maximum_years`` the longest of its level."""
    if period is None:
        if issued is None or maximum_years is None:
            return NO_END
        return Expiry(later(issued, years=maximum_years), assumed=True)
    if period.startswith("DATE:"):
        return Expiry(date.fromisoformat(period[5:]))
    counted = _COUNTED.fullmatch(period)
    if counted is None or issued is None or int(counted[1]) == 0:
        return NO_END
    number = int(counted[1])
    match counted[2]:
        case "Y":
            return Expiry(later(issued, years=number))
        case "M":
            return Expiry(later(issued, months=number))
        case _:
            return Expiry(later(issued, days=number))


def extended(expiry: Expiry, extension: Extension | None) -> Expiry:
    """The expiry with the ledger's extension; one that was decided after the end changes nothing and is late."""
    if extension is None:
        return expiry
    if expiry.on is not None and extension.decided > expiry.on:
        return Expiry(expiry.on, expiry.assumed, late=True)
    return Expiry(extension.until)


def status_on(today: date, period: str | None, expires: date | None) -> Status:
    """How a marking stands on a day. It holds through its last day; 长期 is valid without one."""
    if period == "LONG" and expires is None:
        return Status.VALID
    if expires is None:
        return Status.UNKNOWN
    if today > expires:
        return Status.DUE
    return Status.SOON if expires - today <= SOON else Status.VALID


def aged(finding: Finding, today: date) -> Finding:
    """The finding as it stands today: status, EXPIRED_REVIEW or EXPIRES_SOON, and severity one step lower when due.

    A stored finding may be asked again on a later day; what was due once stays so. What has no period in its family,
    or is declassified, is returned as it is.
    """
    if not has_period(finding):
        return finding
    status = status_on(today, finding.period, finding.expires)
    was_due = "EXPIRED_REVIEW" in finding.codes
    if was_due:
        status = Status.DUE
    codes = set(finding.codes) - {"EXPIRES_SOON"}
    if status in _CODES:
        codes.add(_CODES[status])
    severity = softer(finding.severity) if status is Status.DUE and not was_due else finding.severity
    return replace(finding, status=str(status), codes=ordered(codes), severity=severity)


def has_period(finding: Finding) -> bool:
    """Whether a marking of its kind has a period at all, and still holds."""
    if "DECLASSIFIED_STAMP" in finding.codes:
        return False
    return finding.family in ("state", "level_only") or finding.period is not None
