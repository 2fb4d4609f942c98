"""Documents whose form nobody reads: a marking that lies open in one is found, and none of them is ever clean."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import searched
from agent.scanning.formats.base import Source
from agent.scanning.identify import identify

MARK = "机密★10年"
NOISE = random.Random(5).randbytes(3000)  # noqa: S311 - stands for what is packed
ONENOTE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")


def onenote(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return ONENOTE + NOISE + struct.pack("<I", len(raw) + 2) + raw + b"\0\0" + NOISE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (onenote(MARK), "notes.one"),
        (b"\0\1\0\0Standard Jet DB\0" + NOISE + b"\0\0" + MARK.encode("utf-16-le") + b"\0\0" + NOISE, "base.mdb"),
        (b"\x31\xbe\0\0\0\xab" + bytes(122) + MARK.encode("gbk") + b"\r\n" + bytes(100), "old.wri"),
        (b"AC1015\0" + NOISE + b"\0" + MARK.encode("gbk") + b"\0" + NOISE, "plan.dwg"),
    ],
)
def test_a_marking_that_lies_open_is_found(examiner: Examiner, data: bytes, name: str) -> None:
    (row,) = examiner.examine(Source.of(data), name).rows
    assert row.media_type in searched.MEDIA_TYPES
    assert [each.marking for each in row.findings] == [MARK]


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (onenote("关于保密工作的几点说明"), "notes.one", "unsupported"),
        (b"Founder CEB" + NOISE, "公文.ceb", "unsupported"),
        (b"\x07" + NOISE, "公文.cebx", "unsupported"),
        (b"CAJ\0" + NOISE, "论文.caj", "unsupported"),
        (b"\x07" + NOISE, "报表.eis", "unsupported"),
        (b"?_\3\0" + NOISE, "help.hlp", "unsupported"),
        (b"RIFF\0\0\0\0CDR9" + NOISE, "poster.cdr", "unsupported"),
        (b"PAR1" + NOISE, "data.parquet", "unsupported"),
        (b"\x89LZO\0\r\n\x1a\n" + NOISE, "a.tar.lzo", "unsupported"),
        (b"7kSt\xa0" + NOISE, "a.zpaq", "unsupported"),
        (b"LRZI\0\6" + NOISE, "a.lrz", "unsupported"),
        (NOISE, "disk.dmg", "unsupported"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA0\n-----END PGP MESSAGE-----\n", "a.asc", "encrypted"),
        (b"\x85\x01\x0c" + NOISE, "a.gpg", "encrypted"),
        (b"%TSD-Header-###%" + NOISE, "方案.docx", "encrypted"),
        (b"\x62\x14\x23\x65" + NOISE, "方案.docx", "encrypted"),
        (b"\x80E-SafeNet\0\0\0LOCK\0" + NOISE, "方案.xlsx", "encrypted"),
    ],
)
def test_one_without_a_marking_that_lies_open_is_not_examined(
    examiner: Examiner, data: bytes, name: str, reason: str
) -> None:
    (row,) = examiner.examine(Source.of(data), name).rows
    assert (str(row.verdict), str(row.reason)) == ("not-examined", reason)


def test_a_value_across_two_stretches_is_found(read_pieces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = onenote(MARK)
    monkeypatch.setattr(searched, "_STEP", data.index(MARK.encode("utf-16-le")) + 5)
    found = read_pieces(searched, data, sieve=Wide())
    assert MARK in [each.text for each in found.passages]
    assert found.reason == "unsupported"


class Wide:
    """Finds 机密 in UTF-16."""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        return bool(self.spans(data))

    def spans(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> list[tuple[int, int, str]]:
        at = bytes(data).find("机密".encode("utf-16-le"))
        return [(at, at + 4, "utf-16-le")] if at >= 0 else []


def test_the_words_of_a_letter_that_mentions_pgp_are_read() -> None:
    assert identify(Source.of(b"Put it between -----BEGIN PGP MESSAGE----- and the end.\n"), "a.txt").kind == "text"
