"""The grammar: from passages to findings (marking-grammar 3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from protocol.records import Finding, Severity
from signatures.expressions import Expression
from signatures.markings.candidates import Candidate, Line
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.markings.codes import ordered, softer
from signatures.markings.consistency import check, missing_mark
from signatures.markings.document import Document
from signatures.markings.normalise import normalise
from signatures.markings.notations import Notation, Notations
from signatures.markings.patterns import PatternRule, gate
from signatures.markings.periods import aged
from signatures.markings.productions import StateGrammar
from signatures.markings.reader import WINDOW, Reader
from signatures.markings.scoring import REVIEW, score
from signatures.markings.terms import PLAIN_TERM, Term, parse_term
from signatures.markings.timing import reckon
from signatures.markings.triggers import trigger_of
from signatures.markings.units import Piece, openings_of, pieces_of
from signatures.markings.validator import validate
from signatures.markings.zones import FRONT, FURNITURE, NAMES
from signatures.passages import Passage, Zone

if TYPE_CHECKING:
    from signatures.labels import LabelMeaning
    from signatures.markings.labelled import Labels
    from signatures.rules import RuleSet

MOST = 50
"""Findings reported of one file; all different ones up to here."""
_ALIKE = 60
"""Candidates of the same rule, level, term and zone that are kept of one document; the rest say nothing new."""
_VARIED = 300
"""Candidates of the same rule, level and zone, whatever their terms."""
_TERM_FIELD = Expression(
    rf"(?:保密期限?|(?<![一-龥])期限|解密时间|解密条件)(?:[】\])]?\s?[::\t]\s{{0,4}}|[】\])]\s{{0,4}}|\s{{1,4}}|(?=至))(?P<term>{PLAIN_TERM})(?=$|[\s)\]】,;。])"
)
_TERM_BELOW = Expression(
    rf"\s*(?P<star>★)?\s?[(\[【〔]?\s?(?P<label>(?:保密)?期限?\s?:?\s{{0,4}})?(?P<term>{PLAIN_TERM})\s?[)\]】〕]?\s*"
)
_BESIDE = {Zone.TABLE_FIELD: {Zone.TABLE_FIELD, *FRONT}, Zone.NOTE_END: {Zone.NOTE_END, Zone.BODY}}
"""Zones in which the other half of a form field may be a passage of its own."""
_NEAR = 300
"""Characters of a neighbouring line that are searched for a rule's companions."""
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Reading(msgspec.Struct, frozen=True):
    """One candidate as `Grammar.explain` tells it, with each point given or taken."""

    rule: str
    form: str
    unit: str
    """What was read as the marking, in the normalised view."""
    level: str | None
    period: str | None
    codes: tuple[str, ...]
    confidence: int
    points: tuple[tuple[str, int], ...]


class Explanation(msgspec.Struct, frozen=True):
    """Why a text is a marking, or is none."""

    views: tuple[str, ...]
    """The lines that were read closely, normalised."""
    tried: tuple[tuple[str, str], ...]
    """Each unit that was held against the rules: its kind and its text."""
    readings: tuple[Reading, ...]


class Grammar:
    """All rules of a `RuleSet`. Holds no state of a document: one object serves any number of files.

    Each pattern is compiled when the first text asks for it."""

    def __init__(self, rules: RuleSet, labels: Sequence[LabelMeaning] = ()) -> None:
        """Sort the rules by zone; takes a few milliseconds, nothing is read from disk or compiled.

        ``labels`` says what the organisation's sensitivity labels mean.
        """
        self.rules = rules
        self._states = [StateGrammar(p) for p in rules.packs if p.vocabulary.levels]
        controls = frozenset(word for pack in rules.packs for word in pack.vocabulary.controls)
        patterns = [PatternRule(rule, controls) for rule in rules.rules if rule.pattern is not None]
        self._notations = [rule for rule in patterns if rule.rule.family == "notation"]
        self._notation_trigger = trigger_of(lambda: rules.literals_of([p.rule for p in self._notations]))
        self._by_zone = {
            zone: [p for p in patterns if zone in p.where and p.rule.family != "notation"] for zone in Zone
        }
        gates: dict[tuple[str, ...], Expression] = {}  # most zones ask the same rules: one gate serves them all
        self._gates = {
            zone: gates.setdefault(tuple(p.rule.id for p in found), gate(found))
            for zone, found in self._by_zone.items()
        }
        spelled = {bad for state in self._states for bad in state.spellings}
        self._reader = Reader(rules, self._by_zone[Zone.BODY], tuple(spelled))
        self._labels: Labels | None = None
        if labels:
            from signatures.markings.labelled import Labels  # here: few organisations have such a table

            self._labels = Labels(labels, rules, self._reader.names_level)

    def find(
        self, passages: Sequence[Passage], *, least: int = REVIEW, about: Circumstances = UNKNOWN
    ) -> tuple[Finding, ...]:
        """The markings of one document, strongest first; none below ``least`` points, at most 50.

        ``about`` is what is known of the document from outside: dates of the ledger and the file, and the day for
        which the status of each period is told. Without a day findings carry their dates only; `aged` tells the
        status later, on any day.
        """
        candidates = self._judged(passages, about)
        best: dict[tuple[object, ...], Candidate] = {}
        for candidate in sorted(candidates, key=_strength):
            if candidate.confidence >= least:
                period = candidate.term.period if candidate.term else None
                key = (candidate.rule.id, candidate.level, period, candidate.line.passage.zone)
                best.setdefault(key, candidate)
        found = [_finding(candidate) for candidate in list(best.values())[:MOST]]
        if about.today is not None:
            found = [aged(finding, about.today) for finding in found]
        if not any(f.confidence >= REVIEW for f in found) and (remark := missing_mark(passages, least)) is not None:
            found = sorted([*found, remark], key=lambda finding: -finding.confidence)
        return tuple(found)

    def explain(self, text: str, zone: Zone) -> Explanation:
        """How one text would be read in one zone: for people who ask why, and for writing rules."""
        passage = Passage(zone, text)
        tried: list[tuple[str, str]] = []
        lines = list(self._reader.lines([passage]))
        for line in lines:
            tried += [(p.kind, line.text[p.start : p.end]) for p in pieces_of(line.text, zone, self._reader.labels)]
        readings = tuple(
            Reading(
                c.rule.id, c.form, c.line.text[c.start : c.end], c.level, c.term.period if c.term else None,
                ordered(c.codes), c.confidence, tuple(c.points),
            )
            for c in sorted(self._judged([passage]), key=_strength)
        )  # fmt: skip
        return Explanation(tuple(line.text for line in lines), tuple(tried), readings)

    def notations(self, passages: Sequence[Passage]) -> tuple[Notation, ...]:
        """The lines that say the document is public, unclassified or declassified: evidence, no findings."""
        lines = self._reader.short_lines(passages, self._notation_trigger)
        return tuple(notation for line in lines for notation in self._notation(line))

    def _notation(self, line: Line) -> Iterator[Notation]:
        for piece in pieces_of(line.text, line.passage.zone, None):
            for rule in self._notations:
                if piece.kind in ("line", "segment", "name") and rule.match(line, piece):
                    yield Notation(
                        line.index,
                        line.number,
                        line.passage.zone,
                        rule.rule.level or "",
                        rule.rule.strength == "strong",
                    )
                    return

    def _judged(self, passages: Sequence[Passage], about: Circumstances = UNKNOWN) -> list[Candidate]:
        labelled, told, strange = self._labels.read(passages) if self._labels else ([], frozenset(), [])
        candidates = [c for c in self._candidates(passages) if c.line.index not in told] + labelled
        if not candidates and not strange:
            return []
        denials = self.notations(passages)
        understood = {c.line.index for c in candidates} | {denial.index for denial in denials}
        candidates += [c for c in strange if c.line.index not in understood]
        notations = Notations(denials)
        for candidate in candidates:
            score(candidate)
            validate(candidate, self._maximum(candidate.level))
            if "CHANGED_MARK" in candidate.codes:
                candidate.voided = True
        self._strike(candidates)
        Document(passages, candidates, notations).judge()
        reckon(candidates, passages, about, self._maximum)
        check(candidates, notations, passages, REVIEW)
        return candidates

    def _candidates(self, passages: Sequence[Passage]) -> list[Candidate]:
        """All that has the form of a marking, up to so many alike that more would say nothing new."""
        candidates: list[Candidate] = []
        count: Counter[tuple[object, ...]] = Counter()
        for line in self._reader.lines(passages):
            for candidate in self._read(line):
                self._complete(candidate, passages)
                varied = (candidate.rule.id, candidate.level, line.passage.zone)
                same = (*varied, candidate.term)
                count[same] += 1
                count[varied] += 1
                if count[same] <= _ALIKE and count[varied] <= _VARIED:
                    candidates.append(candidate)
        return candidates

    def _read(self, line: Line) -> Iterator[Candidate]:
        """Every candidate of a line: starred marks first, then whole units, non-state families before bare levels."""
        found: list[Candidate] = []
        for state in self._states:
            found += state.starred(line)
        zone = line.passage.zone
        if not found:
            for piece in pieces_of(line.text, zone, self._reader.labels):
                candidate = None
                if not any(c.start < piece.end and piece.start < c.end for c in found):
                    candidate = self._of_piece(line, piece)
                if candidate is not None and not (
                    piece.kind == "tail" and zone is Zone.CELL and candidate.term is None
                ):
                    found.append(candidate)
            if not found and (zone in NAMES or zone is Zone.SUBJECT):
                found += self._openings(line)
            if not found and zone is Zone.SUBJECT:
                tried = (self._of_piece(line, piece) for piece in openings_of(line.text))
                found += islice(filter(None, tried), 1)
        yield from found

    def _of_piece(self, line: Line, piece: Piece) -> Candidate | None:
        zone = line.passage.zone
        if self._gates[zone].fullmatch(line.text, piece.start, piece.end):
            for rule in self._by_zone[zone]:
                candidate = rule.match(line, piece)
                if candidate is not None and _accompanied(rule, line):
                    return candidate
        if zone is Zone.BODY:
            return None
        return next((c for state in self._states if (c := state.whole(line, piece)) is not None), None)

    def _openings(self, line: Line) -> Iterator[Candidate]:
        start = len(line.text) - len(line.text.lstrip())
        if line.passage.zone in NAMES:
            start = max(line.text.rfind("/"), line.text.rfind("\\")) + 1
        for rule in self._by_zone[line.passage.zone]:
            if rule.rule.opens and (candidate := rule.opening(line, start)) is not None:
                yield candidate
                return

    def _complete(self, candidate: Candidate, passages: Sequence[Passage]) -> None:
        """Give a form field its term where that stands in a field of its own, on the line or beside it."""
        if candidate.form in ("BARE", "STARRED") and candidate.alone and candidate.term is None:
            self._continue(candidate)
        if candidate.form not in ("FIELD", "field") or candidate.term is not None:
            return
        line = candidate.line
        texts = [line.source[line.first : line.last], *line.below(2)]
        beside = passages[max(0, line.index - 2) : line.index + 4]
        texts += [p.text for p in beside if p.zone in _BESIDE.get(line.passage.zone, ())]
        for text in texts:
            found = _TERM_FIELD.search(normalise(text[:WINDOW], self._reader.joiner).text)
            term = parse_term(found["term"]) if found else None
            if term is not None and candidate.form == "field":
                candidate.term = term if "{{plain_term}}" in (candidate.rule.pattern or "") else None
                candidate.codes.update(term.codes if candidate.term else ())
                return
            if term is not None:
                self._timed(candidate, term, "FIELD")
                return

    def _continue(self, candidate: Candidate) -> None:
        """Give a level that stands alone, with its star or without, the term on the line below it.

        A mere date there is that of the paper.
        """
        line = candidate.line
        if line.passage.zone not in FRONT | FURNITURE:
            return
        for text in line.below(1):
            found = _TERM_BELOW.fullmatch(normalise(text[:WINDOW], self._reader.joiner).text)
            term = parse_term(found["term"]) if found else None
            dated = found and (found["label"] or found["star"])
            if found and term is not None and (dated or not term.period.startswith("DATE")):
                candidate.starred = candidate.starred or found["star"] is not None
                self._timed(candidate, term, "STARRED" if candidate.starred else "PLAIN")

    def _timed(self, candidate: Candidate, term: Term, form: str) -> None:
        """Make a candidate one of the rule for its form with a term, where a pack has such a rule."""
        for state in self._states:
            rule = state.rule_for(form, with_term=True, zone=candidate.line.passage.zone)
            if rule is not None:
                candidate.rule, candidate.term, candidate.form = rule, term, form
                candidate.codes.update(term.codes)
                candidate.marking = f"{candidate.level}{'★' if candidate.starred else ' '}{term.text}"
                return

    def _strike(self, candidates: Sequence[Candidate]) -> None:
        """Marks that were struck through: voided, and changed where another mark stands instead."""
        live = any(not c.line.passage.struck for c in candidates)
        for candidate in candidates:
            if candidate.line.passage.struck:
                candidate.codes.add("CHANGED_MARK" if live else "DECLASSIFIED_STAMP")
                candidate.voided = True

    def _maximum(self, level: str | None) -> int | None:
        return next((state.maximum[level] for state in self._states if level in state.maximum), None)


def _accompanied(rule: PatternRule, line: Line) -> bool:
    """Whether the rule's companions stand within six lines."""
    if not rule.companions:
        return True
    own = line.source[max(line.first, line.last - _NEAR) : line.last]
    near = "\n".join([*(text[-_NEAR:] for text in line.above(6)), own, *(text[:_NEAR] for text in line.below(6))])
    return all(companion.search(near) for companion in rule.companions)


def _strength(candidate: Candidate) -> tuple[int, bool, int, int, int, int]:
    severity = candidate.rule.severity_of(candidate.level)
    return (
        -candidate.confidence,
        candidate.voided,
        -candidate.total,
        _RANK[severity],
        candidate.line.index,
        candidate.line.number,
    )


def _finding(candidate: Candidate) -> Finding:
    passage = candidate.line.passage
    place = passage.place
    if "\n" in passage.text:
        place = replace(place, line=(place.line or 1) + candidate.line.number)
    severity = candidate.rule.severity_of(candidate.level)
    return Finding(
        rule=candidate.rule.id,
        family=candidate.family,
        level=candidate.level,
        period=candidate.term.period if candidate.term else None,
        zone=str(passage.zone),
        confidence=candidate.confidence,
        severity=softer(severity) if candidate.voided else severity,
        marking=candidate.marking,
        codes=ordered(candidate.codes),
        place=place,
        issued=candidate.issued.last if candidate.issued else None,
        issued_from=str(candidate.issued.source) if candidate.issued else "",
        expires=candidate.expiry.on,
        assumed=candidate.expiry.assumed,
    )
