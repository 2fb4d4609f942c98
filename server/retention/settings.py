"""What ``retention`` of ``collector.yaml`` may say: days for each kind of record; a kind that is not named stays."""

from __future__ import annotations

import msgspec

SHORTEST = {"violations": 730, "sightings": 180, "media_sessions": 180, "scans": 400, "envelopes": 180}
"""Fewest days of each kind. Logs stay half a year at least (Cybersecurity Law of the PRC, article 21 (3)); what the
annual summary counts stays until it can be written."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days for which each kind of record is kept; None: for ever. The audit log is never purged."""

    violations: int | None = None
    """Violations that were closed or judged a false alarm so long ago, with all that belongs to them."""
    sightings: int | None = None
    """Single sightings of such violations; the newest of each stays."""
    media_sessions: int | None = None
    """Insertions of media; the newest of each medium in each class of computer stays."""
    scans: int | None = None
    """Sums of scans, results of single checks, and what computers had to drop; the newest stays."""
    envelopes: int | None = None
    """The record of envelopes that were worked off, by which a copy is known as a copy."""

    def __post_init__(self) -> None:
        for kind, least in SHORTEST.items():
            days = getattr(self, kind)
            if days is not None and days < least:
                raise ValueError(f"{kind} may be purged after {least} days at the earliest, not after {days}")

    @property
    def days(self) -> dict[str, int]:
        """Kind → days, of the kinds that are purged."""
        named = {kind: getattr(self, kind) for kind in SHORTEST}
        return {kind: days for kind, days in named.items() if days is not None}
