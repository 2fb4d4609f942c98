"""Outlook's compressed Rich Text: the examples of its specification, and what tries to be one."""

from __future__ import annotations

import struct

import pytest

from agent.scanning.formats.base import NotExamined
from agent.scanning.formats.rtf_lzfu import decompressed
from protocol.records import Reason

# MS-OXRTFCP 3.1.1 and 3.1.2
SIMPLE = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_the_examples_of_the_specification_come_out_as_it_says() -> None:
    assert decompressed(SIMPLE, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompressed(CROSSING, 1000) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_text_that_was_not_compressed_is_taken_as_it_stands() -> None:
    assert decompressed(struct.pack("<II4sI", 18, 6, b"MELA", 0) + b"{\\rtf}" + b"rest", 1000) == b"{\\rtf}"


@pytest.mark.parametrize("data", [b"", b"LZFu", struct.pack("<II4sI", 4, 4, b"what", 0) + b"abcd"])
def test_what_is_no_compressed_text_is_damaged(data: bytes) -> None:
    with pytest.raises(NotExamined) as caught:
        decompressed(data, 1000)
    assert caught.value.reason is Reason.DAMAGED


def test_a_text_that_says_it_is_larger_than_the_limit_is_too_large() -> None:
    with pytest.raises(NotExamined) as caught:
        decompressed(SIMPLE, 42)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("cut", range(16, len(SIMPLE)))
def test_a_text_that_breaks_off_gives_what_there_is(cut: int) -> None:
    whole = decompressed(SIMPLE, 1000)
    assert whole.startswith(decompressed(SIMPLE[:cut], 1000))
