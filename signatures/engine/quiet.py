"""What stands out in text full of talk: every literal but level words, and those only with gaps or beside a star.

A text about secrecy has thousands of level words, each of which the sieve would tell; none of them says anything by
itself. These expressions tell the rest at the speed of a text that has none. That takes plain strings: an expression
with a choice in it that begins or ends with part of a level word is tried at each of them. So any star is told here,
and any separator before what may end a word with gaps; the reader looks at the lines around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from signatures.characters import STARS
from signatures.engine.bytecode import MOST_SEPARATORS, SEPARATORS, any_of, escape, separators, spellings
from signatures.engine.engines import Data
from signatures.engine.screens import screens
from signatures.literals import Literal

QUIET_ENCODINGS = ("utf-8", "gb18030")
"""The encodings that most text full of talk is in; in others it is searched as all text is."""


def is_talk(literal: Literal, talk: frozenset[str]) -> bool:
    """Whether a literal is left out of what stands out: a level word or another that text may be full of.

    Only words of ideographs are: of English ones there are seldom many, and they have more forms.
    """
    plain = literal.text in talk and not any(letter.isascii() or letter in STARS for letter in literal.text)
    return plain and (len(literal.text) == 2 or not literal.gaps)


def besides(literals: Iterable[Literal], talk: frozenset[str], encodings: frozenset[str], own: str) -> list[str]:
    """The expressions for text in the encoding ``own``: in all others every literal is looked for."""
    every = tuple(literals)
    left_out = [literal for literal in every if is_talk(literal, talk)]
    rest = [literal for literal in every if not is_talk(literal, talk)]
    found = dict.fromkeys(screens(every, encodings - {own}).expressions + screens(rest, {own}).expressions)
    ends = _written((literal.text[-1] for literal in left_out if literal.gaps), own)
    found |= dict.fromkeys(escape(gap + end) for gap in _written(SEPARATORS, own) for end in ends)
    found |= dict.fromkeys(escape(star) for star in _written((*STARS, "*", "＊"), own))
    return list(found)


def begins_line(literals: Iterable[Literal], talk: frozenset[str], own: str) -> Callable[[Data, int], bool]:
    """Says of an offset whether all that ends there is a separator and the first character of a line.

    Many a line of prose begins with what may end a word written downwards; before the line end there must be the
    rest of that word.
    """
    every = tuple(literal for literal in literals if literal.gaps)
    lasts = {literal.text[-1] for literal in every if is_talk(literal, talk)}
    forms = frozenset(_written(lasts, own))
    if not forms:
        return lambda _data, _end: False
    rests = _written({literal.text[-2] for literal in every if literal.text[-1] in lasts}, own)
    written = re.compile(f"{any_of(rests)}{separators(own)}{{1,{MOST_SEPARATORS}}}\\Z".encode("ascii"))
    width, reach = min(map(len, forms)), max(map(len, rests)) + MOST_SEPARATORS * _LONGEST

    def begins(data: Data, end: int) -> bool:
        start = end - width
        if bytes(data[start:end]) not in forms or bytes(data[max(0, start - 1) : start]) not in _LINE_ENDS:
            return False
        return written.search(bytes(data[max(0, start - reach) : start])) is None

    return begins


_LONGEST = 4
"""Bytes of a separator."""
_LINE_ENDS = (b"\n", b"\r")


def _written(characters: Iterable[str], encoding: str) -> list[bytes]:
    return sorted({form for character in characters for form in spellings(character, encoding)})
