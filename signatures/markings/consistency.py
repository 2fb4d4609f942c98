"""Consistency: what is wrong between the marks of one document, and between a mark and where it stands.

Marking-grammar 6. A mark on the cover speaks for all; below it stand marks of documents bound into the same file
(COMPILATION where they are higher), marks of single paragraphs (PORTION_HIGHER), and the names and properties of the
file, which only repeat what the pages say (PROPERTY_MISMATCH).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from protocol.records import Finding, Severity
from signatures.expressions import Expression
from signatures.markings.candidates import Candidate
from signatures.markings.cues import COPY_NUMBER, DOCUMENT_NUMBER, RED_HEAD, URGENCY, cues_of, lacks_mark
from signatures.markings.notations import Notations
from signatures.markings.periods import Expiry
from signatures.markings.ranks import STATE_SCALE, place_of
from signatures.markings.scoring import REVIEW
from signatures.markings.zones import FRONT, LEADS, NAMES
from signatures.passages import Passage, Zone

_LATE = frozenset({Zone.BODY, Zone.FOOTER, Zone.NOTE_END})
"""Where a state mark is not enough by itself: GB/T 9704-2012 7.2.2 wants it at the top of page 1."""
_MANY = 100
"""Different terms of one part that are compared with those of another."""
_COUNTED = Expression(r"P(\d+)([YMD])")
_LABELS = NAMES | {Zone.DOC_PROPERTY, Zone.SUBJECT}
_PORTIONS = LEADS - {Zone.SUBJECT}


class _Marks(msgspec.Struct):
    """The live marks of one scale, by the part that each plays."""

    main: list[Candidate] = msgspec.field(default_factory=list)
    """On the cover, at the top, around the pages: they speak for the whole."""
    included: list[Candidate] = msgspec.field(default_factory=list)
    """Further on, on lines of their own: of a document bound into this one."""
    portions: list[Candidate] = msgspec.field(default_factory=list)
    labels: list[Candidate] = msgspec.field(default_factory=list)
    """File name, folder, subject, properties."""


def check(candidates: Sequence[Candidate], notations: Notations, passages: Sequence[Passage], least: int) -> None:
    """Add the codes that only the document as a whole shows to its live marks of at least ``least`` points."""
    live = [c for c in candidates if c.confidence >= least and not c.voided]
    for scale, marks in _sorted(live).items():
        _conflicts(marks)
        _compilation(marks)
        _portions(marks, denied=notations.unclassified_banner)
        _labels(marks)
        if scale == STATE_SCALE:
            _denied(marks, notations)
            _position(marks, passages)


def missing_mark(passages: Sequence[Passage], least: int) -> Finding | None:
    """A remark on a document without marks whose front is that of marked paper (COPY_NUMBER_NO_MARK).

    Weak by nature, so that only a self-check sees it: copies are numbered for other reasons too.
    """
    if least >= REVIEW:
        return None
    cues = cues_of(passages)
    confidence = 30 + 5 * (URGENCY in cues) + 5 * (DOCUMENT_NUMBER in cues)
    if not lacks_mark(cues) or confidence < least:
        return None
    front = next(p for p in passages if p.zone in FRONT)
    return Finding(
        rule="cn-state.copy-number", family="state", level=None, period=None, zone=str(front.zone),
        confidence=confidence, severity=Severity.MEDIUM, marking="份号", codes=("COPY_NUMBER_NO_MARK",),
        place=front.place,
    )  # fmt: skip


def _sorted(live: Iterable[Candidate]) -> dict[str, _Marks]:
    scales: dict[str, _Marks] = {}
    for candidate in live:
        scale, _ = place_of(candidate.family, candidate.level)
        if scale:
            marks = scales.setdefault(scale, _Marks())
            getattr(marks, _part(candidate)).append(candidate)
    return scales


def _part(candidate: Candidate) -> str:
    zone, page = candidate.line.passage.zone, candidate.line.passage.place.page
    if zone in _LABELS:
        return "labels"
    if zone in _PORTIONS or candidate.form in ("LEAD", "lead"):
        return "portions"
    deep = page is not None and page > 1
    return "included" if zone is Zone.BODY or (zone in FRONT and deep) else "main"


def _conflicts(marks: _Marks) -> None:
    """Two different marks that both speak for the whole."""
    levels = {c.level for c in marks.main}
    periods = {c.term.months or c.term.period for c in marks.main if c.term is not None}
    if len(levels) > 1 or len(periods) > 1:
        _tell(marks.main, "CONFLICTING_MARKS")


def _compilation(marks: _Marks) -> None:
    """A cover whose level or period is below that of what is bound in."""
    cover = _highest(marks.main)
    if cover is None or not marks.included:
        return
    above, inside = _terms(marks.main), _terms(marks.included)
    longer = bool(above) and any(all(outlasts(term, own) for own in above) for term in inside)
    if longer or _rank(cover) < max(_rank(c) for c in marks.included):
        _tell(marks.main, "COMPILATION")


def _portions(marks: _Marks, *, denied: bool) -> None:
    """Paragraphs above the level of the cover; a banner that says UNCLASSIFIED is the lowest cover there is."""
    cover = _highest(marks.main + marks.included)
    if cover is None and not denied:
        return
    most = _rank(cover) if cover is not None else 0
    _tell((c for c in marks.portions if _rank(c) > most), "PORTION_HIGHER")


def _labels(marks: _Marks) -> None:
    """Names and properties that say another level than the pages."""
    page = _highest(marks.main or marks.included or marks.portions)
    if page is not None:
        _tell((c for c in marks.labels if c.level != page.level), "PROPERTY_MISMATCH")


def _denied(marks: _Marks, notations: Notations) -> None:
    """A notation that says the document is public or not classified."""
    if notations.strong:
        every = marks.main + marks.included + marks.portions + marks.labels
        _tell(every, "CONFLICTING_MARKS")
        if notations.strong & (NAMES | {Zone.DOC_PROPERTY}):
            _tell((c for c in every if c.line.passage.zone not in _LABELS), "PROPERTY_MISMATCH")


def _position(marks: _Marks, passages: Sequence[Passage]) -> None:
    """Where the marks stand, and what official paper would show beside them."""
    state = [c for c in marks.main + marks.included if c.family == "state"]
    if not state or not any(p.zone in FRONT and p.text.strip() for p in passages):
        return
    if all(c.line.passage.zone in _LATE for c in state):
        _tell(state, "POSITION")
    cues = cues_of(passages)
    if {RED_HEAD, DOCUMENT_NUMBER} <= cues.keys() and COPY_NUMBER not in cues:
        _tell((c for c in state if c.line.passage.zone in FRONT), "NO_COPY_NUMBER")


def _tell(candidates: Iterable[Candidate], code: str) -> None:
    for candidate in candidates:
        candidate.codes.add(code)


def _rank(candidate: Candidate) -> int:
    return place_of(candidate.family, candidate.level)[1]


def _highest(candidates: Iterable[Candidate]) -> Candidate | None:
    return max(candidates, key=_rank, default=None)


def _terms(candidates: Iterable[Candidate]) -> Sequence[tuple[str | None, Expiry]]:
    """The different terms of some marks, with their last days."""
    return list({c.term.period: (c.term.period, c.expiry) for c in candidates if c.term is not None}.values())[:_MANY]


def outlasts(inner: tuple[str | None, Expiry], cover: tuple[str | None, Expiry]) -> bool:
    """Whether the first of two terms surely ends later. A condition and a missing term are compared with nothing."""
    (period, expiry), (above, end) = inner, cover
    if period is None or above is None or above == "LONG":
        return False
    if period == "LONG":
        return True
    if expiry.on is not None and end.on is not None:
        return expiry.on > end.on
    return _length(period) > _length(above) > 0


def _length(period: str) -> float:
    """A counted period in years, for comparing two of them; 0 for what is not counted."""
    counted = _COUNTED.fullmatch(period)
    return int(counted[1]) / {"Y": 1, "M": 12, "D": 365}[counted[2]] if counted else 0
