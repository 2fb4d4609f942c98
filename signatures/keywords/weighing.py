"""How sure a hint is, and where it stands: shared by keywords and detectors."""

from __future__ import annotations

from msgspec.structs import replace

from protocol.records import Place
from signatures.passages import Passage

REVIEW = 45
"""Confidence at the threshold: from here on a finding goes to review."""
HIGHEST = 69
"""Confidence at three times the threshold and above: a hint never raises an alert (70), as a marking does."""


def confidence(weight: float, threshold: float) -> int:
    """45 at the threshold and 69 at three times as much; below it in proportion between 25 and 44."""
    if weight >= threshold:
        return min(HIGHEST, REVIEW + int((weight / threshold - 1) * (HIGHEST - REVIEW) / 2))
    return 25 + int(19 * weight / threshold)


def place_of(passage: Passage, start: int) -> Place:
    """The place of what starts at this offset of a passage: of several lines, the line it stands on."""
    if "\n" not in passage.text:
        return passage.place
    return replace(passage.place, line=(passage.place.line or 1) + passage.text.count("\n", 0, start))
