"""Headings: words of marking that stand alone because something is told of them below, not to mark the paper.

A heading of prose, a poem, a wiki page or a menu (``机密`` and below it ``机密是国家秘密的密级之一``), the labels of
the Traffic Light Protocol explained one after the other, and English papers about markings. Only words without star,
term or note of handling are asked about, and only where nothing else on the front is that of official paper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from signatures.markings.candidates import Candidate
from signatures.markings.zones import FRONT, FURNITURE, NAMES
from signatures.passages import Passage, Zone

_REACH = 3
"""Lines below in which a heading is taken up again."""
_MANY = 200
"""Passages whose text is asked for prose or labels."""
_TOLD = re.compile(r"(?:这[个是种]?|一个|那个|的|是|有|“|「)(?P<word>绝密|机密|秘密)(?![★级文资件载])")
"""A level word as a word of prose; beside official nouns (国家秘密, 机密级) it says nothing."""
_SUBTITLE = re.compile(r"\s*(?:——|—|--)\s?[^\W\d_]")
_LABEL = re.compile(r"(?i:^\s*TLP\s?:\s?(RED|AMBER|GREEN|CLEAR|WHITE))", re.MULTILINE)
_ENGLISH_WORD = re.compile(
    r"(?i:\b(?:cui|classif(?:y|ied|ication)|secre(?:t|cy)|confidential(?:ity)?|markings?|tlp|traffic light protocol)\b)"
)
_ENGLISH_KIND = re.compile(
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

    def against(self, candidate: Candidate, below: Sequence[str]) -> tuple[str, int] | None:
        """Reason and points to take from a candidate with these lines below it; None where it may be a mark."""
        zone = candidate.line.passage.zone
        if candidate.form not in _KINDS or candidate.term is not None or candidate.starred:
            return None
        if zone in FURNITURE | NAMES or zone is Zone.DOC_PROPERTY or candidate.line.passage.pages >= 2:
            return None
        if candidate.family == "tlp" and self._different_labels() >= 3:
            return "the labels are explained one after the other", -40
        if candidate.family in _FOREIGN and self._titled_in_english():
            return "the document is about markings", -30
        if zone in FRONT and candidate.alone:
            word = candidate.line.text[candidate.start : candidate.end].strip().casefold()
            texts = [unicodedata.normalize("NFKC", line).strip() for line in below if line.strip()][:_REACH]
            if any(len(t) > len(word) + 1 and _takes_up(t, word) for t in texts):
                return "a line below takes the word up again", -30
            if candidate.form == "BARE" and texts and _SUBTITLE.match(texts[0]):
                return "a subtitle follows", -30
            if candidate.form == "BARE" and candidate.level in self._prose_words():
                return "the word is a word of the prose", -30
        return None

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
    after = folded[len(word) :]
    return folded.startswith(word) and not re.match(r"[\s★(:/\-|·级文资材]|//", after) or (
        word.isascii() and folded.startswith(word + ",")
    )
