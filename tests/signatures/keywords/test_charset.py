"""The encodings in which people save lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from signatures.keywords.charset import decode
from signatures.strict_yaml import FileMistake

TEXT = "天河计划\n发展規劃\nProject X\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-16-be-sig"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_list_is_read_in_every_encoding_that_editors_leave(encoding: str, newline: str) -> None:
    text = TEXT.replace("\n", newline)
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-sig" else text.encode(encoding)
    assert decode(data, Path("a.txt")) == TEXT


def test_bytes_of_no_known_encoding_are_told_with_their_line() -> None:
    with pytest.raises(FileMistake, match="save it as UTF-8") as caught:
        decode("天河\n".encode() + b"\xff\xfe\x80", Path("a.txt"))
    assert caught.value.line == 2


@pytest.mark.parametrize("data", [TEXT.encode("utf-32"), b"word\0list\n", b"\xef\xbb\xbf\xff\n"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(FileMistake, match="UTF-8"):
        decode(data, Path("a.txt"))
