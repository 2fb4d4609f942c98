"""Parts that many documents share are searched once, and nothing else is taken for one of them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import msgspec
import pytest

from agent.scanning.formats import docx
from agent.scanning.formats.base import Budget, NotExamined, Reading, Source
from agent.scanning.formats.known_parts import KnownParts
from signatures.passages import Passage

from .conftest import WordSieve

Zipped = Callable[[Mapping[str, bytes | str]], bytes]

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LAYOUT = f"<w:hdr {_W}><w:p><w:r><w:t>{{}}</w:t></w:r></w:p></w:hdr>"


class _Watched(WordSieve):
    """Remembers what it was offered."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = b""

    def worth(self, data: bytes | memoryview, *, encodings: frozenset[str] | None = None) -> bool:
        self.seen += bytes(data)
        return super().worth(data, encodings=encodings)


@pytest.fixture
def reading() -> Reading:
    sieve = _Watched()
    return Reading(sieve, known=KnownParts(sieve))


def _document(body: str, header: str) -> dict[str, str]:
    text = f"<w:document {_W}><w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>"
    return {"word/document.xml": text, "word/header1.xml": _LAYOUT.format(header)}


def _texts(data: bytes, reading: Reading) -> list[str]:
    return [piece.text for piece in docx.pieces(Source.of(data), reading) if isinstance(piece, Passage)]


def _offered(data: bytes, reading: Reading) -> bytes:
    assert isinstance(reading.sieve, _Watched)
    reading.sieve.seen = b""
    _texts(data, reading)
    return reading.sieve.seen


def test_a_part_without_a_literal_is_searched_once(reading: Reading, zipped: Zipped) -> None:
    assert "关于会议的通知".encode() in _offered(zipped(_document("第一份", "关于会议的通知")), reading)
    second = _offered(zipped(_document("第二份", "关于会议的通知")), reading)
    assert "第二份".encode() in second
    assert "关于会议的通知".encode() not in second


def test_what_stands_in_it_is_told_all_the_same_where_another_part_holds_a_literal(
    reading: Reading, zipped: Zipped
) -> None:
    _texts(zipped(_document("第一份", "某某局文件")), reading)
    assert _texts(zipped(_document("机密★10年", "某某局文件")), reading) == ["机密★10年", "某某局文件"]


def test_a_part_with_a_literal_is_found_each_time(reading: Reading, zipped: Zipped) -> None:
    data = zipped(_document("第一份", "机密★10年"))
    assert [_texts(data, reading) for _ in range(3)] == [["第一份", "机密★10年"]] * 3


def test_a_value_in_a_tag_counts_as_a_literal(reading: Reading, zipped: Zipped) -> None:
    parts = {**_document("第一份", "通知"), "word/settings.xml": f'<w:settings {_W}><w:x w:val="机密"/></w:settings>'}
    assert [("机密" in _texts(zipped(parts), reading)) for _ in range(2)] == [True, True]


def test_the_checksum_that_a_zip_gives_of_itself_is_not_believed(reading: Reading, zipped: Zipped) -> None:
    plain, marked = zipped(_document("第一份", "会议通知")), zipped(_document("第一份", "机密资料"))
    _texts(plain, reading)
    honest, forged = _checksum(plain), _checksum(marked)
    assert honest != forged
    assert "机密资料" in _texts(marked.replace(forged, honest), reading)


def _checksum(data: bytes) -> bytes:
    """Of the header's part, as the directory has it."""
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/header1.xml"))
    return data[entry + 16 : entry + 20]


def test_a_part_that_could_not_be_read_is_told_of_the_next_file_as_well(reading: Reading, zipped: Zipped) -> None:
    data = zipped(_document("第一份", "关于会议的通知" * 20))
    begin = data.index(b"word/header1.xml") + len("word/header1.xml")
    torn = data[:begin] + b"\xff" + data[begin + 1 :]
    for _ in range(2):
        with pytest.raises(NotExamined, match="damaged"):
            _texts(torn, reading)


def test_a_part_that_is_cut_short_is_told_of_the_next_file_as_well(reading: Reading, zipped: Zipped) -> None:
    data = zipped(_document("第一份", "".join(chr(0x4E00 + 37 * number % 9000) for number in range(400))))
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/header1.xml"))
    (packed,) = struct.unpack_from("<I", data, entry + 20)
    cut = data[: entry + 20] + struct.pack("<I", packed - 200) + data[entry + 24 :]
    for _ in range(2):
        with pytest.raises(NotExamined, match="damaged"):
            _texts(cut, reading)


def test_a_part_that_is_too_large_is_told_of_the_next_file_as_well(reading: Reading, zipped: Zipped) -> None:
    data = zipped(_document("第一份", "关于会议的通知" * 20))
    for _ in range(2):
        with pytest.raises(NotExamined, match="bomb"):
            _texts(data, msgspec.structs.replace(reading, budget=Budget(expanded=300)))


def test_nothing_is_known_to_whoever_reads_with_another_sieve(reading: Reading, zipped: Zipped) -> None:
    _texts(zipped(_document("第一份", "关于会议的通知")), reading)
    other = msgspec.structs.replace(reading, sieve=_Watched())
    assert "关于会议的通知".encode() in _offered(zipped(_document("第二份", "关于会议的通知")), other)


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.scanning.formats.known_parts._MOST", 3)
    known = KnownParts(object())
    marks = [known.mark_of(bytes([number])) for number in range(9)]
    for mark in marks[:4]:
        known.add([mark])
    assert [mark in known for mark in marks[:4]] == [False, False, False, True]
    known.add(marks)
    assert sum(mark in known for mark in marks) == 3


def test_the_hash_is_of_this_run_alone() -> None:
    assert KnownParts(object()).mark_of(b"x") != KnownParts(object()).mark_of(b"x")
