"""Talk of secrecy in running text, told by its bytes: hundreds of lines that need not be read one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from signatures.characters import STARS
from signatures.engine.bytecode import any_of, spellings

_TALK_READ = 16
"""Lines that are mere talk and are read all the same, so that the grammar sees that there is talk."""
_BEFORE_MARK = 12
"""Ideographs before a level word with which its line cannot be a marking any more."""
_BESIDE = 20
"""Bytes beside a level word in which its star would stand: three separators and the star."""
_LABEL_BYTES, _FIELD_BYTES = 100, 320
"""In how many bytes a label ends, and how long the whole line may be, for it to be a field (see `Table.field`)."""
_SIGN = re.compile(rb"[:=\t,;|]")
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


def apart(
    data: bytes, starts: Sequence[int], encoding: str, hits: dict[int, list[tuple[int, int]]], talk: frozenset[bytes]
) -> tuple[set[int], list[int]]:
    """The lines of running text with a hit that may be marked, and a few that are mere talk.

    In running text a level word is part of a marking only at the start of its line and beside a star, and of a field
    only behind a label and a sign. A document that talks of secrecy has hundreds of others; a few of them tell it.
    """
    telling: set[int] = set()
    talking: list[int] = []
    past_mark = _PAST_MARK if encoding == "utf-8" else _PAST_MARK_OF_TWO
    for hit, spans in sorted(hits.items()):
        raw, (start, end) = data[starts[hit] : starts[hit + 1]].rstrip(b"\r\n"), spans[0]
        mere = (
            {data[one:other] for one, other in spans} <= talk
            and spans[-1][1] <= starts[hit + 1]
            and (
                past_mark.match(data, starts[hit], start)
                or not _STAR.search(data, max(0, start - _BESIDE), end + _BESIDE)
            )
            and not (_SIGN.search(raw[:_LABEL_BYTES]) and (len(raw) <= _FIELD_BYTES or b"   " in raw))
        )
        if not mere:
            telling.add(hit)
        elif len(talking) < _TALK_READ:
            talking.append(hit)
    return telling, talking
