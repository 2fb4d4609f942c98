"""A list of keywords, and what is said of a file in whose passages they stand."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from protocol.records import Finding, Severity
from signatures.engine.strings import Slices
from signatures.keywords.detectors import Wanted, count
from signatures.keywords.folding import fold
from signatures.keywords.fragments import literals
from signatures.keywords.weighing import REVIEW, confidence, place_of
from signatures.literals import Literal
from signatures.passages import Passage

MOST_WORDS = 10_000
"""Words in one list."""
LONGEST_WORD = 64
"""Characters of one word."""
FARTHEST = 200
"""Characters over which a ``not_near`` word may be looked for."""

_NAMED = 5
"""Words that a finding names; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """One word of a list."""

    text: str
    number: int
    """Which word of its list it is, from 1; blank lines and notes are not counted."""
    weight: float = 1.0
    whole_word: bool | None = None
    """Whether no letter may stand beside it. None: guarded only at an end that is no Chinese character, so that
    ``AI`` is not found in ``mail``; True: at both ends; False: nowhere."""
    not_near: tuple[str, ...] = ()
    """Words that, standing near, say that something else is meant."""
    label: str = ""
    """What a finding calls it instead of its number."""


@dataclass(frozen=True)
class KeywordList:
    """One list of keywords, ready to be looked for. Made by `signatures.keywords.read`."""

    id: str
    words: tuple[Keyword, ...]
    severity: Severity = Severity.LOW
    threshold: float = 1.0
    """The weight of all different words in a file from which on there is a finding (confidence 45)."""
    distance: int = 20
    """Characters on either side of a word in which its ``not_near`` words count."""
    show: bool = False
    """Whether findings name the words themselves. A word may be secret, so by itself they give its number."""
    detectors: tuple[Wanted, ...] = ()
    """Detectors of personal data that are switched on."""
    digest: str = ""
    """``sha256:…`` over the bytes it was read from."""
    warnings: tuple[str, ...] = ()
    """What was put right while reading: sentences with the line they speak of."""

    @property
    def rule(self) -> str:
        """The rule id of its findings."""
        return f"keyword.{self.id}"

    @cached_property
    def literals(self) -> tuple[Literal, ...]:
        """What the sieve must look for, as ``words``, so that nothing is missed."""
        shapes = {shape for wanted in self.detectors for shape in wanted.detector.literals}
        ordered = sorted(shapes, key=lambda literal: (literal.shape, literal.text))
        return (*literals(word.text for word in self.words), *ordered)

    def find(self, passages: Sequence[Passage], *, least: int = REVIEW) -> tuple[Finding, ...]:
        """The findings in one file's passages: at most one for the words, and one for each detector.

        ``least`` is the least confidence of a finding that is returned, as for the grammar.
        """
        folded = [fold(passage.text) for passage in passages]
        found = [finding for finding in (self._of_words(passages, folded),) if finding is not None]
        if self.detectors:
            found += count(self.detectors, passages, folded)
        return tuple(finding for finding in found if finding.confidence >= least)

    def _of_words(self, passages: Sequence[Passage], folded: Sequence[str]) -> Finding | None:
        first: dict[int, tuple[Passage, int]] = {}
        for passage, text in zip(passages, folded, strict=True):
            for number, start in self._seen(text, first):
                first[number] = (passage, start)
        if not first:
            return None
        words = sorted((self.words[number] for number in first), key=lambda word: (-word.weight, word.number))
        passage, start = first[self.words.index(words[0])]
        return Finding(
            rule=self.rule,
            family="keyword",
            level=None,
            period=None,
            zone=str(passage.zone),
            confidence=confidence(sum(word.weight for word in words), self.threshold),
            severity=self.severity,
            marking=self._named(words),
            place=place_of(passage, start),
        )

    def _seen(self, text: str, known: Container[int]) -> Iterator[tuple[int, int]]:
        """Words that stand in this folded text and are not known of yet: index, and where each starts."""
        for number, end in self._finder.hits(text) if self._finder else ():
            word = self.words[number]
            start = end - len(word.text)
            if (
                number not in known
                and self._whole(word, text, start, end)
                and not self._denied(number, text, start, end)
            ):
                yield number, start

    @cached_property
    def _finder(self) -> Slices[str] | None:
        return Slices([fold(word.text) for word in self.words]) if self.words else None

    @cached_property
    def _not_near(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(map(fold, word.not_near)) for word in self.words)

    def _whole(self, word: Keyword, text: str, start: int, end: int) -> bool:
        """Whether what stands beside the word leaves it a word of its own."""
        if word.whole_word is False:
            return True
        sides = ((text[start], text[start - 1 : start]), (text[end - 1], text[end : end + 1]))
        return not any(_joined(own, beside, word.whole_word is True) for own, beside in sides)

    def _denied(self, number: int, text: str, start: int, end: int) -> bool:
        """Whether a word stands near that says that this one is not meant."""
        others = self._not_near[number]
        if not others:
            return False
        near = text[max(0, start - self.distance) : end + self.distance]
        return any(other in near for other in others)

    def _named(self, words: Sequence[Keyword]) -> str:
        names = [word.text if self.show else word.label or f"#{word.number}" for word in words[:_NAMED]]
        more = f" +{len(words) - _NAMED}" if len(words) > _NAMED else ""
        return f"{self.id}: {' '.join(names)}{more}"


def _joined(own: str, beside: str, everywhere: bool) -> bool:
    """Whether a character and the one beside it belong to one word."""
    if not beside or not (beside.isalnum() or beside == "_") or not (own.isalnum() or own == "_"):
        return False
    if _is_han(own) or _is_han(beside):
        return everywhere and _is_han(own) == _is_han(beside)
    return True


def _is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff" or letter >= "\U00020000"
