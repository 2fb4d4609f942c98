"""Headings: words of marking that stand alone because something is told of them below, not to mark the paper.

A heading of prose, a poem, a wiki page or a menu (``机密`` and below it ``机密是国家秘密的密级之一``), the labels of
the Traffic Light Protocol explained one after the other, and English papers about markings. Only words without star,
term or note of handling are asked about, and only where nothing else on the front is that of official paper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from signatures.expressions import Expression
from signatures.markings.candidates import Candidate
from signatures.markings.zones import FRONT, FURNITURE, NAMES
from signatures.passages import Passage, Zone

_ITEM = 4
"""The longest item of a menu: such lines are passed over to reach the prose."""
_ALL_LABELS = 3
"""Different labels from which on they are explained and not used."""
_MANY = 200
"""Passages whose text is asked for prose or labels."""
_TOLD = Expression(
    r"(?:这[个是种些]|那[个是种些]|一个|什么|[大小]|[我你他她]的)(?P<word>绝密|机密|秘密)(?![★级文资件载])"
)
"""A level word as a word of prose; beside official nouns (国家秘密, 机密级) it says nothing."""
_NO_PROSE = Expression(r"[\s★(:/|·级文资材-]")
"""What follows a level word in a mark or its name rather than in a sentence."""
_SUBTITLE = Expression(r"\s*(?:——|—|--)\s?[^\W\d_]")
_LABEL = Expression(r"(?i:^\s*TLP\s?:\s?(RED|AMBER|GREEN|CLEAR|WHITE))", re.MULTILINE)
_ENGLISH_WORD = Expression(
    r"(?i:\b(?:cui|classif(?:y|ied|ication)|secre(?:t|cy)|confidential(?:ity)?|markings?|tlp|traffic light protocol)\b)"
)
_ENGLISH_KIND = Expression(
    r"(?i:\b(?:training|guide(?:lines?|book)?|policy|handbook|glossary|faq|awareness|explained|primer|how we use|"
    r"what (?:it )?is|lyrics|song|quick reference|course|quiz)\b)"
)
_LINE = 80
_KINDS = frozenset({"BARE", "line", "segment"})
_FOREIGN = frozenset({"us", "uk", "eu", "nato", "tlp", "commercial"})


class Headings:
    """The passages of one document, asked whether a word that stands alone is a heading of what follows."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages[:_MANY]
        self._labels: int | None = None
        self._english: bool | None = None
        self._words: frozenset[str] | None = None

    def judge(self, candidate: Candidate, below: Sequence[str]) -> None:
        """Take points from a candidate that these lines below it, or the whole paper, show to be no mark."""
        zone = candidate.line.passage.zone
        if candidate.form not in _KINDS or candidate.term is not None or candidate.starred:
            return
        if zone in FURNITURE | NAMES or zone is Zone.DOC_PROPERTY or candidate.line.passage.pages >= 2:
            return
        if candidate.family == "tlp" and self._different_labels() >= _ALL_LABELS:
            candidate.add("labels are explained one after the other", -40)
        elif candidate.family in _FOREIGN and self._titled_in_english():
            candidate.add("the document is about markings", -30)
        elif zone in FRONT and candidate.alone:
            self._below(candidate, [line for text in below if (line := unicodedata.normalize("NFKC", text).strip())])

    def _below(self, candidate: Candidate, lines: Sequence[str]) -> None:
        word = candidate.line.text[candidate.start : candidate.end].strip().casefold()
        told = [line for line in lines if len(line) > _ITEM]
        # A title that the format gives may stand anywhere over these lines; of any other word only the next counts.
        if any(_takes_up(line, word) for line in (told if candidate.line.passage.zone is Zone.TITLE else told[:1])):
            candidate.add("the line below takes the word up again", -30)
        elif candidate.form == "BARE" and lines and _SUBTITLE.match(lines[0]):
            candidate.add("a subtitle follows", -30)
        elif candidate.form == "BARE" and candidate.level in self._prose_words():
            candidate.add("the word is a word of the prose", -30)

    def _different_labels(self) -> int:
        if self._labels is None:
            found = {label.upper() for p in self._passages for label in _LABEL.findall(p.text[:20_000])}
            self._labels = len(found)
        return self._labels

    def _titled_in_english(self) -> bool:
        if self._english is None:
            titles = [p.text for p in self._passages if p.zone is Zone.TITLE or p.zone in NAMES or p.name == "title"]
            titles += [p.text[:_LINE] for p in self._passages if p.zone in FRONT]
            self._english = any(
                _ENGLISH_WORD.search(line) and _ENGLISH_KIND.search(line)
                for title in titles
                for line in title.split("\n")[:2]
                if len(line) <= _LINE
            )
        return self._english

    def _prose_words(self) -> frozenset[str]:
        if self._words is None:
            text = "\n".join(p.text[:20_000] for p in self._passages if p.zone in FRONT or p.zone is Zone.BODY)
            self._words = frozenset(found["word"] for found in _TOLD.finditer(text))
        return self._words


def _takes_up(line: str, word: str) -> bool:
    """Whether a line of prose begins with the word."""
    folded = line.casefold()
    if not folded.startswith(word):
        return False
    after = folded[len(word) :]
    return (word.isascii() and after.startswith(",")) or not (not after or _NO_PROSE.match(after))
