"""From literals to regular expressions over raw bytes: quick screens, and exact patterns that confirm them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise, product

import msgspec

from signatures.engine.bytecode import (
    BLANKS,
    ENCODINGS,
    MOST_SEPARATORS,
    any_of,
    blanks,
    escape,
    forms,
    hexadecimal,
    reference,
    separators,
    spellings,
)
from signatures.literals import Literal

SCREENS_VERSION = 3
"""Raised whenever the expressions below change their meaning; part of every cache key."""

_LONGEST_SEPARATOR = {"ent": 12}

_MOST_BLANKS_AS_REFERENCES = 1
"""Blanks of one screen that may be written as references (``ent`` only)."""

_MOST_WORDS = 4
"""Of a literal whose words are looked for in each mixture of plain and full-width words."""


class Exact(msgspec.Struct, frozen=True, dict=True):
    """One literal in one encoding: the pattern that finds all of it, and nothing else."""

    literal: Literal
    encoding: str
    expression: str
    """A regular expression over bytes, in the common subset of `re`, RE2 and Hyperscan."""
    reach: int
    """The most bytes one occurrence can have."""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The expression compiled for `re`, at first use: most literals are never met."""
        return re.compile(self.expression.encode("ascii"), re.DOTALL)


class Screens(msgspec.Struct):
    """What a multi-pattern engine shall look for, and whom each expression wakes.

    Wherever a literal stands, at least one of the expressions that wake its `Exact` matches in it or around it,
    so the expressions alone answer "is anything here": too often rather than too seldom.
    """

    encodings: tuple[str, ...]
    wakes: dict[str, list[Exact]] = msgspec.field(default_factory=dict)
    """Expression → the exact patterns to be tried around its match."""

    @property
    def expressions(self) -> list[str]:
        """The expressions in the order of their numbers."""
        return list(self.wakes)


class Woken:
    """The exact patterns that one expression wakes, and the quick way to most of their occurrences."""

    def __init__(self, exacts: Sequence[Exact]) -> None:
        self.exacts = exacts
        by_length: dict[int, dict[bytes, tuple[str, ...]]] = {}
        for one in exacts if len({one.literal.text for one in exacts}) == 1 or _same_end(exacts) else ():
            encodings = () if one.encoding == "ent" else (one.encoding,)
            for spelling in spellings(one.literal.text.strip(), one.encoding):
                known = by_length.setdefault(len(spelling), {})
                known[spelling] = tuple(dict.fromkeys(known.get(spelling, ()) + encodings))
        self.solid = sorted(by_length.items())
        """By length: the bytes of each literal written as in the rules, with the encodings in which they are a hit."""


def _same_end(exacts: Sequence[Exact]) -> bool:
    """Whether these are words of two characters that end alike: then an end belongs to one of them only."""
    return len({one.literal.text[1:] for one in exacts}) == 1 and all(len(one.literal.text) == 2 for one in exacts)


def exact(literal: Literal, encoding: str) -> Exact:
    """The exact pattern of a literal that ``encoding`` can spell. Raises `ValueError` for one that it cannot."""
    spelt = _spelt(literal, encoding)
    if spelt is None:
        raise ValueError(f"{encoding} lacks a character of a literal")
    return spelt.exact


def screens(literals: Iterable[Literal], encodings: Iterable[str] = ENCODINGS) -> Screens:
    """The screens of all ``literals`` in every one of ``encodings`` that has their characters.

    Raises `ValueError` for a literal without characters and for an encoding that is not in `ENCODINGS`.
    """
    wanted = frozenset(encodings)
    if unknown := wanted - set(ENCODINGS):
        raise ValueError(f"no such encoding: {', '.join(sorted(unknown))}; known are {', '.join(ENCODINGS)}")
    found = Screens(tuple(encoding for encoding in ENCODINGS if encoding in wanted))
    unique = sorted(set(literals), key=lambda one: (one.text, one.gaps, one.any_case, one.any_width))
    for encoding in found.encodings:
        spelt = [one for literal in unique if (one := _spelt(literal, encoding)) is not None]
        for expression, wakes in _expressions(spelt, encoding):
            found.wakes.setdefault(expression, []).extend(wakes)
    return found


class _Unit(msgspec.Struct, frozen=True):
    """One character of a literal: its byte forms, split by kind so that mixtures of kinds can be told."""

    plain: frozenset[bytes]
    """The character as it stands in the literal, in either case where both count."""
    wide: frozenset[bytes]
    """Its full-width forms; empty where it has none."""
    references: str
    """The characters that may be written as numeric references (``ent`` only)."""
    blanks: str = ""
    """An expression that stands instead of all these: the blanks between two words."""

    @property
    def is_letter(self) -> bool:
        """Whether it is a letter or digit, not a sign such as a colon."""
        return any(form.isalnum() for form in self.plain)

    def expression(self, *, last: bool = False) -> str:
        """Any form. In the last place a reference ends before its semicolon, so that an occurrence has one end."""
        if self.blanks:
            return self.blanks
        written = any_of(self.plain | self.wide)
        if not self.references:
            return written
        return f"(?:{written}|{reference(self.references)}{'' if last else ';?'})"

    def of(self, kind: str) -> str:
        """Its ``plain`` or its ``wide`` form, or whichever it has."""
        chosen = self.wide if kind == "wide" else self.plain
        return any_of(chosen or self.plain | self.wide)

    @property
    def reach(self) -> int:
        """The most bytes it can have."""
        if self.references:
            return 16
        return max((len(form) for form in self.plain | self.wide), default=0)


class _Spelt(msgspec.Struct, frozen=True):
    """A literal in one encoding, character by character."""

    exact: Exact
    units: tuple[_Unit, ...]
    gap: str
    """An expression for what may stand between two characters; empty where nothing may."""


@lru_cache(maxsize=32768)
def _spelt(literal: Literal, encoding: str) -> _Spelt | None:
    """One literal in one encoding; None where the encoding lacks one of its characters."""
    if not literal.text.strip():
        raise ValueError("a literal needs at least one character that is no blank")
    units = tuple(_unit(character, literal, encoding) for character in literal.text.strip())
    if not all(unit.plain or unit.wide or unit.blanks for unit in units):
        return None
    gap = separators(encoding) + f"{{0,{MOST_SEPARATORS}}}" if literal.gaps else ""
    parts = [unit.expression() for unit in units[:-1]] + [units[-1].expression(last=True)]
    if _is_letterspaced(literal, encoding, units):
        strings = [string for blank in _even_blanks(encoding) for string in _letterspaced(units, blank)]
        return _Spelt(Exact(literal, encoding, any_of(strings), max(map(len, strings))), units, "")
    gap_reach = MOST_SEPARATORS * _LONGEST_SEPARATOR.get(encoding, 4)
    loose = sum(1 for unit in units if unit.blanks) + (len(units) - 1 if literal.gaps else 0)
    reach = sum(unit.reach for unit in units) + gap_reach * loose
    return _Spelt(Exact(literal, encoding, gap.join(parts), reach), units, gap)


def _is_letterspaced(literal: Literal, encoding: str, units: Sequence[_Unit]) -> bool:
    """Whether this is a word set with blanks between its letters, ``S E C R E T``, and is looked for as such."""
    if encoding == "ent" or literal.any_case or literal.gaps:
        return False
    words = _words(units)
    return len(words) > 2 and all(len(word) == 1 for word in words)


@lru_cache(maxsize=16)
def _even_blanks(encoding: str) -> tuple[bytes, ...]:
    """What stands between any two letters of a word that is letterspaced.

    A word is spaced evenly, or it is no word: a choice of blanks at every place would leave an engine nothing longer
    than one letter to jump by, and halve its speed.
    """
    each = sorted({spelling for blank in BLANKS for spelling in spellings(blank, encoding)})
    return tuple(blank * count for blank in each for count in range(1, MOST_SEPARATORS + 1))


def _letterspaced(units: Sequence[_Unit], blank: bytes) -> Iterator[bytes]:
    """A letterspaced word in bytes: all plain or all full-width."""
    letters = [unit for unit in units if not unit.blanks]
    for kind in ("plain", "wide"):
        each = (sorted((unit.wide if kind == "wide" else unit.plain) or unit.plain) for unit in letters)
        for choice in product(*each):
            yield blank.join(choice)


def _unit(character: str, literal: Literal, encoding: str) -> _Unit:
    if character.isspace():
        # A blank stands for any one to three of them, as a line that was set or broken anew has them.
        return _Unit(frozenset(), frozenset(), "", blanks(encoding) + f"{{1,{MOST_SEPARATORS}}}")
    narrow = forms(character, any_case=literal.any_case, any_width=False)
    every = forms(character, any_case=literal.any_case, any_width=literal.any_width)
    return _Unit(
        plain=frozenset(spelling for form in narrow for spelling in spellings(form, encoding)),
        wide=frozenset(spelling for form in every - narrow for spelling in spellings(form, encoding)),
        references="".join(sorted(every)) if encoding == "ent" else "",
    )


def _expressions(literals: list[_Spelt], encoding: str) -> Iterator[tuple[str, list[Exact]]]:
    """The screens of one encoding, each with those whom it wakes.

    An expression with a choice at every letter leaves an engine no piece of text to jump by. So a literal with
    letters is looked for word by word all plain or all full-width, and at its seams: two neighbours of different
    kinds stand only in a mixture, and every mixture has such a place. As plain byte strings these cost next to
    nothing. Words of two characters with gaps share an expression with those that end alike.
    """
    pairs: dict[_Unit, list[_Spelt]] = defaultdict(list)
    lettered = []
    for one in literals:
        if any(unit.wide for unit in one.units):
            if _is_letterspaced(one.exact.literal, encoding, one.units):
                for blank in _even_blanks(encoding):
                    for string in _letterspaced(one.units, blank):
                        yield escape(string), [one.exact]
                continue
            lettered.append(one)
            for expression in _lettered(one):
                yield expression, [one.exact]
        elif one.gap and len(one.units) == 2:
            pairs[one.units[1]].append(one)
        else:
            yield one.exact.expression, [one.exact]
    for last, group in pairs.items():
        firsts = _Unit(
            plain=frozenset(spelling for one in group for spelling in one.units[0].plain),
            wide=frozenset(),
            references="".join(sorted({letter for one in group for letter in one.units[0].references})),
        )
        yield firsts.expression() + group[0].gap + last.expression(last=True), [one.exact for one in group]
    if encoding == "ent" and lettered:
        exacts = [one.exact for one in lettered]
        for expression in _numbers({unit for one in lettered for unit in one.units if unit.wide and unit.is_letter}):
            yield expression, exacts
        for one in lettered:
            for expression in _numbered_signs(one):
                yield expression, [one.exact]


def _lettered(one: _Spelt) -> Iterator[str]:
    """The screens of a literal with letters."""
    words = _words(one.units)
    if one.exact.encoding == "ent" and len(words) > _MOST_BLANKS_AS_REFERENCES + 1:
        # Blanks that may be references are long expressions, and a few of them more than an engine takes. The
        # first words are in every occurrence too: they ask for a closer look somewhat more often.
        words = words[: _MOST_BLANKS_AS_REFERENCES + 1]
    kinds = ("plain", "wide")
    some = len(words) <= _MOST_WORDS
    choices = product(kinds, repeat=len(words)) if some else [(kind,) * len(words) for kind in kinds]
    between = next((unit.blanks for unit in one.units if unit.blanks), "")
    for choice in choices:
        yield between.join(
            one.gap.join(unit.of(kind) for unit in word) for kind, word in zip(choice, words, strict=True)
        )
    for word in words:
        yield from _seams(word, one.gap)


def _words(units: Sequence[_Unit]) -> list[list[_Unit]]:
    """The units between the blanks."""
    words: list[list[_Unit]] = [[]]
    for unit in units:
        if not unit.blanks:
            words[-1].append(unit)
        elif words[-1]:
            words.append([])
    return words


def _seams(word: list[_Unit], gap: str) -> Iterator[str]:
    """Where a plain letter meets a full-width one, over characters that have only one form."""
    for first, between, second in _neighbours(word):
        for one, other in ((first.plain, second.wide), (first.wide, second.plain)):
            if gap or between:
                yield gap.join([any_of(one), *(unit.of("plain") for unit in between), any_of(other)])
            else:
                yield from sorted(escape(a + b) for a in one for b in other)


def _numbers(units: set[_Unit]) -> Iterator[str]:
    """Where letters are written as numeric references.

    Nobody writes an ASCII letter as a number who does not mean to hide it, so a single one is enough; full-width
    letters are so written by honest programs, so any neighbour that could go with them is asked for.
    """
    yield from ("&#0", "&#[xX]0")
    letters = sorted({letter for unit in units for letter in unit.references})
    for letter in letters:
        if letter.isascii():
            yield f"&#{ord(letter)}[^0-9]"
            yield f"&#[xX]{any_of(spelling.encode() for spelling in hexadecimal(letter))}[^0-9a-fA-F]"
    wide = reference("".join(letter for letter in letters if not letter.isascii()))
    written = any_of(form for unit in units for form in unit.plain | unit.wide)
    between = f"{separators('ent')}{{0,{MOST_SEPARATORS}}}"
    yield f"{wide};?{between}(?:{written}|{wide})"
    yield f"{written}{between}{wide}"


def _numbered_signs(one: _Spelt) -> Iterator[str]:
    """A sign with its neighbour, of which at least one is written as a reference; signs alone are too common."""
    solid = [(index, unit) for index, unit in enumerate(one.units) if not unit.blanks]
    for (place, first), (next_place, second) in pairwise(solid):
        if first.is_letter and second.is_letter:
            continue
        between = one.gap if next_place == place + 1 else f"{blanks('ent')}{{1,{MOST_SEPARATORS}}}"
        yield f"{reference(first.references)};?{between}{second.expression(last=True)}"
        yield f"{first.expression()}{between}{reference(second.references)}"


def _neighbours(word: list[_Unit]) -> Iterator[tuple[_Unit, list[_Unit], _Unit]]:
    """Each two units next to each other that have several forms, with what stands between them."""
    both = [index for index, unit in enumerate(word) if unit.wide]
    for first, second in pairwise(both):
        yield word[first], word[first + 1 : second], word[second]
