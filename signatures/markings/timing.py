"""Timing: the period of each mark held against the dates of its document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from signatures.markings.candidates import Candidate
from signatures.markings.circumstances import Circumstances
from signatures.markings.codes import STATE_FAMILIES
from signatures.markings.issuance import issue_date
from signatures.markings.periods import IssueDate, Source, expiry_of, extended, later
from signatures.passages import Passage

_FIRM = frozenset({Source.SIGNED, Source.PRINTED, Source.LEDGER, Source.NUMBER})
"""Issue dates good enough to call a date wrong; a property or file may be younger or older than the document."""


def reckon(
    candidates: Sequence[Candidate],
    passages: Sequence[Passage],
    about: Circumstances,
    maximum: Callable[[str | None], int | None],
) -> None:
    """Give each mark that has a period, and still holds, its issue date and its last day, and the codes of both.

    ``maximum`` tells the longest period of a level in years.
    """
    timed = [c for c in candidates if (c.family in STATE_FAMILIES or c.term is not None) and not _over(c)]
    if not timed:
        return
    issued = issue_date(passages, about)
    for candidate in timed:
        most = maximum(candidate.level) if candidate.family in STATE_FAMILIES else None
        period = candidate.term.period if candidate.term else None
        candidate.issued = issued
        candidate.expiry = extended(expiry_of(period, issued.last if issued else None, most), about.extension)
        if candidate.expiry.late:
            candidate.codes.add("EXTENSION_LATE")
        if issued is not None and issued.source in _FIRM and candidate.family in STATE_FAMILIES:
            _compare(candidate, period or "", issued, most)


def _over(candidate: Candidate) -> bool:
    """Whether a mark holds no more; one that was changed to another term still does."""
    return candidate.line.passage.struck or "DECLASSIFIED_STAMP" in candidate.codes


def _compare(candidate: Candidate, period: str, issued: IssueDate, maximum_years: int | None) -> None:
    """DATE_PAST_AT_ISSUE and PERIOD_TOO_LONG of a term that is a date; of an issue date in doubt the kinder day."""
    if not period.startswith("DATE:"):
        return
    until = date.fromisoformat(period.removeprefix("DATE:"))
    if until < issued.first:
        candidate.codes.add("DATE_PAST_AT_ISSUE")
    longest = later(issued.last, years=maximum_years) if maximum_years is not None else None
    if longest is not None and until > longest:
        candidate.codes.add("PERIOD_TOO_LONG")
