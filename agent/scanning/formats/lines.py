"""Where in a text of lines a marking may stand: the head before the prose, the last line, what surrounds a hit."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise

import msgspec

from signatures.engine import Sieve

HEAD_LINES = 12
"""Lines with text at the start of a document that may belong to its head (GB/T 9704-2012 7.2)."""

AROUND = 6
"""Lines before and after a hit that the grammar looks at for neighbours."""

FOOT_LINES = 40
"""Lines at the end of a text among which its last one with text is looked for."""

LONGEST_HEAD_LINE = 48
LONGEST_FOOT_LINE = 40

_SENTENCE_END = re.compile(r"[。；;，,！!？?]\s*$")
_PAGE_NUMBER = re.compile(r"[\s\-–—_=*·第共页頁/Pagepgof.0-9一二三四五六七八九十]*")


def is_prose(line: str) -> bool:
    """Whether this line belongs to running text rather than to a head: long, or the end of a sentence."""
    text = line.strip()
    return len(text) > LONGEST_HEAD_LINE or (len(text) > 12 and _SENTENCE_END.search(text) is not None)


def head_end(lines: Iterable[str]) -> int:
    """How many of the first lines make the head: up to the first prose, and no more than `HEAD_LINES` with text."""
    seen = 0
    end = 0
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if seen == HEAD_LINES or is_prose(line):
            break
        seen += 1
        end = number + 1
    return end


def foot_start(lines: Sequence[str]) -> int:
    """The index of the last line with text, if it is short; page numbers below it are passed over.

    ``len(lines)`` where the text ends in prose.
    """
    for number in range(len(lines) - 1, max(-1, len(lines) - FOOT_LINES), -1):
        text = lines[number].strip()
        if not text or _PAGE_NUMBER.fullmatch(text):
            continue
        return number if len(text) <= LONGEST_FOOT_LINE and not is_prose(text) else len(lines)
    return len(lines)


def ranges(hits: Iterable[int], count: int, around: int = AROUND) -> list[tuple[int, int]]:
    """The stretches of lines (from, past the last) around each hit, joined where they touch."""
    return joined((max(0, hit - around), min(count, hit + around + 1)) for hit in hits)


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches in order, joined where they touch."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


_DECORATION = re.compile(
    r"^\s*(?:#{1,6}\s+|>\s?)*(?P<bold>\*\*|__)(?P<inside>[^*_]+)(?P=bold)\s*$|^\s*#{1,6}\s+(?P<heading>.+)$"
)


def undecorated(line: str) -> str:
    """A line without Markdown's signs for a heading or for bold type around the whole of it."""
    found = _DECORATION.match(line)
    return (found["inside"] or found["heading"]) if found else line


_LABEL = re.compile(
    r"密[级級]|密別|[级級]别|等[级級]|保密|涉密|定密|敏感|公开属性|公开方式|公開|classification|security|marking|sensitivity",
    re.I,
)
_LONGEST_LABEL = 16
_LONGEST_VALUE = 40
_PAIR = re.compile(
    r"""^\s*["']?(?P<label>[^"':=|\t,;]{1,16})["']?\s*(?:[:=\t,;]|\|)\s*["']?(?P<value>[^"'|\t]{1,40}?)["']?\s*[,;|]?\s*$"""
)


DELIMITERS = ("\t", ",", ";")
"""What stands between the cells of a row."""


class Table(msgspec.Struct, frozen=True):
    """Lines that are rows of cells."""

    delimiter: str
    head_rows: int
    """How many lines belong to the first five rows with text."""

    @classmethod
    def of(cls, lines: Iterable[str]) -> Table | None:
        """The table that a text begins with: most of its first rows have the same number of cells; else None."""
        filled = list(islice(((number, line) for number, line in enumerate(lines) if line.strip()), 12))
        for delimiter in DELIMITERS:
            if sum(delimiter in line for _, line in filled) < 2:
                continue
            widths = Counter(len(_split(line, delimiter)) if delimiter in line else 1 for _, line in filled)
            width, count = widths.most_common(1)[0] if widths else (1, 0)
            if width > 1 and count >= 2 and 2 * count >= len(filled):
                return cls(delimiter, 1 + max(number for number, _ in filled[:5]))
        return None

    def cells(self, line: str) -> list[str]:
        """The cells of one row, without quotes and blanks around them."""
        return [cell.strip() for cell in _split(line, self.delimiter)]

    @staticmethod
    def fields(cells: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Each label with the value right of it, where the label speaks of classification."""
        for label, value in pairwise(cells):
            if value and len(label) <= _LONGEST_LABEL and len(value) <= _LONGEST_VALUE and _LABEL.search(label):
                yield label.rstrip(":： "), value

    @staticmethod
    def field(line: str) -> str:
        """``label<tab>value`` where a line of JSON, YAML, Markdown or two columns is such a pair; else nothing."""
        found = _PAIR.match(line.strip().strip("|{}"))
        if not found or not _LABEL.search(found["label"]):
            return ""
        return f"{found['label'].strip()}\t{found['value'].strip()}"


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def hit_lines(sieve: Sieve, lines: Sequence[str]) -> set[int]:
    """The indices of the lines in which a literal begins; one that runs on into the next lines is found too."""
    coded = [line.encode("utf-8", "replace") for line in lines]
    starts = [0, *accumulate(len(line) + 1 for line in coded)]
    spans = sieve.spans(b"\n".join(coded), encodings=frozenset({"utf-8"}))
    return {bisect_right(starts, start) - 1 for start, _, _ in spans}
