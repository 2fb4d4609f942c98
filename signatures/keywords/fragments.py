"""What the sieve looks for in place of a word: every way to write it, or a piece of it where those are too many.

A word may be in simplified or traditional characters or any mixture of them. Where one of its forms, or its piece,
stands, the word is looked for in earnest, so nothing is missed.
"""

from __future__ import annotations

from collections.abc import Iterable

from signatures.keywords.folding import count_forms, fold, written_forms
from signatures.literals import Literal

_MOST_FORMS = 32
"""Forms of one word that the sieve is given; of a word with more it gets the longest piece that has no more."""


def literals(words: Iterable[str]) -> tuple[Literal, ...]:
    """The literals of all these words, without those that a shorter one covers."""
    pieces = sorted({piece(word) for word in words}, key=lambda text: (len(text), text))
    kept: dict[str, None] = {}
    lengths: set[int] = set()
    for text in pieces:
        if not any(
            text[start : start + length] in kept
            for length in lengths
            if length < len(text)
            for start in range(len(text) - length + 1)
        ):
            kept[text] = None
            lengths.add(len(text))
    return tuple(Literal(form, any_case=True) for text in kept for form in written_forms(text))


def piece(word: str) -> str:
    """What of a word, folded, is looked for: its longest stretch without blanks that has not too many forms."""
    runs = [run for run in fold(word).split() if len(run) > 1]
    if not runs:
        raise ValueError("a word needs two characters in a row")
    for length in range(max(map(len, runs)), 1, -1):
        stretches = [run[start : start + length] for run in runs for start in range(len(run) - length + 1)]
        best = min(stretches, key=count_forms, default="")
        if best and (length == 2 or count_forms(best) <= _MOST_FORMS):
            return best
    raise AssertionError("two characters in a row were there")
