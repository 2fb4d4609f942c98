"""Letters of a PDF that name no characters: fonts that hold shapes alone, as some printer drivers and converters write.

What can be read of such a page is no text; it can only be seen.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2.raw as pdfium

_ERROR_AT = ctypes.PYFUNCTYPE(ctypes.c_int)(ctypes.cast(pdfium.FPDFText_HasUnicodeMapError, ctypes.c_void_p).value or 0)
"""The call for one letter, whose arguments nobody looks at: it is made for each letter of a sample."""
_CONTROL = re.compile("[\1\3-\10\16-\37]")
"""A control character, but for ends of lines, tabs, and what PDFium writes for a hyphen."""
_EACH = 4
"""A sample is one letter in so many: a marking has more."""
_MOST = 120
"""Letters of one page in a sample."""
_LEAST = 3
"""Different unknown letters from which a page is one that has to be seen: fewer are bullets and the like."""


def are_unknown(text_page: Any, text: bytes) -> bool:
    """Whether some of a page is in a font that does not say which characters its shapes are; ``text`` is what it gave.

    A sample is looked at, and all of it where that, or a control character, tells of such.
    """
    count = len(text) // 2
    sample = range(0, count, max(_EACH, count // _MOST))
    if not _CONTROL.search(text.decode("utf-16-le", "replace")) and not any(
        _is_unknown(text_page, at) for at in sample
    ):
        return False
    return (
        len({pdfium.FPDFText_GetUnicode(text_page, at) for at in range(count) if _is_unknown(text_page, at)}) >= _LEAST
    )


def _is_unknown(text_page: Any, at: int) -> bool:
    return bool(_ERROR_AT(text_page, at) == 1)
