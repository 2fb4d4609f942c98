"""The grammar: from passages to findings (marking-grammar 3.4)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from protocol.records import Finding, Severity
from signatures.markings.candidates import Candidate, Line
from signatures.markings.document import Document, Notation, conflicts
from signatures.markings.normalise import Joiner, normalise
from signatures.markings.patterns import PatternRule
from signatures.markings.productions import StateGrammar
from signatures.markings.scoring import REVIEW, score, softer
from signatures.markings.terms import PLAIN_TERM, parse_term
from signatures.markings.triggers import STAR, column_around, lines_at, trigger_of
from signatures.markings.units import Piece, pieces_of
from signatures.markings.validator import ordered, validate
from signatures.markings.zones import NAMES
from signatures.passages import Passage, Zone

if TYPE_CHECKING:
    from signatures.rules import RuleSet

MOST = 50
"""Findings reported of one file; all different ones up to here."""
_WINDOW = 300
"""Characters before and after a hit that are read of a line longer than `_LONG`."""
_LONG = 1000
_READ = 200
"""Hits that are read of one such line."""
_ALIKE = 60
"""Candidates of the same rule, level, term and zone that are kept of one document; the rest say nothing new."""
_TERM_FIELD = re.compile(rf"(?:保密期限?|解密时间|解密条件)\s?[::\t]\s{{0,4}}(?P<term>{PLAIN_TERM})(?=$|[\s)\]】,;。])")
_LABEL = "密级"
_SENSITIVITY_LABEL = re.compile(r"MSIP_Label_[\w-]{1,80}_(?:Name|ContentMarking\w{0,20})")
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Reading:
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


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text is a marking, or is none."""

    views: tuple[str, ...]
    """The lines that were read closely, normalised."""
    tried: tuple[tuple[str, str], ...]
    """Each unit that was held against the rules: its kind and its text."""
    readings: tuple[Reading, ...]


class Grammar:
    """All rules of a `RuleSet`, compiled. Holds no state of a document: one object serves any number of files."""

    def __init__(self, rules: RuleSet) -> None:
        """Compile. Takes some milliseconds; nothing is read from disk."""
        self.rules = rules
        self._states = [StateGrammar(p) for p in rules.packs if p.vocabulary.levels]
        controls = frozenset(word for pack in rules.packs for word in pack.vocabulary.controls)
        patterns = [PatternRule(rule, controls) for rule in rules.rules if rule.pattern is not None]
        self._notations = [rule for rule in patterns if rule.rule.family == "notation"]
        self._by_zone = {
            zone: [p for p in patterns if zone in p.where and p.rule.family != "notation"] for zone in Zone
        }
        words = {word for pack in rules.packs for word in pack.vocabulary.words}
        words |= {level.word for pack in rules.packs for level in pack.vocabulary.levels}
        words |= {label for pack in rules.packs for label in pack.vocabulary.field_labels}
        words |= {entry.text for rule in rules.rules for entry in rule.literals if entry.gaps}
        spelled = {bad for state in self._states for bad in state.spellings}
        self._joiner = Joiner(tuple(words | spelled))
        self._labels = _labels(label for pack in rules.packs for label in pack.vocabulary.field_labels)
        self._trigger = trigger_of(rules.literals)
        self._body_trigger = trigger_of(rules.literals_of([p.rule for p in self._by_zone[Zone.BODY]]))
        self._notation_trigger = trigger_of(rules.literals_of([p.rule for p in self._notations]))

    def find(self, passages: Sequence[Passage], *, least: int = REVIEW) -> tuple[Finding, ...]:
        """The markings of one document, strongest first; none below ``least`` points, at most 50."""
        candidates = self._judged(passages)
        best: dict[tuple[object, ...], Candidate] = {}
        for candidate in sorted(candidates, key=_strength):
            if candidate.confidence >= least:
                period = candidate.term.period if candidate.term else None
                key = (candidate.rule.id, candidate.level, period, candidate.line.passage.zone)
                best.setdefault(key, candidate)
        return tuple(_finding(candidate) for candidate in list(best.values())[:MOST])

    def explain(self, text: str, zone: Zone) -> Explanation:
        """How one text would be read in one zone: for people who ask why, and for writing rules."""
        passage = Passage(zone, text)
        tried: list[tuple[str, str]] = []
        lines = list(self._lines(passage, 0))
        for line in lines:
            tried += [(p.kind, line.text[p.start : p.end]) for p in pieces_of(line.text, zone, self._labels)]
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
        found: list[Notation] = []
        for index, passage in enumerate(passages):
            hits = (hit.span() for hit in self._notation_trigger.finditer(passage.text))
            for number, first, last in lines_at(passage.text, hits):
                if last - first <= _WINDOW:
                    view = normalise(passage.text[first:last], self._joiner)
                    line = Line(passage, index, number, view, passage.text, first, last)
                    found += self._notation(line)
        return tuple(found)

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

    def _judged(self, passages: Sequence[Passage]) -> list[Candidate]:
        candidates: list[Candidate] = []
        count: Counter[tuple[object, ...]] = Counter()
        for index, passage in enumerate(passages):
            for line in self._lines(passage, index):
                for candidate in self._read(line):
                    self._complete(candidate, passages)
                    same = (candidate.rule.id, candidate.level, candidate.term, passage.zone)
                    count[same] += 1
                    if count[same] <= _ALIKE:
                        candidates.append(candidate)
        if not candidates:
            return []
        notations = self.notations(passages)
        for candidate in candidates:
            score(candidate)
            validate(candidate, self._maximum(candidate.level))
            if "CHANGED_MARK" in candidate.codes:
                candidate.voided = True
        self._strike(candidates)
        Document(passages, candidates, notations).judge()
        conflicts(candidates, notations, REVIEW)
        return candidates

    def _lines(self, passage: Passage, index: int) -> Iterator[Line]:
        """The lines of a passage that can hold a marking, as views."""
        text = passage.text
        body = passage.zone is Zone.BODY
        if passage.name and self._is_label(passage.name):
            text = f"{_LABEL}:{text}"
        if body:
            hits = sorted(
                [hit.span() for hit in STAR.finditer(text)] + [hit.span() for hit in self._body_trigger.finditer(text)]
            )
        else:
            hits = [hit.span() for hit in self._trigger.finditer(text)]
        done = -1
        for number, first, last in lines_at(text, hits):
            if first <= done or (body and last - first > _WINDOW):
                continue
            if "\n" in text[first:last] and (column := column_around(text, first, last)):
                number -= text.count("\n", column[0], first)
                done = column[1]
                view = normalise(text[slice(*column)], self._joiner, vertical=True)
                yield Line(passage, index, number, view, text, *column)
            elif last - first > _LONG:
                yield from self._windows(
                    passage, index, number, text, [h for h in hits if first <= h[0] < last][:_READ]
                )
            else:
                yield Line(passage, index, number, normalise(text[first:last], self._joiner), text, first, last)

    def _is_label(self, name: str) -> bool:
        """Whether a property of this name holds a marking: 密级, Classification, a sensitivity label."""
        known = self._labels is not None and self._labels.fullmatch(normalise(name + ":").text)
        return bool(known or _SENSITIVITY_LABEL.fullmatch(name))

    def _windows(
        self, passage: Passage, index: int, number: int, text: str, hits: Sequence[tuple[int, int]]
    ) -> Iterator[Line]:
        """What stands around the hits of a very long line."""
        done = -1
        for start, end in hits:
            if start >= done:
                first, done = max(0, start - _WINDOW), end + _WINDOW
                yield Line(passage, index, number, normalise(text[first:done], self._joiner), text, first, done)

    def _read(self, line: Line) -> Iterator[Candidate]:
        """Every candidate of a line: starred marks first, then whole units, non-state families before bare levels."""
        found: list[Candidate] = []
        for state in self._states:
            found += state.starred(line)
        zone = line.passage.zone
        if not found:
            rules = self._by_zone[zone]
            for piece in pieces_of(line.text, zone, self._labels):
                candidate = None
                if not any(c.start < piece.end and piece.start < c.end for c in found):
                    candidate = self._of_piece(line, piece, rules)
                if candidate is not None and not (
                    piece.kind == "tail" and zone is Zone.CELL and candidate.term is None
                ):
                    found.append(candidate)
            if not found and (zone in NAMES or zone is Zone.SUBJECT):
                found += self._openings(line, rules)
        yield from found

    def _of_piece(self, line: Line, piece: Piece, rules: Sequence[PatternRule]) -> Candidate | None:
        matches = (rule.match(line, piece) for rule in rules)
        for candidate in matches:
            if candidate is not None and self._accompanied(candidate):
                return candidate
        if line.passage.zone is Zone.BODY:
            return None
        return next((c for state in self._states if (c := state.whole(line, piece)) is not None), None)

    def _openings(self, line: Line, rules: Sequence[PatternRule]) -> Iterator[Candidate]:
        start = len(line.text) - len(line.text.lstrip())
        if line.passage.zone in NAMES:
            start = max(line.text.rfind("/"), line.text.rfind("\\")) + 1
        for rule in rules:
            if rule.rule.opens and (candidate := rule.opening(line, start)) is not None:
                yield candidate
                return

    def _accompanied(self, candidate: Candidate) -> bool:
        """Whether the rule's companions stand within six lines."""
        rule = next((p for p in self._by_zone[candidate.line.passage.zone] if p.rule is candidate.rule), None)
        if rule is None or not rule.companions:
            return True
        line = candidate.line
        near = "\n".join([*line.above(6), line.source[line.first : line.last], *line.below(6)])
        return all(companion.search(near) for companion in rule.companions)

    def _complete(self, candidate: Candidate, passages: Sequence[Passage]) -> None:
        """Give a form field its term where that stands in a field of its own, on the line or beside it."""
        if candidate.form != "FIELD" or candidate.term is not None:
            return
        line = candidate.line
        texts = [line.source[line.first : line.last], *line.below(2)]
        beside = passages[max(0, line.index - 2) : line.index + 4]
        texts += [p.text for p in beside if p.zone is Zone.TABLE_FIELD and line.passage.zone is Zone.TABLE_FIELD]
        for text in texts:
            found = _TERM_FIELD.search(normalise(text[:_WINDOW], self._joiner).text)
            term = parse_term(found["term"]) if found else None
            for state in self._states if term else ():
                rule = state.rule_for("FIELD", with_term=True, zone=line.passage.zone)
                if rule is not None and term is not None:
                    candidate.rule, candidate.term = rule, term
                    candidate.codes.update(term.codes)
                    candidate.marking = f"{candidate.level} {term.text}"
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


def _labels(words: Iterator[str]) -> re.Pattern[str] | None:
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    if not longest_first:
        return None
    joined = "|".join(re.escape(word) for word in longest_first)
    return re.compile(
        rf"(?<![一-龥A-Za-z“‘\"])[【\[(]?(?:{joined})[】\])]?(?:\s{{0,4}}为?[:\t]\s{{0,8}}|\s{{1,8}}(?=[一-龥A-Z]))"
    )


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
        place = msgspec.structs.replace(place, line=(place.line or 1) + candidate.line.number)
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
    )
