"""Talk of secrecy in running text, told by its bytes: hundreds of lines that need not be read one by one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator

from agent.scanning.formats.lines import AROUND, foot_start, head_end, joined
from agent.scanning.formats.text_lines import LONGEST_LINE, Hits, Lines
from signatures.characters import STARS
from signatures.engine import Sieve, Span, TalkSieve
from signatures.engine.bytecode import any_of, spellings
from signatures.engine.quiet import QUIET_ENCODINGS

MUCH = 8
"""Hits in one chunk from which on it is searched without the words that are mere talk (see `besides`)."""
_TALK_READ = 16
"""Lines that are mere talk and are read all the same, so that the grammar sees that there is talk."""
_BEFORE_MARK = 12
"""Ideographs before a level word with which its line cannot be a marking any more."""
_BESIDE = 20
"""Bytes beside a level word in which its star would stand: three separators and the star."""
_LABEL_BYTES, _FIELD_BYTES = 100, 320
"""In how many bytes a label ends, and how long the whole line may be, for it to be a field (see `Table.field`)."""
_WIDE_BLANK = b"   "
"""What stands between two columns: then a line may be longer and be a field."""
_SIGN = re.compile(rb"[:=\t,;|]")
_SIGNS = (b":", b"=", b"\t", b",", b";", b"|")
_PAST_MARK = re.compile(rb"(?:[^\xe4-\xe9]*[\xe4-\xe9]){%d}" % _BEFORE_MARK)
_PAST_MARK_OF_TWO = re.compile(rb"(?:[^\xb0-\xfe]*[\xb0-\xfe].){%d}" % _BEFORE_MARK, re.DOTALL)
"""So many ideographs, in UTF-8 and in GB18030 or Big5."""
_STAR_BYTES = {
    form
    for star in (*STARS, "*", "＊")
    for encoding in ("utf-8", "gb18030", "big5")
    for form in spellings(star, encoding)
}
_STAR = re.compile(any_of(_STAR_BYTES).encode("ascii"))
"""A star in any encoding but UTF-16, which is read as UTF-8 or not as lines."""
_REACH = 160
"""Bytes before the end of what the sieve tells besides talk in which it began."""
_MOST = 4000
"""Lines of one chunk up to which they are looked at one by one."""
_ALIKE = 200
"""Places of one chunk that say the very same, up to which all are read where there are more than that."""


def apart(lines: Lines, hits: Hits, talk: frozenset[bytes]) -> tuple[list[int], list[int]]:
    """The lines of running text with a hit that may be marked, and a few that are mere talk; where they begin.

    In running text a level word is part of a marking only at the start of its line and beside a star, and of a field
    only behind a label and a sign. A document that talks of secrecy has hundreds of others; a few of them tell it.
    """
    data = lines.data
    telling: list[int] = []
    talking: list[int] = []
    past_mark = _PAST_MARK if lines.encoding == "utf-8" else _PAST_MARK_OF_TWO
    for start, spans in hits.items():
        end = lines.end(start)
        first, first_end = spans[0]
        mere = (
            all(data[one:other] in talk for one, other in spans)
            and spans[-1][1] <= end + 1
            and (
                past_mark.match(data, start, first) is not None
                or not _STAR.search(data, max(0, first - _BESIDE), first_end + _BESIDE)
            )
            and not _may_be_field(data, start, end)
        )
        if not mere:
            telling.append(start)
        elif len(talking) < _TALK_READ:
            talking.append(start)
    return telling, talking


def _may_be_field(data: bytes, start: int, end: int) -> bool:
    """Whether a line may be a label and its value."""
    if _SIGN.search(data, start, min(end, start + _LABEL_BYTES)) is None:
        return False
    return end - start <= _FIELD_BYTES or data.find(_WIDE_BLANK, start, end) >= 0


def besides(lines: Lines, sieve: TalkSieve, encodings: frozenset[str], *, first: bool, last: bool) -> list[Span]:
    """The hits in data full of talk, without those in lines that `apart` would find to be mere talk.

    A level word that is mere talk wakes nobody here: only one with a gap, beside a star, in a line that may be a
    field, or among the first or last lines does. So the cost is that of the text, not of its talk.
    """
    data = lines.data
    if b"\f" in data or lines.encoding not in QUIET_ENCODINGS or (first and lines.table is not None):
        return sieve.spans(data, encodings=encodings)  # there every line counts, or nobody knows what is talk
    fields = _few_alike(data, list(_signed(lines)))
    woken = _few_alike(
        data, [(max(0, end - _REACH), end + _BESIDE) for end in sieve.besides_talk(data, lines.encoding)]
    )
    if len(fields) + len(woken) > _MOST:
        return sieve.spans(data, encodings=encodings)
    stretches = [_around(lines, start, end - _BESIDE) for start, end in woken]
    if first:
        head = lines.head[: head_end(lines.texts(lines.head))]
        stretches += [(0, lines.end(head[-1]))] if head else []
    if last:
        foot = foot_start(lines.texts(lines.tail))
        stretches += [(start, lines.end(start)) for start in lines.tail[max(0, foot - AROUND) :]]
    return list(_within(data, joined([*stretches, *fields]), sieve, encodings))


def _few_alike(data: bytes, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places, and where there are too many to look at one by one, no more than some with the very same bytes."""
    if len(places) <= _MOST:
        return places
    seen: Counter[bytes] = Counter()
    kept = []
    for start, end in places:
        said = data[start:end]
        seen[said] += 1
        if seen[said] <= _ALIKE:
            kept.append((start, end))
    return kept


def _around(lines: Lines, start: int, end: int) -> tuple[int, int]:
    """The line of what is told between two places; of a very long one in UTF-8, a part."""
    low, high = lines.begin(start), lines.end(end)
    if high - low <= LONGEST_LINE or lines.encoding != "utf-8":
        return low, high
    low, high = max(low, start - LONGEST_LINE // 2), min(high, end + LONGEST_LINE // 2)
    while low < start and lines.data[low] & 0xC0 == 0x80:
        low += 1  # to the beginning of a character
    return low, high


def _signed(lines: Lines) -> Iterator[tuple[int, int]]:
    """The lines that may be fields."""
    data = lines.data
    if not any(sign in data for sign in _SIGNS):
        return
    at = 0
    while (found := _SIGN.search(data, at)) is not None:
        start, end = lines.begin(found.start()), lines.end(found.start())
        if found.start() < start + _LABEL_BYTES and _may_be_field(data, start, end):
            yield start, end
        at = end + 1


_APART = b"\n\0\0\0"
"""Between stretches that are searched as one: no literal reaches across."""


def _within(
    data: bytes, stretches: Iterable[tuple[int, int]], sieve: Sieve, encodings: frozenset[str]
) -> Iterator[Span]:
    """What the sieve finds in some stretches of the data, which are searched in one pass."""
    text = bytearray()
    places: list[tuple[int, int]] = []
    for start, end in stretches:
        text += _APART if (len(text) - start) % 2 == 0 else _APART + b"\0"  # UTF-16 stays on even bytes
        places.append((len(text), start))
        text += data[start:end]
    begins = [place for place, _ in places]
    for start, end, encoding in sieve.spans(bytes(text), encodings=encodings):
        place, origin = places[max(0, bisect_right(begins, start) - 1)]
        yield start - place + origin, end - place + origin, encoding
