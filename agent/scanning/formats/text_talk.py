"""Talk of secrecy in running text, told by its bytes: hundreds of lines that need not be read one by one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate

from agent.scanning.formats.lines import HEAD_LINES, foot_start, head_end, joined
from agent.scanning.formats.text_lines import LONGEST_LINE, Hits, Lines
from signatures.characters import STARS
from signatures.engine import MANY, Sieve, Span, TalkSieve
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
"""Places of one chunk that say the very same, up to which all are read where there are more than that; and lines of one
file that say the same, up to which all are read where hits are many."""
_NEAR, _OFTEN = 5, 2000
"""Bytes on either side of a hit that tell of what sort its line is, and lines of one sort that are read."""
_BESIDE_NEW = 3
"""Lines on either side of one that is new that are searched with it."""
_SORTS = 100_000
"""Different things said that are remembered."""
_HEAD = HEAD_LINES * LONGEST_LINE
"""Bytes that the first lines may have."""
_LINE, _SHORT = 1024, 8
"""Bytes of a line, on the average, above which it is taken apart, and up to which it says little by itself."""
_NUMBERS = bytes.maketrans(b"123456789abcdef", b"000000000000000")
"""What makes all numbers alike, those in hexadecimal as well."""


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


def besides(
    lines: Lines, sieve: TalkSieve, encodings: frozenset[str], said: Said, *, first: bool, last: bool
) -> list[Span]:
    """The hits in data full of talk, without those in lines that `apart` would find to be mere talk.

    A level word that is mere talk wakes nobody here: only one with a gap, beside a star, in a line that may be a
    field, or among the first or last lines does. So the cost is that of the text, not of its talk.
    """
    data = lines.data
    if b"\f" in data or lines.encoding not in QUIET_ENCODINGS or (first and lines.table is not None):
        # There every line counts, or nobody knows what is talk.
        return _all_that_differ(lines, sieve, encodings, said, first=first, last=last)
    ends = sieve.besides_talk(data, lines.encoding)
    fields = None if ends is None else _few_alike(data, list(_signed(lines)))
    if ends is None or fields is None or len(fields) > _MOST:
        return _all_that_differ(lines, sieve, encodings, said, first=first, last=last)
    woken = _few_alike(data, [(max(0, end - _REACH), end + _BESIDE) for end in ends])
    # With the line that begins beside a star: a mark may be broken there.
    stretches = [_around(lines, start, min(end, len(data))) for start, end in woken]
    stretches += [*fields, *_edges(lines, first=first, last=last)]
    return list(_within(data, joined(stretches), sieve, encodings))


def _all_that_differ(
    lines: Lines, sieve: TalkSieve, encodings: frozenset[str], said: Said, *, first: bool, last: bool
) -> list[Span]:
    """All the hits, and where they are many, those in what has not been said some hundreds of times."""
    found, whole = sieve.few(lines.data, MANY, encodings=encodings)
    if whole:
        return found
    places = Counter(lines.data[start:end] for start, end, _ in found)
    stretches = [_around(lines, start, end) for start, end in said.anew(lines, places.most_common(1)[0][0])]
    return list(_within(lines.data, joined([*stretches, *_edges(lines, first=first, last=last)]), sieve, encodings))


def _edges(lines: Lines, *, first: bool, last: bool) -> list[tuple[int, int]]:
    """The first lines of the text and its foot, as far as they are here: they count whatever they say.

    Not those that are longer than any that counts for where it stands.
    """
    found = []
    if first:
        head = lines.head[: head_end(lines.texts(lines.head))]
        found += [(0, lines.end(head[-1]))] if head else []
    if last:
        foot = foot_start(lines.texts(lines.tail))
        found += [(start, lines.end(start)) for start in lines.tail[foot : foot + 1]]
    return [(start, end) for start, end in found if end - start <= _HEAD]


class Said:
    """What the lines of one file say, and how often: after some hundreds of one sort, counting is enough.

    Lines that differ in nothing but numbers say the same. Lines that are longer than most are, such as the only one of
    a file, are taken apart at the literal that is most frequent in them.
    """

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()

    def anew(self, lines: Lines, frequent: bytes) -> list[tuple[int, int]]:
        """The stretches that say what has been said `_ALIKE` times at most, in order."""
        data, sign = lines.data, lines.newline
        in_lines = data.count(sign) * _LINE > len(data)
        sign = sign if in_lines else frequent
        parts = data.translate(_NUMBERS).split(sign)
        # In what is no line of its own, and in lines of a character or two, what goes before matters as well.
        whole = in_lines and len(parts) * _SHORT < len(data)
        keys = [*map(hash, parts)] if whole else [*map(hash, zip(["", *parts], parts, strict=False))]
        self._forget()
        new = {key for key in set(keys) if self._times[key] < _ALIKE}
        if not new:
            return []
        begins = [0, *accumulate(len(part) + len(sign) for part in parts)]
        found = []
        for number, key in enumerate(keys):
            if key in new:
                self._times[key] += 1
                if self._times[key] == _ALIKE:
                    new.discard(key)
                # A literal may begin before what is new, and end after it.
                first, past = max(0, number - _BESIDE_NEW), min(number + 1 + _BESIDE_NEW, len(parts))
                found.append((begins[first], begins[past] - len(sign)))
        return found

    def seldom(self, lines: Lines, hits: Hits, telling: Iterable[int]) -> list[int]:
        """The lines of those that may be marked in whose sort there were not thousands; where they begin.

        Of one sort are those whose first and last hits have the same beside them, whatever else they say.
        """
        self._forget()
        data = lines.data
        found = []
        for start in telling:
            spans = hits[start]
            ends = spans if len(spans) < 3 else (spans[0], spans[-1])
            beside = [data[max(start, first - _NEAR) : last + _NEAR].translate(_NUMBERS) for first, last in ends]
            sort = hash((spans[0][0] == start, len(spans), *beside))
            self._times[sort] += 1
            if self._times[sort] <= _OFTEN:
                found.append(start)
        return found

    def _forget(self) -> None:
        """Begin anew with too much to remember: then more is read than need be."""
        if len(self._times) > _SORTS:
            self._times.clear()


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
    """The line of what is told between two places; of a very long one, a part."""
    low, high = lines.begin(start), lines.end(end)
    if high - low <= LONGEST_LINE:
        return low, high
    # In an encoding of two bytes nobody sees where a character begins. Where it would matter, so far in front of
    # what is told, the sieve is in doubt, and takes it as it would take it in the whole line.
    low, high = max(low, start - LONGEST_LINE // 2), min(high, end + LONGEST_LINE // 2)
    while lines.encoding == "utf-8" and low < start and lines.data[low] & 0xC0 == 0x80:
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
