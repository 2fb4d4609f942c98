"""Candidates: what looked like a marking, before the document around it has its say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from signatures.markings.normalise import View
from signatures.markings.periods import NO_END, Expiry, IssueDate
from signatures.markings.terms import Term

if TYPE_CHECKING:
    from signatures.passages import Passage
    from signatures.rules import Rule


class Line(msgspec.Struct):
    """One line of a passage (or several joined, where a marking runs top-down), in the matching view."""

    passage: Passage
    index: int
    """Number of the passage in the document, from 0."""
    number: int
    """Number of the line in the passage, from 0."""
    view: View
    source: str
    """The passage's text, with the property's name before it where that is a label."""
    first: int
    last: int
    """The slice of ``source``."""

    @property
    def text(self) -> str:
        """The view's text."""
        return self.view.text

    def above(self, count: int) -> list[str]:
        """Up to ``count`` lines before it, in order, without reading the rest of the passage."""
        lines: list[str] = []
        end = self.first - 1
        while end >= 0 and len(lines) < count:
            begin = self.source.rfind("\n", 0, end) + 1
            lines.append(self.source[begin:end])
            end = begin - 1
        return lines[::-1]

    def below(self, count: int) -> list[str]:
        """Up to ``count`` lines after it."""
        lines: list[str] = []
        begin = self.last + 1
        while begin <= len(self.source) and len(lines) < count:
            end = self.source.find("\n", begin)
            end = len(self.source) if end == -1 else end
            lines.append(self.source[begin:end])
            begin = end + 1
        return lines


class Candidate(msgspec.Struct):
    """Something that has the form of a marking."""

    rule: Rule
    line: Line
    start: int
    end: int
    form: str
    """Production or kind of unit by which it was found."""
    level: str | None
    term: Term | None
    marking: str
    alone: bool
    """Whether nothing else stands on its line."""
    starred: bool = False
    misread: bool = False
    """Whether a character was taken for another (OCR_FIX)."""
    voided: bool = False
    """Whether it is declassified or struck: one step less severe."""
    issued: IssueDate | None = None
    """When its document was issued, where it has a period and that is known."""
    expiry: Expiry = NO_END
    codes: set[str] = msgspec.field(default_factory=set)
    points: list[tuple[str, int]] = msgspec.field(default_factory=list)
    """Reason and points, in the order in which they were given."""

    @property
    def family(self) -> str:
        """The rule's family."""
        return self.rule.family

    @property
    def confidence(self) -> int:
        """Sum of the points, from 0 to 100."""
        return max(0, min(100, self.total))

    @property
    def total(self) -> int:
        """Sum of the points as they are: tells the better of two that are both at 100."""
        return sum(points for _, points in self.points)

    def add(self, reason: str, points: int) -> None:
        """Give or take points."""
        if points:
            self.points.append((reason, points))
