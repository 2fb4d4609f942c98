"""Folding: one form for all the ways to write a word: width, case, simplified or traditional characters.

Folding replaces characters one by one, so that every offset in the folded text is one in the original.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import product
from pathlib import Path

_TABLE = Path(__file__).with_name("variants.txt")


@cache
def _groups() -> dict[str, str]:
    """Each character that has variants → its whole group, the simplified form first."""
    found: dict[str, str] = {}
    for line in _TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            for group in line.split():
                found.update(dict.fromkeys(group, group))
    return found


class _Fold(dict[int, str]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, point: int) -> str:
        letter = chr(point)
        if 0xFF01 <= point <= 0xFF5E:
            letter = chr(point - 0xFEE0)
        elif letter.isspace() or letter == "\u3000":
            letter = " "
        lower = letter.lower()
        letter = lower if len(lower) == 1 else letter
        folded = self[point] = _groups().get(letter, letter)[0]
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """The folded form of ``text``, of the same length: half-width, lower-case, simplified, every blank a space."""
    return text.translate(_FOLD)


@lru_cache(maxsize=16384)
def letter_forms(letter: str) -> str:
    """Every character that folds to the same as ``letter``; of ASCII letters, case and width are the sieve's part."""
    folded = fold(letter)
    if folded.isascii():
        return folded
    every = dict.fromkeys(_groups().get(folded, folded))
    for form in tuple(every):
        every.update(dict.fromkeys(other for other in (form.lower(), form.upper()) if fold(other) == folded))
    return "".join(every)


def count_forms(text: str) -> int:
    """In how many ways ``text`` may be written."""
    count = 1
    for letter in text:
        count *= len(letter_forms(letter))
    return count


def written_forms(text: str) -> list[str]:
    """Every way to write ``text``, ASCII letters left as they are folded."""
    return ["".join(letters) for letters in product(*map(letter_forms, text))]
