"""Which encoding a list of keywords is in: what editors and spreadsheets leave on Chinese computers."""

from __future__ import annotations

import codecs
from pathlib import Path

from signatures.strict_yaml import FileMistake

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)


def decode(data: bytes, path: Path) -> str:
    """The text of a list in UTF-8, GB18030 (GBK, GB2312) or UTF-16, with or without a byte order mark.

    Line ends become ``\\n``. Raises `FileMistake` with the line of the first byte that fits none of them.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    body = data[len(mark) :]
    if not encoding:
        encoding = _guessed(body)
    if encoding == "utf-32":
        raise FileMistake(path, 1, "the file is UTF-32; save it as UTF-8")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise FileMistake(path, line, f"the file is not readable as {encoding.upper()}; save it as UTF-8") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise FileMistake(path, line, "this is no text file; save the list as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _guessed(body: bytes) -> str:
    """Without a mark: UTF-16 by the zeros of its line ends, else UTF-8 if it is, else GB18030."""
    if len(body) % 2 == 0:
        zeros = (body[1::2].count(0), body[::2].count(0))
        encoding = "utf-16-le" if zeros[0] else "utf-16-be"
        if max(zeros) and not min(zeros) and not {"\n", "\r"}.isdisjoint(body.decode(encoding, "replace")):
            return encoding
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"
