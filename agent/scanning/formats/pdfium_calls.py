"""Calls of PDFium that are made for many characters or objects of each page, without what the library does for each.

Their arguments are looked at by nobody: a handle is given as a `c_void_p` (see `handle`), a number as an int, a place
to write to by reference. Python's lock is kept while they run, which is short.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable
from itertools import repeat
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium


def _bare(call: Any, gives: Any = ctypes.c_int) -> Callable[..., Any]:
    return ctypes.PYFUNCTYPE(gives)(ctypes.cast(call, ctypes.c_void_p).value or 0)


COUNT_CHARACTERS = _bare(pdfium.FPDFText_CountChars)
GET_TEXT = _bare(pdfium.FPDFText_GetText)
IS_GENERATED = _bare(pdfium.FPDFText_IsGenerated)
IS_UNKNOWN = _bare(pdfium.FPDFText_HasUnicodeMapError)
COUNT_NOTES = _bare(pdfium.FPDFPage_GetAnnotCount)
_BOX_OF = _bare(pdfium.FPDFText_GetLooseCharBox, None)

SIZE_OF = _bare(pdfium.FPDFText_GetFontSize, ctypes.c_double)
WEIGHT_OF = _bare(pdfium.FPDFText_GetFontWeight)
_COLOUR_OF = _bare(pdfium.FPDFText_GetFillColor)
_ORIGIN_OF = _bare(pdfium.FPDFText_GetCharOrigin)
_ANGLE_OF = _bare(pdfium.FPDFText_GetCharAngle, ctypes.c_float)

_AT_ONCE = 2048
_ROOM = ctypes.create_string_buffer(16 * _AT_ONCE)
_PLACES = [ctypes.byref(_ROOM, at) for at in range(0, 16 * _AT_ONCE, 16)]
_ORIGIN = (ctypes.c_double(), ctypes.c_double())
_INTO = tuple(map(ctypes.byref, _ORIGIN))

_COLOUR = tuple(ctypes.c_uint() for _ in range(4))
_COLOUR_INTO = tuple(map(ctypes.byref, _COLOUR))


def handle(pointer: Any) -> ctypes.c_void_p:
    """What the library knows as a pointer to something of its own, for the calls here."""
    return ctypes.c_void_p.from_buffer(pointer)


class Boxes(NamedTuple):
    """The edges of characters one after another."""

    lefts: list[float]
    tops: list[float]
    rights: list[float]
    bottoms: list[float]


def boxes(text_page: ctypes.c_void_p, count: int) -> Boxes:
    """Those of the first ``count`` characters of a page that has as many."""
    found = Boxes([], [], [], [])
    for begin in range(0, count, _AT_ONCE):
        end = min(begin + _AT_ONCE, count)
        deque(map(_BOX_OF, repeat(text_page), range(begin, end), _PLACES), maxlen=0)
        edges = memoryview(_ROOM).cast("B").cast("f")  # each is an FS_RECTF
        for number, those in enumerate(found):
            those += edges[number : 4 * (end - begin) : 4]
    return found


def place(text_page: ctypes.c_void_p, index: int) -> tuple[float, float, float]:
    """Origin and angle of one character, counter-clockwise."""
    _ORIGIN_OF(text_page, index, *_INTO)
    x, y = _ORIGIN
    return x.value, y.value, -_ANGLE_OF(text_page, index)


def colour(text_page: ctypes.c_void_p, index: int) -> tuple[int, int, int, int] | None:
    """Red, green, blue and opacity (0-255) of one character."""
    if not _COLOUR_OF(text_page, index, *_COLOUR_INTO):
        return None
    red, green, blue, opacity = _COLOUR
    return red.value, green.value, blue.value, opacity.value
