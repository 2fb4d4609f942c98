"""The validator: what is wrong with a marking in itself (marking-grammar 6).

Codes that need the document's dates, its other marks or a ledger are not decided here.
"""

from __future__ import annotations

from signatures.markings.candidates import Candidate

ORDER = (
    "STAR_VARIANT", "STAR_MISSING", "STAR_IN_NON_STATE", "ORDER", "PERIOD_MISSING", "PERIOD_TOO_LONG", "PERIOD_UNIT",
    "PERIOD_ZERO", "PERIOD_FOREVER", "LONG_TERM_BASIS", "CN_NUMERAL", "DIGIT_WIDTH", "SPACING", "TRAD_CHAR", "OCR_FIX",
    "VERTICAL", "TLP_FORMAT", "DECLASSIFIED_STAMP", "CHANGED_MARK", "CONFLICTING_MARKS",
)  # fmt: skip
"""All codes that a finding may carry, in the order in which they are told."""

STATE_FAMILIES = frozenset({"state", "level_only"})


def validate(candidate: Candidate, maximum_years: int | None) -> None:
    """Add the codes that the marking alone shows; ``maximum_years`` is the longest period of its level."""
    if candidate.family not in STATE_FAMILIES:
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


def ordered(codes: set[str]) -> tuple[str, ...]:
    """The codes in the usual order."""
    return tuple(code for code in ORDER if code in codes)
