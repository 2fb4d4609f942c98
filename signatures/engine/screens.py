"""From literals to regular expressions over raw bytes: quick screens, and exact patterns to confirm them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from signatures.engine.bytecode import (
    ENCODINGS,
    MOST_SEPARATORS,
    any_of,
    forms,
    reference,
    separators,
    spellings,
)
from signatures.literals import Literal

SCREENS_VERSION = 1
"""Raised whenever the expressions below change their meaning; part of every cache key."""


@dataclass(frozen=True)
class Screen:
    """One literal in one encoding: expressions of which one matches wherever the literal is, or a part of it."""

    literal: Literal
    encoding: str
    expressions: tuple[str, ...]
    """Regular expressions over bytes, in the common subset of `re`, RE2 and Hyperscan."""
    exact: str
    """The literal itself, all of it, in every form it may have."""
    reach: int
    """The most bytes one occurrence can have."""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """``exact``, compiled for `re`. Compiled at first use: most screens never strike."""
        return re.compile(self.exact.encode("ascii"), re.DOTALL)


def screens(literals: Iterable[Literal], encodings: Iterable[str] = ENCODINGS) -> list[Screen]:
    """The screens of all ``literals``, each once, in every one of ``encodings`` that has their characters.

    Raises `ValueError` for a literal without characters and for an encoding that is not in `ENCODINGS`.
    """
    unknown = set(encodings) - set(ENCODINGS)
    if unknown:
        raise ValueError(f"no such encoding: {', '.join(sorted(unknown))}; known are {', '.join(ENCODINGS)}")
    unique = list(dict.fromkeys(literals))
    return [screen for encoding in encodings for literal in unique for screen in _screen(literal, encoding)]


@lru_cache(maxsize=32768)
def _screen(literal: Literal, encoding: str) -> tuple[Screen, ...]:
    """The screen of one literal in one encoding, or nothing where the encoding lacks one of its characters."""
    if not literal.text.strip():
        raise ValueError("a literal needs at least one character that is no blank")
    units = list(_units(literal, encoding))
    if any(unit.missing for unit in units):
        return ()
    gap = separators(encoding) + f"{{0,{MOST_SEPARATORS}}}" if literal.gaps else ""
    exact = gap.join(unit.whole for unit in units[:-1]) + (gap if len(units) > 1 else "") + units[-1].last
    reach = sum(unit.reach for unit in units) + (32 * MOST_SEPARATORS * (len(units) - 1) if literal.gaps else 0)
    return (Screen(literal, encoding, tuple(_expressions(units, gap, exact)), exact, reach),)


@dataclass(frozen=True)
class _Unit:
    """One character of a literal: its byte forms as expressions, split by kind so that mixtures can be told."""

    plain: str
    """The character as it stands in the literal, in either case where both count."""
    wide: str
    """Its full-width forms; empty where it has none."""
    numeric: str
    """Its numeric references (``ent`` only), with an optional semicolon."""
    last: str
    """Any form, for the last place: a reference ends before its semicolon, so that an occurrence has one end."""
    reach: int

    @property
    def missing(self) -> bool:
        return not (self.plain or self.wide)

    @property
    def whole(self) -> str:
        return _choice(self.plain, self.wide, self.numeric)


def _choice(*expressions: str) -> str:
    given = [expression for expression in expressions if expression]
    return given[0] if len(given) == 1 else "(?:" + "|".join(given) + ")"


def _units(literal: Literal, encoding: str) -> Iterator[_Unit]:
    for character in literal.text:
        if character == " ":
            # A blank stands for any one to three blanks, as a line that was set or broken anew has them.
            blanks = separators(encoding) + f"{{1,{MOST_SEPARATORS}}}"
            yield _Unit(blanks, "", "", blanks, 32 * MOST_SEPARATORS)
            continue
        narrow = forms(character, any_case=literal.any_case, any_width=False)
        every = forms(character, any_case=literal.any_case, any_width=literal.any_width)
        plain = {bytes_ for form in narrow for bytes_ in spellings(form, encoding)}
        wide = {bytes_ for form in every - narrow for bytes_ in spellings(form, encoding)}
        numeric = "|".join(reference(form) for form in sorted(every)) if encoding == "ent" else ""
        parts = (any_of(plain) if plain else "", any_of(wide) if wide else "")
        yield _Unit(
            *parts,
            numeric=f"(?:{numeric});?" if numeric else "",
            last=_choice(*parts, numeric) if any(parts) else "",
            reach=16 if encoding == "ent" else max((len(bytes_) for bytes_ in plain | wide), default=0),
        )


def _expressions(units: list[_Unit], gap: str, exact: str) -> Iterator[str]:
    """What a multi-pattern engine shall look for.

    One expression with a choice at every letter leaves an engine no long piece to jump by. So a literal of
    letters is offered all plain, all wide, and as the place where one kind meets another: two neighbours of
    different kinds stand only in a mixture, and every mixture has such a place.
    """
    mixed = [index for index, unit in enumerate(units) if unit.wide]
    numeric = any(unit.numeric for unit in units)
    if not mixed or len(units) == 1:
        yield exact
        return
    if not numeric:
        # In "ent" the plain form is just UTF-8; it is left in, so that "ent" alone misses nothing.
        pass
    yield gap.join(unit.plain or unit.wide for unit in units)
    yield gap.join(unit.wide or unit.plain for unit in units)
    seams = []
    kinds = [[kind for kind in (unit.plain, unit.wide, unit.numeric) if kind] for unit in units]
    for first, second in _neighbours(units):
        between = gap.join(["", *(_choice(*kinds[index]) for index in range(first + 1, second)), ""]) or gap
        for a, one in enumerate(kinds[first]):
            for b, other in enumerate(kinds[second]):
                if a != b or one is units[first].numeric:
                    seams.append(one + between + other)
    yield "(?:" + "|".join(seams) + ")" if seams else exact


def _neighbours(units: list[_Unit]) -> Iterator[tuple[int, int]]:
    """Each two units next to each other that have several kinds, over those that have only one."""
    many = [index for index, unit in enumerate(units) if unit.wide or unit.numeric]
    yield from zip(many, many[1:], strict=False)
