"""PowerPoint 95: texts by slide, notes and masters apart."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from agent.scanning.formats import ppt
from agent.scanning.formats.ole_objects import compound_file
from signatures.passages import Zone


def record(kind: int, *inside: bytes) -> bytes:
    """A record that holds others, or, with one text inside, a text."""
    return struct.pack("<IIII", kind, 0xFFFF, sum(map(len, inside)), 0) + b"".join(inside)


def text(words: bytes) -> bytes:
    own = struct.pack("<IIII", 2030, 0, len(words), 0) + words
    look = record(2028, struct.pack("<IIII", 2030, 0, 6, 0) + b"SECRET")  # of the same number, and no text
    return record(3000, record(4064, own, look))


def talk(*pages: bytes) -> bytes:
    return compound_file([(("PowerPoint Document",), record(3, record(1000, *pages)))])


def test_texts_of_slides_notes_and_masters_are_told_apart(read_pieces: Any) -> None:
    first = record(1006, text("机密★10年".encode("gbk")), text(b"a\rb"), record(1008, text(b"SECRET note")))
    second = record(1006, text(b"CONFIDENTIAL plan"), text(b"words and more words"))
    found = read_pieces(ppt, talk(record(1016, text(b"SECRET master")), first, second))
    assert found.texts(Zone.TITLE) == ["机密★10年", "CONFIDENTIAL plan"]
    assert found.texts(Zone.COVER) == ["机密★10年", "a\nb"]
    assert found.texts(Zone.SLIDE_MASTER) == ["SECRET master"]
    assert [(each.text, each.place.part, each.place.slide) for each in found.passages if each.zone is Zone.BODY] == [
        ("SECRET note", "notes", None),
        ("words and more words", None, 2),
    ]
    assert found.problem is None


def test_an_ordinary_talk_gives_nothing_and_records_that_lie_end(read_pieces: Any) -> None:
    found = read_pieces(ppt, talk(record(1006, text(b"lunch"))))
    assert (found.passages, found.problem) == ([], None)
    lying = record(1006, struct.pack("<IIII", 1006, 0xFFFF, 0xFFFFFF, 0), text(b"SECRET"))
    assert read_pieces(ppt, talk(record(1006, text(b"SECRET")), lying)).texts(Zone.TITLE) == ["SECRET"]


@pytest.mark.shared
def test_a_real_talk_of_powerpoint_95_is_read(read_pieces: Any, shared: Path) -> None:
    class Title:
        def worth(self, data: bytes, *, encodings: object = None) -> bool:
            return b"All That" in bytes(data)

    found = read_pieces(ppt, (shared / "corpus" / "real" / "ppt" / "poi__PPT95.ppt").read_bytes(), sieve=Title())
    assert found.texts(Zone.TITLE)[0] == "XML, HTML and All That"
    assert len({each.place.slide for each in found.passages}) > 40
