"""Cues: what stands around a mark on official paper (GB/T 9704-2012 7.2): copy number, urgency, red head, number."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from signatures.expressions import Expression
from signatures.markings.zones import FRONT
from signatures.passages import Passage

COPY_NUMBER, URGENCY, RED_HEAD, DOCUMENT_NUMBER = "copy number", "urgency", "red head", "document number"

_CUES = (
    (COPY_NUMBER, Expression(r"(?:份号\s?:?\s?)?(?:№|No\.?)?\s?\d{6}")),
    (URGENCY, Expression(r"(?:紧急程度\s?:?\s?)?(?:特\s?急|加\s?急|平\s?急|特\s?提|急\s?件)")),
    (
        RED_HEAD,
        Expression(r"(?!内部|保密|秘密|涉密)[一-龥A-Z()\s]{3,30}(?:文件|委员会|人民政府|办公室|办公厅|部|局|厅|院|委)"),
    ),
    (
        DOCUMENT_NUMBER,
        Expression(r"[一-龥A-Z]{1,12}\s?[〔\[(【]\s?(?:19|20)\d{2}\s?[〕\])】]\s?第?\s?\d{1,5}\s?号"),
    ),
)
_SHORT = 60
_LINES = 60
"""Lines of the front that are read."""
_HEAD = 4000
"""Characters of a passage that are read."""


def cues_in(lines: Iterable[str]) -> dict[str, int]:
    """The cues that fill a line, each with the index of the first line that it fills."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines):
        if len(line) <= _SHORT:
            text = unicodedata.normalize("NFKC", line).strip()
            for name, pattern in _CUES:
                if name not in found and pattern.fullmatch(text):
                    found[name] = number
    return found


def front_lines(passages: Sequence[Passage]) -> list[str]:
    """The first lines of the front of a document."""
    fronts = (passage.text[:_HEAD].split("\n") for passage in passages if passage.zone in FRONT)
    return list(islice(chain.from_iterable(fronts), _LINES))


def cues_of(passages: Sequence[Passage]) -> dict[str, int]:
    """The cues at the front of a document."""
    return cues_in(front_lines(passages))


def lacks_mark(cues: dict[str, int]) -> bool:
    """Whether the front looks like that of numbered official paper, as marked paper is (COPY_NUMBER_NO_MARK)."""
    return {COPY_NUMBER, RED_HEAD} <= cues.keys() and cues[COPY_NUMBER] < cues[RED_HEAD]
