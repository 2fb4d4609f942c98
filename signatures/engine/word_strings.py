"""What byte strings a word may be written as, by kind: for `signatures.engine.words`.

Three kinds, as an engine treats them differently: words of ideographs, which are slow to look for in text of their own
encoding and fast in any other; words of ASCII letters, which are the same bytes in all but UTF-16; and pairs of
letters of which one is full-width, of which there are very many and in texts hardly any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product

import msgspec

from signatures.engine.bytecode import any_of, escape, forms, spellings
from signatures.literals import Literal

_DIGITS = "0123456789"


class Kind(StrEnum):
    """What kind of string it is."""

    OWN = "own"
    """A word with characters that are no ASCII letters."""
    LETTERS = "letters"
    """A word of ASCII letters and signs only, in plain form."""
    WIDE = "wide"
    """Two neighbours in such a word of which at least one is full-width."""
    SHAPE = "shape"
    """A row of digits; no string but an expression."""


Part = tuple[Kind, str]
"""One kind of strings in one encoding."""


class Plan(msgspec.Struct, frozen=True):
    """The strings of some parts."""

    strings: list[bytes]
    encodings: list[tuple[str, ...]]
    """Of each string, in which encodings it is a word."""
    caseless: frozenset[int]
    """Numbers of the strings whose ASCII letters may be in either case."""


def plan(words: Iterable[Literal], parts: Iterable[Part]) -> Plan:
    """The byte strings of these parts. A word that an encoding cannot write is left out there."""
    wanted: dict[str, set[Kind]] = {}
    for kind, encoding in parts:
        wanted.setdefault(encoding, set()).add(kind)
    caseless: dict[bytes, bool] = {}
    owners: dict[bytes, list[str]] = {}
    each = [word for word in words if not word.shape]
    for encoding, kinds in sorted(wanted.items()):
        own: dict[bytes, bool] = {}
        for word in each:
            for string, free in _written(word, encoding, kinds):
                own[string] = own.get(string, False) or free
        for string, free in own.items():
            caseless[string] = caseless.get(string, False) or free
            owners.setdefault(string, []).append(encoding)
    strings = list(owners)
    either = frozenset(number for number, string in enumerate(strings) if caseless[string])
    return Plan(strings, [tuple(found) for found in owners.values()], either)


def _written(word: Literal, encoding: str, kinds: set[Kind]) -> Iterator[tuple[bytes, bool]]:
    """The byte strings of a word that are of these kinds, each with whether its letters may be in either case."""
    if not any(map(str.isascii, word.text)):
        for string in spellings(word.text, encoding) if Kind.OWN in kinds else ():
            yield string, False
        return
    letters = word.any_case and any("A" <= letter.upper() <= "Z" for letter in word.text)
    plain = word.text.encode(encoding) if word.text.isascii() else None
    for string in _in_plain_letters(word, encoding):
        if (Kind.LETTERS if string == plain else Kind.OWN) in kinds:
            yield string, letters
    for pair in pairwise(word.text) if Kind.WIDE in kinds else ():
        for string in _half_wide(pair, word, encoding):
            yield string, letters


def _in_plain_letters(word: Literal, encoding: str) -> Iterator[bytes]:
    """The byte strings of a word: plain letters, but a single one between others in either width."""
    text = word.text
    choices = []
    for place, letter in enumerate(text):
        alone = not ((place and text[place - 1].isascii()) or (place + 1 < len(text) and text[place + 1].isascii()))
        every = _forms(letter, word.any_case, word.any_width and alone and letter.isascii())
        choices.append(_spelt(every, encoding))
    for parts in product(*choices):
        yield b"".join(parts)


def _half_wide(pair: tuple[str, str], word: Literal, encoding: str) -> Iterator[bytes]:
    """Two ASCII neighbours of which at least one is full-width."""
    first, second = pair
    if not (word.any_width and first.isascii() and second.isascii()):
        return
    wide = [
        _spelt(tuple(form for form in _forms(one, word.any_case, True) if not form.isascii()), encoding) for one in pair
    ]
    plain = [_spelt((one,), encoding) for one in pair]
    for left, right in (*product(wide[0], wide[1]), *product(wide[0], plain[1]), *product(plain[0], wide[1])):
        yield left + right


@lru_cache(maxsize=65536)
def _forms(letter: str, any_case: bool, wide: bool) -> tuple[str, ...]:
    """The forms of one character that are byte strings of their own: ASCII in one case stands for both."""
    if not letter.isascii():
        return (letter,)
    every = forms(letter, any_case=any_case, any_width=wide)
    return (letter, *sorted(form for form in every if not form.isascii()))


@lru_cache(maxsize=65536)
def _spelt(every: tuple[str, ...], encoding: str) -> tuple[bytes, ...]:
    return tuple(sorted({spelling for form in every for spelling in spellings(form, encoding)}))


def shapes(text: str, encoding: str) -> Iterator[tuple[str, int]]:
    """Expressions for a row of digits, plain or full-width; each 0 of ``text`` is a digit, the rest stands as it is."""
    for digits in (_DIGITS, "".join(chr(ord(digit) + 0xFEE0) for digit in _DIGITS)):
        parts = [
            (
                spellings(letter, encoding)
                if letter != "0"
                else {s for digit in digits for s in spellings(digit, encoding)}
            )
            for letter in text
        ]
        if not all(parts):
            continue
        expression = "".join(escape(min(part)) if len(part) == 1 else any_of(part) for part in parts)
        yield expression, sum(len(min(part)) for part in parts)
