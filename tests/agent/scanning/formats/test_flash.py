"""Films of Flash, packed in each of their ways."""

from __future__ import annotations

import lzma
import struct
import zlib

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source


def film(said: str, packing: str) -> bytes:
    body = b"\x30\x0a\x00\xa0" + struct.pack("<HH", 24 << 8, 1)
    raw = said.encode() + b"\0"
    body += struct.pack("<HI", 43 << 6 | 63, len(raw)) + raw + b"\0\0"
    head = packing.encode() + b"WS\x0d" + struct.pack("<I", 8 + len(body))
    if packing == "C":
        return head + zlib.compress(body)
    if packing == "Z":
        packed = lzma.compress(body, lzma.FORMAT_ALONE)
        return head + struct.pack("<I", len(packed) - 13) + packed[:5] + packed[13:]
    return head + body


@pytest.mark.parametrize("packing", ["F", "C", "Z"])
def test_a_marking_in_a_film_is_found(examiner: Examiner, packing: str) -> None:
    (row,) = examiner.examine(Source.of(film("机密★10年", packing)), "a.swf").rows
    assert (row.media_type, [each.marking for each in row.findings]) == ("application/x-shockwave-flash", ["机密★10年"])


@pytest.mark.parametrize("packing", ["F", "C"])
def test_a_film_about_secrecy_is_clean(examiner: Examiner, packing: str) -> None:
    (row,) = examiner.examine(Source.of(film("保守国家秘密人人有责", packing)), "a.swf").rows
    assert row.verdict == "clean"


def test_a_film_that_cannot_be_unpacked_is_told(examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(film("a", "C")[:9] + b"\xff" * 50), "a.swf").rows
    assert (row.verdict, row.reason) == ("not-examined", "damaged")
