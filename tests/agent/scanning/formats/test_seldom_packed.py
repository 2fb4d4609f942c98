"""Files of compress, lzip and lz4, as these programs write them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import compressed, seldom_packed
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify

DATA = Path(__file__).parent / "data"
NUMBERS = "".join(f"{number * number}\n" for number in range(2500)).encode()
FILES = ("numbers.txt.Z", "numbers-10.txt.Z", "numbers.txt.lz", "numbers.txt.lz4")
SKIPPED = b"\x50\x2a\x4d\x18\3\0\0\0abc"


@pytest.mark.parametrize("name", FILES)
def test_the_file_inside_is_a_member(read_pieces: Any, name: str) -> None:
    data = (DATA / name).read_bytes()
    assert identify(Source.of(data), "").media_type in compressed.MEDIA_TYPES
    outcome = read_pieces(compressed, data)
    assert [member.data for member in outcome.members] == [NUMBERS]
    assert outcome.problem is None


@pytest.mark.parametrize("name", ["numbers.txt.lz", "numbers.txt.lz4"])
def test_one_packed_file_may_follow_another(read_pieces: Any, name: str) -> None:
    data = (DATA / name).read_bytes()
    between = SKIPPED if name.endswith("lz4") else b""
    assert [member.data for member in read_pieces(compressed, data + between + data).members] == [NUMBERS * 2]


@pytest.mark.parametrize("name", ["numbers.txt.lz", "numbers.txt.lz4"])
def test_what_can_be_had_of_one_that_breaks_off_is_handed_on(read_pieces: Any, name: str) -> None:
    data = (DATA / name).read_bytes()
    outcome = read_pieces(compressed, data[: len(data) * 3 // 4])
    assert outcome.reason == "damaged"
    assert all(NUMBERS.startswith(member.data) for member in outcome.members)


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x9d\x90\xff\xff\xff\xff",
        b"\x1f\x9d\x9f" + bytes(40),
        b"LZIP\1\x02" + bytes(40),
        b"\4\x22\x4d\x18\x01\x40\0",
    ],
)
def test_bytes_that_make_no_sense_are_told_as_damaged(read_pieces: Any, data: bytes) -> None:
    assert read_pieces(compressed, data).reason == "damaged"


def test_long_words_cost_no_more_than_what_they_spell() -> None:
    def packed(codes: list[int]) -> bytes:
        """Codes of 9 bits, eight to a group."""
        number = sum(code << 9 * place for place, code in enumerate(codes))
        return b"\x1f\x9d\x90" + number.to_bytes(-(-9 * len(codes) // 8), "little")

    # Each word is the one before and one byte more: 1, 2, 3 … bytes.
    codes = [65, *range(257, 300)]
    unpacked = seldom_packed.opened(io.BytesIO(packed(codes)), b"\x1f\x9d\x90")
    assert unpacked is not None
    assert unpacked.read(10_000) == b"A" * sum(range(1, 45))
