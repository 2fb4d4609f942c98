"""Triggers: one quick look at a passage, so that only lines that can hold a marking are read closely."""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from signatures.characters import CONFUSIONS, GAPS, STARS, TRADITIONAL, ZERO_WIDTH
from signatures.expressions import Expression
from signatures.literals import Literal

_GAP = "[" + re.escape(GAPS + "\r\n" + "".join(sorted(ZERO_WIDTH))) + "]{0,3}"
_ANY_GAP = r"\W{0,3}"
"""More than `_GAP`, which the view will sort out, and compiled ten times as fast."""
_ENDS = "密级級" + CONFUSIONS["密"]
_BEGINNINGS = "绝机秘" + "".join(odd for odd, plain in TRADITIONAL.items() if plain in "绝机秘")
_BEGINNINGS += "".join(CONFUSIONS[plain] for plain in "绝机秘")
_STARS = "".join(sorted(STARS)) + "*＊"

STAR = Expression(
    f"[{re.escape(_ENDS + _STARS)}]"
    f"(?:(?<=[{_ENDS}]){_GAP}[{re.escape(_STARS)}]|(?<=[{re.escape(_STARS)}]){_GAP}[{_BEGINNINGS}])"
)
"""A star beside what may be the end or the beginning of a level word: all that matters in running text."""

_HARDLY = r"[^一-龥A-Za-z0-9]{0,300}+"
_WIDE_GAP = _GAP.replace("{0,3}", "{0,12}")
BODY_MARK = Expression(
    f"{_HARDLY}(?:[密级級已解]{_HARDLY}){{0,6}}"
    f"[{_BEGINNINGS}]{_WIDE_GAP}[{_ENDS}]{_WIDE_GAP}(?:[级級]{_WIDE_GAP})?[{re.escape(_STARS)}]"
)
"""How a line of running text must begin to be nothing but a starred mark, perhaps with brackets or 密级 before it."""

_WIDER = 0xFEE0
"""From a character of ASCII to its full-width form."""
_WIDE = Expression("[０-９Ａ-Ｚａ-ｚ]")
_NARROW = {ord(c) + _WIDER: c for c in string.digits + string.ascii_letters}

_Tree = dict[str, "_Tree"]
_END = ""

_SEVERAL = 10
"""Texts from which on it is worth asking them together."""
_LONG = 500
"""Characters of a text on the average beyond which it is not."""
LEVEL = Expression("[绝机秘絕機祕]密")
"""A level word, for counting how much a document talks of secrecy."""


def trigger_of(literals: Iterable[Literal] | Callable[[], Iterable[Literal]]) -> Expression:
    """One expression that finds every literal in every form (gaps, case, width) in `narrowed` text.

    Its branches begin with single letters, so that `re` can skip by a table of first letters.
    """
    return Expression(lambda: _branches(literals() if callable(literals) else literals))


def _branches(literals: Iterable[Literal]) -> str:
    """The expression as a tree of letters: what literals have in common is written, and compiled, once."""
    tree: _Tree = {}
    for literal in literals:
        gap = _ANY_GAP if literal.gaps else ""
        # A line end in a literal makes it long enough for the sieve; here the lines are told apart already.
        forms = [_forms(letter, literal) for letter in literal.text.strip("\r\n")]
        rest = [gap + (re.escape(f) if len(f) == 1 else f"[{re.escape(f)}]") for f in forms[1:]]
        for first in forms[0]:
            node = tree
            for piece in (re.escape(first), *rest):
                node = node.setdefault(piece, {})
            node[_END] = {}
    return "|".join(piece + _written(below) for piece, below in tree.items()) or r"(?!)"


def _written(node: _Tree) -> str:
    if _END in node:
        return ""  # what is longer need not be read to its end
    ways = [piece + _written(below) for piece, below in node.items()]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _forms(letter: str, literal: Literal) -> str:
    forms = letter
    if literal.any_case and letter.isascii() and letter.isalpha():
        forms = letter.lower() + letter.upper()
    if literal.any_width:
        forms += "".join(chr(ord(c) + _WIDER) for c in forms if "!" <= c <= "~" and not c.isalnum())
        forms += "\u3000" if letter == " " else ""
    return forms


def narrowed(text: str) -> str:
    """The text with full-width letters and digits made narrow, each in its place: what a trigger is asked about.

    Wide letters are so rare that to change a text that has any is cheaper than to look for both everywhere.
    """
    return text.translate(_NARROW) if not text.isascii() and _WIDE.search(text) else text


def lines_with(text: str, patterns: Sequence[Expression]) -> Iterator[tuple[int, int, int]]:
    """The lines (number from 0, start, end) in which one of the patterns is found, each once.

    Where what is found runs over line ends, all its lines come as one, and those after the first by themselves too.
    One hit a line is all that is looked for, so that a text of nothing but hits takes no memory.
    """
    number, counted = 0, 0
    text = narrowed(text)
    pending = [pattern.search(text) for pattern in patterns]
    while found := [hit for hit in pending if hit is not None]:
        hit = min(found, key=_start)
        first = text.rfind("\n", 0, hit.start()) + 1
        last = text.find("\n", hit.end())
        last = len(text) if last == -1 else last
        number, counted = number + text.count("\n", counted, first), first
        yield number, first, last
        line_end = text.find("\n", hit.start(), last)
        at = last if line_end == -1 else line_end
        pending = [
            pattern.search(text, at) if hit is not None and hit.start() < at else hit
            for pattern, hit in zip(patterns, pending, strict=True)
        ]


def with_any(texts: Sequence[str], patterns: Sequence[Expression]) -> Iterable[int]:
    """The places of the texts that may hold one of the patterns; no text that does is left out.

    Many short ones are asked together: of the paragraphs of a document few have a trigger.
    """
    size = sum(map(len, texts))
    if len(texts) < _SEVERAL or size > _LONG * len(texts):
        return range(len(texts))
    whole = narrowed("\n".join(texts))
    ends = [end + place for place, end in enumerate(accumulate(map(len, texts)))]
    found: set[int] = set()
    for pattern in patterns:
        hit = pattern.search(whole)
        while hit is not None:
            # One that runs on into the next text is no harm: that is looked at from its beginning.
            place = bisect_left(ends, hit.start())
            found.add(place)
            hit = pattern.search(whole, ends[place] + 1)
    return sorted(found)


def _start(hit: re.Match[str]) -> int:
    return hit.start()


def column_around(text: str, first: int, last: int, limit: int = 24) -> tuple[int, int] | None:
    """The run of lines of one character (or one short number) each that holds ``text[first:last]`` (N6)."""
    if any(not _short(line) for line in text[first:last].split("\n")):
        return None
    for _ in range(limit):
        above = text.rfind("\n", 0, first - 1) + 1
        if first == 0 or not _short(text[above : first - 1]):
            break
        first = above
    for _ in range(limit):
        if last == len(text):
            break
        below = text.find("\n", last + 1)
        below = len(text) if below == -1 else below
        if not _short(text[last + 1 : below]):
            break
        last = below
    return first, last


_INVISIBLE = dict.fromkeys(map(ord, ZERO_WIDTH))


def _short(line: str) -> bool:
    line = line.translate(_INVISIBLE).strip()
    return len(line) == 1 or (len(line) <= 4 and line.isdecimal())
