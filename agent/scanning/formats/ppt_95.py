"""The stream of a PowerPoint 95 file: a tree of records, each with a head of four numbers, with texts at its ends.

Nobody has described it; this is what such files show. The numbers of documents, slides, notes and masters are those
of PowerPoint 97 (MS-PPT 2.13.24).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from agent.scanning.formats.base import Reading
from agent.scanning.formats.ole_properties import decoded
from agent.scanning.formats.ppt_file import HANDOUT, MASTER, NOTES, SLIDE
from protocol.records import Place
from signatures.passages import Passage, Zone

_HEAD = struct.Struct("<IIII")
_CONTAINER = 0xFFFF
_TEXT, _TEXT_OBJECT = 2030, 4064
_DEEPEST = 40
_MOST_RECORDS = 2_000_000
_LITTLE = 300
_LONGEST_TITLE = 60
_UTF8 = frozenset({"utf-8"})


class _Text(NamedTuple):
    """A text and what it stands on: the number of its slide (0: none), and whether that is notes or a master."""

    slide: int
    page: int
    text: str


def is_one(stream: bytes) -> bool:
    """Whether a ``PowerPoint Document`` stream is of PowerPoint 95: its first record is one that holds all others."""
    if len(stream) < _HEAD.size:
        return False
    kind, flag, size, _ = _HEAD.unpack_from(stream)
    return bool(kind == 3 and flag == _CONTAINER and size <= len(stream) - _HEAD.size)


def passages(stream: bytes, reading: Reading) -> Iterator[Passage]:
    """Yield every text with its zone, where a literal of some rule is in any of them."""
    texts = list(_texts(stream))
    if not reading.worth("\n".join(each.text for each in texts).encode("utf-8", "replace"), encodings=_UTF8):
        return
    slides = max((each.slide for each in texts), default=0)
    little = sum(len(each.text) for each in texts if each.slide == 1 and each.page == SLIDE) <= _LITTLE
    titled: set[int] = set()
    for slide, page, text in texts:
        if page == NOTES:
            yield Passage(Zone.BODY, text, Place(part="notes"))
        elif page in (MASTER, HANDOUT) or not slide:
            yield Passage(Zone.SLIDE_MASTER, text, Place(part="master"), pages=max(2, slides))
        elif slide not in titled and len(text) <= _LONGEST_TITLE and "\n" not in text:
            titled.add(slide)
            yield Passage(Zone.TITLE, text, Place(slide=slide), emphasis=True)
            if slide == 1:
                yield Passage(Zone.COVER, text, Place(slide=1), emphasis=True)
        else:
            zone = Zone.BODY if slide > 1 else Zone.COVER if little else Zone.P1_BLOCK
            yield Passage(zone, text, Place(slide=slide))


def _texts(stream: bytes) -> Iterator[_Text]:
    """The texts in the order in which they lie; records are walked without recursion, each once."""
    waiting = [(0, len(stream), 0, 0, 0)]
    """Stretches of records: begin, end, the kind of what they lie in, of its page, and the number of the slide."""
    slides = records = 0
    while waiting:
        at, end, inside, page, slide = waiting.pop()
        while at + _HEAD.size <= end and records < _MOST_RECORDS:
            records += 1
            kind, flag, size, _ = _HEAD.unpack_from(stream, at)
            begin, at = at + _HEAD.size, at + _HEAD.size + size
            if at > end:
                break
            if flag == _CONTAINER and len(waiting) < _DEEPEST:
                waiting.append((at, end, inside, page, slide))
                slides += kind == SLIDE
                if kind in (SLIDE, NOTES, MASTER, HANDOUT):
                    page, slide = kind, slides if kind in (SLIDE, NOTES) else 0
                at, end, inside = begin, at, kind
            elif kind == _TEXT and inside == _TEXT_OBJECT:
                text = decoded(stream[begin:at], "cp1252").replace("\v", "\n").replace("\r", "\n").strip()
                if text and text != "*":  # where a number or a date is put in
                    yield _Text(slide, page, text)
