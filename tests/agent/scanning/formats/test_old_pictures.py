"""Pictures in binary Office documents and RTF: found where they are what matters, whole, in order."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from agent.scanning.formats import inner_pictures
from agent.scanning.formats.base import Source

DATA = Path(__file__).parent / "data"
PNG, JPG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def loaded(kind: str, data: bytes) -> list[bytes]:
    found = list(inner_pictures.of(kind, Source.of(data)))
    assert [picture.page for picture in found] == list(range(1, len(found) + 1))
    contents = [picture.load() for picture in found]
    assert all(isinstance(one, bytes) for one in contents)
    return [one for one in contents if isinstance(one, bytes)]


def old(kind: str) -> bytes:
    file = DATA / f"scan.{kind}"
    return file.read_bytes() if file.exists() else gzip.decompress((DATA / f"scan.{kind}.gz").read_bytes())


def rich(picture: bytes, text: str = "", *, binary: bool = False, kind: str = "png") -> bytes:
    written = b"\\bin%d " % len(picture) + picture if binary else picture.hex().encode()
    shown = b"{\\*\\shppict{\\pict{\\*\\picprop{\\sp{\\sn x}{\\sv 1}}}\\picw10\\pich10\\%sblip\r\n" % kind.encode()
    return b"{\\rtf1\\ansi{\\fonttbl{\\f0 Times New Roman;}}" + text.encode() + b"\\par " + shown + written + b"}}}"


@pytest.mark.parametrize("kind", ["doc", "xls", "ppt"])
def test_both_pictures_of_a_document_without_text_are_found_whole(kind: str) -> None:
    first, second = loaded(kind, old(kind))
    assert first.startswith(PNG)
    assert first.endswith(b"IEND\xaeB`\x82")
    assert second.startswith(JPG)
    assert second.endswith(b"\xff\xd9")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_pictures_in_rich_text_are_found_whole_in_either_form(kind: str, binary: bool) -> None:
    content = (PNG if kind == "png" else JPG) + bytes(range(256)) * 8
    assert loaded("rtf", rich(content, binary=binary, kind=kind)) == [content]


def test_a_document_with_a_page_of_text_is_left_to_its_text() -> None:
    content = PNG + bytes(range(256)) * 8
    assert loaded("rtf", rich(content, "word " * 20))
    assert not loaded("rtf", rich(content, "word " * 200))
    assert not loaded("doc", (DATA / "report.doc").read_bytes())


def test_pictures_too_small_for_a_page_are_left_out() -> None:
    assert not loaded("rtf", rich(PNG + bytes(300)))


@pytest.mark.parametrize("kind", ["doc", "xls", "ppt"])
def test_of_a_document_cut_in_two_what_is_there_is_found_and_nothing_raised(kind: str) -> None:
    whole = old(kind)
    for cut in range(0, len(whole), len(whole) // 40):
        assert len(loaded(kind, whole[:cut])) <= 2
