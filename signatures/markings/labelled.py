"""Labelled: sensitivity labels in a document's properties, told by the organisation's table of labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from protocol.records import Severity
from signatures.expressions import Expression
from signatures.labels import LabelMeaning, folded
from signatures.markings.candidates import Candidate, Line
from signatures.markings.normalise import normalise
from signatures.passages import Passage, Zone
from signatures.rules import Rule, Words

if TYPE_CHECKING:
    from signatures.rules import RuleSet

MAPPED, UNKNOWN = "label.mapped", "label.unknown"
"""Rule ids of the findings."""
FAMILY = "label"
"""Family of a label that is in no table: nobody knows whether it marks anything."""
_POINTS_UNKNOWN = 20
"""With those of the zone 45: for a person to look at."""
_PART = Expression(r"MSIP_Label_(?P<id>[0-9A-Za-z-]{1,64})_(?P<part>[A-Za-z]{1,24})")
_KNOWN_PARTS = frozenset({"Name", "Id", "Enabled"})
_OFF = frozenset({"false", "0"})
_LONGEST = 200


class _Label(msgspec.Struct):
    """One label of a document, as its properties tell."""

    key: str
    """Its id; empty for one that a property of another name holds."""
    names: list[str] = msgspec.field(default_factory=list)
    indexes: list[int] = msgspec.field(default_factory=list)
    """The passages that speak of it."""
    enabled: bool = True


class Labels:
    """The table of labels, ready to be asked. Holds no state of a document."""

    def __init__(self, table: Sequence[LabelMeaning], rules: RuleSet, names_level: Callable[[str], bool]) -> None:
        """``names_level`` tells the names of properties that hold a level (密级, Classification)."""
        self._meanings = {folded(meaning.label): meaning for meaning in table}
        self._names_level = names_level
        self._rules = {meaning: _rule(meaning, rules) for meaning in table if meaning.family is not None}
        self._unknown = Rule(
            id=UNKNOWN, title=Words(zh="未知的敏感度标签", en="Unknown sensitivity label"), family=FAMILY,
            severity=Severity.LOW, points=_POINTS_UNKNOWN, codes=["LEVEL_UNKNOWN"],
        )  # fmt: skip

    def read(self, passages: Sequence[Passage]) -> tuple[list[Candidate], frozenset[int], list[Candidate]]:
        """What the table knows, the passages that are thereby told, and the labels that it does not know.

        The last are findings only where no rule of the packs has understood the passage either.
        """
        known: list[Candidate] = []
        unknown: list[Candidate] = []
        told: set[int] = set()
        for label in self._labels(passages) if self._meanings else ():
            names = [name for name in (label.key, *label.names) if name]
            meaning = next((found for name in names if (found := self._meanings.get(folded(name)))), None)
            if meaning is None and label.enabled:
                unknown.append(self._candidate(self._unknown, passages, label, label.key or "?"))
                continue
            told.update(label.indexes)
            if meaning is not None and meaning.family is not None and label.enabled:
                marking = meaning.level or meaning.family
                known.append(self._candidate(self._rules[meaning], passages, label, marking))
        return known, frozenset(told), unknown

    def _labels(self, passages: Sequence[Passage]) -> Iterator[_Label]:
        """Every label in the properties, those of one id together."""
        by_id: dict[str, _Label] = {}
        for index, passage in enumerate(passages):
            if passage.zone is not Zone.DOC_PROPERTY or len(passage.text) > _LONGEST:
                continue
            part = _PART.fullmatch(passage.name)
            if part is None:
                if passage.name and self._names_level(passage.name):
                    yield _Label("", [passage.text], [index])
                continue
            if part["part"] not in _KNOWN_PARTS:
                continue
            label = by_id.setdefault(part["id"].lower(), _Label(part["id"].lower()))
            label.indexes.append(index)
            if part["part"] == "Name":
                label.names.append(passage.text)
            elif part["part"] == "Enabled":
                label.enabled = passage.text.strip().lower() not in _OFF
        yield from by_id.values()

    def _candidate(self, rule: Rule, passages: Sequence[Passage], label: _Label, marking: str) -> Candidate:
        index = label.indexes[0]
        passage = passages[index]
        view = normalise(passage.text)
        line = Line(passage, index, 0, view, passage.text, 0, len(passage.text))
        candidate = Candidate(
            rule, line, 0, len(view.text), "field", rule.level, None, marking, rule is not self._unknown
        )
        candidate.codes.update(rule.codes)
        return candidate


def _rule(meaning: LabelMeaning, rules: RuleSet) -> Rule:
    """A rule for a label of the table, as severe as the packs say of its family and level."""
    kin = [rule for rule in rules.rules if rule.family == meaning.family]
    severity = min((rule.severity_of(meaning.level) for rule in kin), key=list(Severity).index, default=Severity.MEDIUM)
    return Rule(
        id=MAPPED, title=Words(zh="敏感度标签", en="Sensitivity label"), family=meaning.family or FAMILY,
        level=meaning.level, severity=severity,
    )  # fmt: skip
