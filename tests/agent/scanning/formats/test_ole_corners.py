"""Values in the streams of old Office files that no exact reader tells."""

from __future__ import annotations

import struct

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import ole_corners
from agent.scanning.formats.base import Budget
from agent.scanning.formats.corners import Told
from signatures.passages import Passage, Zone

MARK = "机密★10年"
WIDE = MARK.encode("utf-16-le")


def told(examiner: Examiner, *streams: bytes, before: tuple[str, ...] = ()) -> list[str]:
    known = Told()
    list(known.through(Passage(Zone.BODY, text) for text in before))
    return [each.text for each in ole_corners.passages(streams, examiner.reading(Budget()), known)]


@pytest.mark.parametrize(
    "stream",
    [
        b"\0\0" + WIDE + b"\0\0",
        b"\0" + WIDE + b"\0",
        b"ab" + struct.pack("<H", len(MARK)) + WIDE + "更多的字".encode("utf-16-le"),
        b"Calc" + struct.pack("<HB", len(MARK), 1) + WIDE + bytes(4),
        b"\1\0" + "%1.".encode("utf-16-le") + WIDE + b"\0\0",
    ],
)
def test_a_value_is_found_at_any_byte_and_by_its_length(examiner: Examiner, stream: bytes) -> None:
    assert MARK in told(examiner, stream)


def test_what_was_told_is_not_told_again(examiner: Examiner) -> None:
    assert told(examiner, b"\0\0" + WIDE, before=(f"密级：{MARK}",)) == []
    assert told(examiner, b"\0\0" + WIDE + b"\0\0", b"\0" + WIDE + b"\0") == [MARK]


def test_a_text_that_goes_on_with_a_number_is_another(examiner: Examiner) -> None:
    assert told(examiner, b"\0\0" + WIDE, before=(f"{MARK}5",)) == [MARK]


def test_a_stream_of_pictures_is_not_looked_at(examiner: Examiner) -> None:
    assert told(examiner, WIDE + bytes(ole_corners.MOST_BYTES)) == []
