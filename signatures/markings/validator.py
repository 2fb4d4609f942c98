"""The validator: what is wrong with a marking in itself (marking-grammar 6).

Codes that need the document's dates are decided in `timing`, those that need its other marks in `consistency`, those
that need other files or a ledger in `combine`.
"""

from __future__ import annotations

from signatures.markings.candidates import Candidate
from signatures.markings.codes import STATE_FAMILIES


def validate(candidate: Candidate, maximum_years: int | None) -> None:
    """Add the codes that the marking alone shows; ``maximum_years`` is the longest period of its level."""
    if candidate.family not in STATE_FAMILIES or "LEVEL_UNKNOWN" in candidate.codes:
        return
    codes, term = candidate.codes, candidate.term
    if not candidate.starred:
        codes.add("STAR_MISSING")
    if term is None:
        codes.add("PERIOD_MISSING")
        return
    if term.period == "LONG" and "PERIOD_FOREVER" not in term.codes:
        codes.add("LONG_TERM_BASIS")
    if term.months is not None and maximum_years is not None and term.months > 12 * maximum_years:
        codes.add("PERIOD_TOO_LONG")
