"""Codes: what a validator may say of a marking (marking-grammar 6), and severity one step down."""

from __future__ import annotations

from collections.abc import Collection

from protocol.records import Severity

ORDER = (
    "STAR_VARIANT", "STAR_MISSING", "STAR_IN_NON_STATE", "ORDER", "LEVEL_UNKNOWN", "PERIOD_MISSING", "PERIOD_TOO_LONG",
    "PERIOD_UNIT", "PERIOD_ZERO", "PERIOD_FOREVER", "LONG_TERM_BASIS", "DATE_PAST_AT_ISSUE", "CN_NUMERAL",
    "DIGIT_WIDTH", "SPACING", "TRAD_CHAR", "OCR_FIX", "VERTICAL", "TLP_FORMAT", "POSITION", "NO_COPY_NUMBER",
    "COPY_NUMBER_NO_MARK", "DECLASSIFIED_STAMP", "CHANGED_MARK", "CONFLICTING_MARKS", "PORTION_HIGHER", "COMPILATION",
    "PROPERTY_MISMATCH", "COPY_MISMATCH", "NOT_IN_LEDGER", "EXPIRED_REVIEW", "EXPIRES_SOON", "EXTENSION_LATE",
)  # fmt: skip
"""All codes that a finding may carry, in the order in which they are told."""

STATE_FAMILIES = frozenset({"state", "level_only"})
"""The families to which the law's rules of form apply; a lone level word may be a state mark."""

_SOFTER = {
    Severity.CRITICAL: Severity.HIGH,
    Severity.HIGH: Severity.MEDIUM,
    Severity.MEDIUM: Severity.LOW,
    Severity.LOW: Severity.INFO,
    Severity.INFO: Severity.INFO,
}


def ordered(codes: Collection[str]) -> tuple[str, ...]:
    """The codes in the usual order."""
    return tuple(code for code in ORDER if code in codes)


def softer(severity: Severity) -> Severity:
    """One step less severe."""
    return _SOFTER[severity]
