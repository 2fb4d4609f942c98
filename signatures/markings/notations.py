"""Notations: lines that say a document is public, not classified or declassified (marking-grammar 4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from signatures.markings.zones import FRONT, FURNITURE
from signatures.passages import Zone

_STAMPS = frozenset({Zone.STAMP, Zone.WATERMARK})


class Notation(msgspec.Struct, frozen=True):
    """A line that speaks against a marking: where it stands and what it says."""

    index: int
    """Number of the passage in the document, from 0."""
    line: int
    """Number of the line in the passage, from 0."""
    zone: Zone
    level: str
    strong: bool


class Notations:
    """All notations of a document, so that any number of marks can be held against any number of them."""

    def __init__(self, notations: Iterable[Notation] = ()) -> None:
        self.strong: set[Zone] = set()
        """Zones in which a notation says for certain that the document is public or not classified."""
        self.unclassified_banner = False
        """Whether the banner of the document says so."""
        self._stamped = False
        self._declassified: dict[int, list[int]] = {}
        for notation in sorted(notations, key=lambda n: (n.index, n.line)):
            if notation.level == "declassified":
                self._stamped = self._stamped or notation.zone in _STAMPS
                self._declassified.setdefault(notation.index, []).append(notation.line)
            elif notation.strong:
                self.strong.add(notation.zone)
                banner = notation.level == "not_classified" and notation.zone in FRONT | FURNITURE
                self.unclassified_banner = self.unclassified_banner or banner

    def declassify(self, index: int, line: int, reach: int = 2) -> bool:
        """Whether 解密 is stamped on the document, or stands within ``reach`` lines of this one."""
        lines = self._declassified.get(index, [])
        at = bisect_left(lines, line - reach)
        return self._stamped or (at < len(lines) and lines[at] <= line + reach)

    def oppose(self, zone: Zone) -> bool:
        """Whether a notation in this zone, or at the front like it, says the opposite of a mark."""
        return zone in self.strong or (zone in FRONT and bool(self.strong & FRONT))
