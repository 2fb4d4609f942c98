"""A font that stands in for every font a PDF names and does not bring along.

PDFium leaves out text whose glyphs cover no area, and looks through the computer's fonts for glyphs that do. On a
computer without Chinese fonts, and in a cage that sees no files, a marking set glyph by glyph in a font that is not
embedded would be lost. So PDFium is given one tiny font, made here, in which every character is a box: what is read
no longer depends on what is installed, and no font file is ever opened.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import pypdfium2.raw as pdfium

_EM = 1000


@cache
def box_font() -> bytes:
    """A TrueType font of two glyphs: nothing for blanks, a box for every other character (cmap format 13)."""
    box = struct.pack(">hhhhh", 1, 50, 0, 950, 800) + struct.pack(">HH", 3, 0) + b"\1\1\1\1"
    box += struct.pack(">hhhh", 50, 900, 0, -900) + struct.pack(">hhhh", 0, 0, 800, 0)
    groups = [(0x21, 0x9F), (0xA1, 0x1FFF), (0x2010, 0x2FFF), (0x3001, 0x10FFFF)]
    cmap = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + struct.pack(">HHIII", 13, 0, 16 + 12 * len(groups), 0, len(groups))
    cmap += b"".join(struct.pack(">III", first, last, 1) for first, last in groups)
    tables = {
        b"cmap": cmap,
        b"glyf": box,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _EM, 0, 0, 0, 0, _EM, 800, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, 800, -200, 0, _EM, 0, 0, 950, 1, 0, 0, 0, 0, 0, 0, 0, 2),
        b"hmtx": struct.pack(">HhHh", _EM, 0, _EM, 50),
        b"loca": struct.pack(">III", 0, 0, len(box)),
        b"maxp": struct.pack(">IH13H", 0x10000, 2, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    directory, body = b"", b""
    start = 12 + 16 * len(tables)
    for tag, data in tables.items():
        directory += struct.pack(">4sIII", tag, 0, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 48) + directory + body


def _field(name: str) -> Any:
    return {field[0]: field[1] for field in pdfium.FPDF_SYSFONTINFO._fields_}[name]


def _map(_info: Any, _weight: int, _italic: int, _charset: int, _pitch: int, face: Any, *_rest: Any) -> int | None:
    """Our font, except for the standard fonts: PDFium has those within itself, and only it knows their widths."""
    name = ctypes.string_at(face).lower() if face else b""
    return None if any(known in name for known in _STANDARD) else 1


_STANDARD = (b"helvetica", b"arial", b"times", b"courier", b"symbol", b"dingbats")


class _StandIn:
    """PDFium's questions about the computer's fonts, all answered with the one box font."""

    def __init__(self) -> None:
        self.font = box_font()
        self.info = pdfium.FPDF_SYSFONTINFO()
        self.info.version = 1
        answers: dict[str, Callable[..., Any]] = {
            "Release": lambda _info: None,
            "EnumFonts": lambda _info, _mapper: None,
            "MapFont": _map,
            "GetFont": lambda _info, _face: 1,
            "GetFontData": self._data,
            "GetFaceName": lambda _info, _font, _buffer, _size: 0,
            "GetFontCharset": lambda _info, _font: 1,
            "DeleteFont": lambda _info, _font: None,
        }
        # The struct does not keep its callbacks alive.
        self.callbacks = {name: _field(name)(answer) for name, answer in answers.items()}
        for name, callback in self.callbacks.items():
            setattr(self.info, name, callback)

    def _data(self, _info: Any, _font: Any, table: int, buffer: Any, size: int) -> int:
        if table:
            return 0
        if buffer and size >= len(self.font):
            ctypes.memmove(buffer, self.font, len(self.font))
        return len(self.font)


@cache
def use_stand_in() -> _StandIn:
    """Have PDFium ask us for fonts instead of the computer, once in a process."""
    stand_in = _StandIn()
    pdfium.FPDF_SetSystemFontInfo(stand_in.info)
    return stand_in
