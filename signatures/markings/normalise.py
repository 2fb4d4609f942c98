"""Normalisation: the matching view of a piece of text, with a way back to every original character.

Steps N1 to N6 of marking-grammar 2. The original is never altered. What was folded is told afterwards by comparing
the view with the original under it (`View.codes`), so that only what stands inside the marking counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from signatures.characters import DASHES, GAPS, LONG_DASHES, SECRET_SIGN, STARS, TRADITIONAL, ZERO_WIDTH
from signatures.expressions import Expression
from signatures.markings.terms import TERM

_LETTER_GAP = Expression(r"(?<=[0-9])[ \t]{1,3}(?=[0-9][0-9 \t]{0,8}[年月个天日午用])")
"""A space inside a number that a unit follows."""
_WORD_GAPS = " \t-·・"
_CLOSED = dict.fromkeys(map(ord, _WORD_GAPS))
_GAP = Expression(rf"(?<![{re.escape(_WORD_GAPS)}])[{re.escape(_WORD_GAPS)}]{{1,3}}(?![{re.escape(_WORD_GAPS)}])")
"""What may stand between two letters of a word; a longer one ends the word."""
_AFTER_STAR = Expression(r"★([ \t]{0,4}[^★]{1,40}?)[\s)\]】〕〉」』]*$")
_TERM = Expression(TERM)
_LINE_ENDS = "\r\n\v\f"
_ODD = "\ue000"
"""Stands for what is not folded one to one; a private character, so that no text of use has it."""
_REMEMBERED = 30_000
_HAS_GAP = Expression(r"[一-龥★][ \t\-·・]{1,3}[一-龥★0-9]|[0-9][ \t]{1,4}[0-9年月个天日午用]|★[ \t]")


class View(msgspec.Struct, frozen=True):
    """Text as the grammar matches it."""

    original: str
    text: str
    origin: tuple[int, ...] | range
    """For each character of ``text``, its place in ``original``."""
    vertical: bool = False
    """Whether lines of one character each were joined (N6)."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's slice that ``text[start:end]`` came from."""
        if start >= end:
            at = self.origin[start] if start < len(self.origin) else len(self.original)
            return at, at
        return self.origin[start], self.origin[end - 1] + 1

    def codes(self, start: int, end: int, words: tuple[tuple[int, int], ...]) -> set[str]:
        """Format codes of the marking at ``text[start:end]``.

        ``words`` are the slices inside which nothing should stand between the characters: the level, a number with
        its unit.
        """
        first, last = self.span(start, end)
        original = self.original[first:last]
        codes: set[str] = set()
        if any(unicodedata.decimal(c, None) is not None for c in original if not c.isascii()):
            codes.add("DIGIT_WIDTH")
        if any(c in TRADITIONAL for c in original):
            codes.add("TRAD_CHAR")
        if SECRET_SIGN in original:
            codes.add("LEVEL_UNKNOWN")
        if self.vertical:
            codes.add("VERTICAL")
            return codes
        for word_start, word_end in words:
            if any("A" <= c <= "Z" for c in self.text[word_start:word_end]):
                continue
            first, last = self.span(word_start, word_end)
            if any(c in ZERO_WIDTH or c.isspace() or c in GAPS for c in self.original[first:last]):
                codes.add("SPACING")
        return codes


@lru_cache(maxsize=8192)
def _fold(letter: str) -> str:
    """What one character becomes in the view; nothing for what is deleted."""
    if letter in ZERO_WIDTH or unicodedata.category(letter) in ("Mn", "Cf", "Me"):
        return ""
    if letter in STARS:
        return "★"
    if letter.isspace():
        return " "
    if letter == SECRET_SIGN:
        return "秘密"
    folded = unicodedata.normalize("NFKC", letter)
    if len(folded) > 1:
        return "".join(_fold(part) for part in folded if part != letter)
    if folded in DASHES:
        return "-"
    return TRADITIONAL.get(folded, folded)


class _Folding(dict[int, str]):
    """What becomes of each character, for `str.translate`; `_ODD` where that is not exactly one character."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = (" " if letter in _LINE_ENDS else letter) if letter.isascii() else _fold(letter)
        folded = folded if len(folded) == 1 else _ODD
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


_FOLDING = _Folding()


def normalise(text: str, joiner: Joiner | None = None, *, vertical: bool = False) -> View:
    """The view of ``text``: characters folded (N1 to N4), then the words that ``joiner`` knows closed up (N5).

    ``vertical`` says that ``text`` are lines of one character: line ends are dropped (N6).
    """
    folded = _ODD if vertical else text.translate(_FOLDING)
    view = View(text, folded, range(len(text))) if _ODD not in folded else _one_by_one(text, vertical=vertical)
    return joiner.close_up(view) if joiner is not None else view


def _one_by_one(text: str, *, vertical: bool) -> View:
    """The same for text in which some characters vanish or become several."""
    letters: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(text):
        if letter.isascii():
            if vertical and letter in "\r\n":
                continue
            folded = " " if letter in _LINE_ENDS else letter
        else:
            folded = _fold(letter)
        for part in folded:
            letters.append(part)
            origin.append(place)
    return View(text, "".join(letters), tuple(origin), vertical)


class Joiner:
    """Closes the gaps inside the words of the vocabulary, ``机 密`` to ``机密``, and inside numbers."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """``words`` in their normalised form."""
        closed = {word.translate(_CLOSED) for word in words if len(word) > 1 and not word.isascii()}
        longest_first = sorted(closed, key=lambda word: (-len(word), word))
        self._words: Expression | None = Expression("|".join(map(re.escape, longest_first))) if closed else None

    def close_up(self, view: View) -> View:
        """The view without those gaps."""
        if _HAS_GAP.search(view.text) is None:
            return view
        dropped: set[int] = set()
        for gaps in self._gaps_in_words(view.text):
            if all(view.original[view.origin[n]] not in LONG_DASHES for n in gaps):
                dropped |= gaps
        for found in _LETTER_GAP.finditer(view.text):
            dropped.update(range(found.start(), found.end()))
        if (tail := _AFTER_STAR.search(view.text)) and _TERM.fullmatch(re.sub(r"[ \t]", "", tail[1])):
            dropped.update(n for n in range(*tail.span(1)) if view.text[n] in " \t")
        if not dropped:
            return view
        kept = [n for n in range(len(view.text)) if n not in dropped]
        return View(
            view.original, "".join(view.text[n] for n in kept), tuple(view.origin[n] for n in kept), view.vertical
        )

    def _gaps_in_words(self, text: str) -> Iterator[set[int]]:
        """For each word that has gaps in it: where they are.

        The words are looked for in the text without its gaps: in expressions with a gap at every place they would take
        longer to compile than most texts to read.
        """
        if self._words is None:
            return
        gaps = {n for gap in _GAP.finditer(text) for n in range(*gap.span())}
        kept = [n for n in range(len(text)) if n not in gaps]
        for found in self._words.finditer("".join(text[n] for n in kept)):
            yield gaps.intersection(range(kept[found.start()], kept[found.end() - 1]))
