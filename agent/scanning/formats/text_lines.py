"""The lines of a stretch of text as bytes: found, decoded and counted only where somebody asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, takewhile
from typing import overload

from agent.scanning.formats.charset import decode
from agent.scanning.formats.lines import AROUND, DELIMITERS, FOOT_LINES, HEAD_LINES, Table, undecorated

LONGEST_LINE = 4096
"""Bytes of a line up to which all of it is read; of a longer one, what is around its hits."""
_CUT = 1024
"""Bytes on either side of a hit that are read of a longer line."""
_UPRIGHT, _ONE_CHARACTER = 24, 6
"""Lines that a marking written downwards may take, and bytes of one of them with its line end."""
_FIRST_LINES = 5 * HEAD_LINES
"""Lines in which a head, or the first rows of a table, are looked for."""
_EDGE_BYTES = 16 * 1024
"""Bytes at either end of a text that most often hold the first and the last lines whole: split in one call."""
_DELIMITERS = tuple(sign.encode("ascii") for sign in DELIMITERS)
_SAMPLE, _PROSE = 4096, 100
"""Bytes by which lines are told to be long, and how long they are then."""
_EDGE = "\r\n\f\0\ufeff"

Hits = dict[int, list[tuple[int, int]]]
"""By the offset at which a line begins: the spans that begin in it."""


def line_ends(data: bytes, newline: bytes, start: int = 0, end: int | None = None) -> int:
    """How often ``newline``, a single byte, is between two offsets.

    Where lines are as long as those of prose, taking them out and looking what is left takes a fifth of the time of
    counting them; where they are short, several times as long.
    """
    end = len(data) if end is None else end
    if _PROSE * data.count(newline, start, start + _SAMPLE) > _SAMPLE:
        return data.count(newline, start, end)
    return end - start - len(data[start:end].replace(newline, b""))


class Lines:
    """The lines of a chunk in one encoding, in which a line end is one byte; each is called by where it begins.

    ``past`` is always where the line after some begins, which is past the end of the data for the last of them.
    """

    def __init__(
        self,
        data: bytes,
        newline: bytes,
        encoding: str,
        before: int = 0,
        skip: int = 0,
        cut: tuple[bool, bool] = (False, False),
    ) -> None:
        """``before``: lines before this chunk. ``skip``: bytes of the byte order mark at its start.

        ``cut``: whether the first line has its beginning, and the last one its end, in another chunk.
        """
        self.data = data
        self.newline = newline
        self.encoding = encoding
        self.before = before
        self._cut_first, self._cut_last = cut
        self._skip = skip
        self._hits: Hits = {}
        self._texts: dict[int, str] = {}
        self._counted = (0, 0)

    def begin(self, offset: int) -> int:
        """Where the line begins that has the byte at ``offset``."""
        return self.data.rfind(self.newline, 0, offset) + 1

    def end(self, start: int) -> int:
        """Where the line ends that begins at ``start``, without its line end."""
        found = self.data.find(self.newline, start)
        return len(self.data) if found < 0 else found

    def number(self, start: int) -> int:
        """The number of a line in the file, from 1. Cheapest in rising order."""
        at, count = self._counted if self._counted[0] <= start else (0, 0)
        count += line_ends(self.data, self.newline, at, start)
        self._counted = (start, count)
        return self.before + count + 1

    def lay(self, spans: Iterable[tuple[int, int]]) -> Hits:
        """The spans by the line in which each begins, in order; they are remembered for the texts."""
        hits = self._hits
        start, end = 0, -1
        for span in sorted(spans):
            if span[0] > end:
                start = self.begin(span[0])
                end = self.end(span[0])
                hits[start] = [span]
            else:
                hits[start].append(span)
        return hits

    def in_head(self, start: int) -> bool:
        """Whether the line that begins at ``start`` is one of the first."""
        return self._fewer(0, start, _FIRST_LINES)

    def in_tail(self, start: int) -> bool:
        """Whether the line that begins at ``start`` is one of the last."""
        return self._fewer(start, len(self.data), FOOT_LINES)

    def _fewer(self, start: int, end: int, most: int) -> bool:
        """Whether fewer than so many lines end between two offsets; most often seen in a few thousand bytes."""
        near = self.data.count(self.newline, start, min(end, start + _EDGE_BYTES))
        return near < most and (end <= start + _EDGE_BYTES or line_ends(self.data, self.newline, start, end) < most)

    @cached_property
    def head(self) -> list[int]:
        """Where the first lines begin."""
        lengths = [len(line) + 1 for line in self.data[:_EDGE_BYTES].split(self.newline, _FIRST_LINES)]
        if len(lengths) > _FIRST_LINES:
            return [0, *accumulate(lengths[: _FIRST_LINES - 1])]
        return list(self.following(0, _FIRST_LINES))

    @property
    def past_head(self) -> int:
        """Where the line after the first lines begins, or past the last one."""
        return self.end(self.head[-1]) + 1

    @cached_property
    def tail(self) -> list[int]:
        """Where the last lines begin."""
        lengths = [len(line) + 1 for line in self.data[-_EDGE_BYTES:].rsplit(self.newline, FOOT_LINES)[1:]]
        if len(lengths) == FOOT_LINES:
            first = len(self.data) + 1 - sum(lengths)
            return [first, *(first + past for past in accumulate(lengths[:-1]))]
        last = self.begin(len(self.data))
        return [*reversed(list(self._preceding(last, FOOT_LINES - 1))), last]

    @cached_property
    def table(self) -> Table | None:
        """The table that the text begins with, if it begins with one."""
        past = self.past_head
        if not any(self._is_twice(sign, past) for sign in _DELIMITERS):
            return None  # seen without decoding a line
        return Table.of(self.texts(self.head))

    def _is_twice(self, sign: bytes, past: int) -> bool:
        first = self.data.find(sign, 0, past)
        return first >= 0 and self.data.find(sign, first + 1, past) >= 0

    def following(self, start: int, most: int) -> Iterator[int]:
        """Where this line and those after it begin."""
        for _ in range(most):
            yield start
            end = self.data.find(self.newline, start)
            if end < 0:
                return
            start = end + 1

    def between(self, start: int, past: int) -> Iterator[int]:
        """Where the lines from ``start`` to ``past`` begin."""
        return takewhile(past.__gt__, self.following(start, past - start))

    def _preceding(self, start: int, most: int) -> Iterator[int]:
        for _ in range(most):
            if start <= 0:
                return
            start = self.begin(start - 1)
            yield start

    def around(self, start: int, low: int, high: int) -> tuple[int, int]:
        """From the line some before this one to past the line some after it, between two offsets.

        Lines of one character do not count after it: a marking may be written downwards.
        """
        first = start
        for first in self._preceding(start, AROUND):
            if first <= low:
                break
        past, left = start, AROUND + 1
        for _ in range(AROUND + _UPRIGHT):
            begun, past = past, self.end(past) + 1
            left -= past - begun > _ONE_CHARACTER
            if past >= high or not left:
                break
        return max(first, low), min(past, high)

    def texts(self, starts: Sequence[int]) -> Texts:
        """Some lines, each decoded only when it is come to."""
        return Texts(self, starts)

    def text(self, start: int) -> str:
        """One line, of a very long one only what is around its hits, without line ends and Markdown's signs."""
        text = self._texts.get(start)
        if text is None:
            end = self.end(start)
            raw = self.data[start + self._skip if start == 0 else start : end]
            whole = decode(raw, self.encoding) if end - start <= LONGEST_LINE else self._cut(start, end)
            text = self._texts[start] = self._marked(_clean(whole), start, end)
        return text

    def joined(self, start: int, past: int) -> str:
        """The lines from ``start`` to ``past``, which is where another begins, as one text."""
        end = past - 1
        if start > 0 and end < len(self.data) and end - start <= LONGEST_LINE:
            parts = decode(self.data[start:end], self.encoding).split(self.newline.decode())
            if len(parts) == self.data.count(self.newline, start, end) + 1:
                return "\n".join(_clean(part) for part in parts)
        return "\n".join(self.texts(list(self.between(start, past))))

    def _marked(self, text: str, start: int, end: int) -> str:
        """With a sign where the line goes on in another chunk."""
        if start == 0 and self._cut_first:
            text = "…" + text
        if end == len(self.data) and self._cut_last:
            text += "…"
        return text

    def _cut(self, start: int, end: int) -> str:
        """What is around the hits of a long line, or its beginning."""
        stretches: list[tuple[int, int]] = []
        for first, last in sorted(self._hits.get(start, ())) or [(start, start)]:
            low, high = max(start, first - _CUT), min(end, last + _CUT)
            if stretches and low <= stretches[-1][1]:
                stretches[-1] = (stretches[-1][0], high)
                continue
            # Begin at a whole character: after a byte that is one by itself, or at the hit.
            whole = next((place for place in range(low, first) if self.data[place] < 0x30), first)
            stretches.append((whole if low > start else start, high))
        cut = [decode(self.data[low:high], self.encoding) for low, high in stretches]
        edges = ("…" if stretches[0][0] > start else "", "…" if stretches[-1][1] < end else "")
        return edges[0] + "…".join(cut) + edges[1]

    def pages(self) -> Iterator[list[int]]:
        """Of the text between form feeds, page by page: where the lines that hold something begin."""
        edges = [0]
        at = self.data.find(b"\f")
        while at >= 0:
            edges.append(self.begin(at))
            at = self.data.find(b"\f", self.end(at))
        for start, past in zip(edges, [*edges[1:], len(self.data) + 1], strict=True):
            yield [one for one in self.between(start, past) if self.data[one : self.end(one)].strip()]

    def edges_of_pages(self) -> dict[tuple[str, bool], list[int]]:
        """The first two lines of each page, and the last two, by their text and whether they stand above."""
        found: dict[tuple[str, bool], list[int]] = defaultdict(list)
        for page in self.pages():
            for start in page[:2]:
                found[self.text(start).strip(), True].append(start)
            for start in page[2:][-2:]:
                found[self.text(start).strip(), False].append(start)
        return found


def _clean(line: str) -> str:
    line = line.strip(_EDGE)
    return undecorated(line) if line and (line[0] in "#>*_" or line[0].isspace()) else line


class Texts(Sequence[str]):
    """Some of the lines as text, each decoded only when it is come to."""

    def __init__(self, lines: Lines, starts: Sequence[int]) -> None:
        self._lines = lines
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, number: int) -> str: ...
    @overload
    def __getitem__(self, number: slice) -> list[str]: ...
    def __getitem__(self, number: int | slice) -> str | list[str]:
        """A line by its place among these."""
        if isinstance(number, slice):
            return [self._lines.text(start) for start in self._starts[number]]
        return self._lines.text(self._starts[number])
