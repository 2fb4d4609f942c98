"""Letters of a PDF that name no characters: fonts that hold shapes alone, as some printer drivers and converters write.

What can be read of such a page is no text; it can only be seen.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from itertools import islice, repeat

import pypdfium2.raw as pdfium

from agent.scanning.formats.pdfium_calls import IS_UNKNOWN, handle

_CONTROL = re.compile("[\x01\x03-\x08\x0e-\x1f]")
"""A control character, but for ends of lines, tabs, and what PDFium writes for a hyphen."""
_STRANGE = re.compile("[^\t\n\r -~\u00a0-\u00ff\u2000-\u206f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\ufffe]")
"""What ordinary text has little of, controls among it. A letter that names no character is told by its number in the
font, which is most often such a one."""
_EACH = 4
"""Of ordinary letters a sample is one in so many: a marking has more."""
_STRANGE_ONES, _ORDINARY_ONES = 48, 24
"""Letters of one page in a sample."""
_LEAST = 3
"""Different unknown letters from which a page is one that has to be seen: fewer are bullets and the like."""


def are_unknown(text_page: ctypes._Pointer[pdfium.fpdf_textpage_t__], count: int, text: str) -> bool:
    """Whether some of a page is in a font that does not say which characters its shapes are.

    ``text`` is what it gave, in ``count`` code units. A sample is looked at, and all of it where that, or a control
    character, tells of such.
    """
    page = handle(text_page)
    strange = _STRANGE.search(text)
    suspicious = strange is not None and _CONTROL.search(text, strange.start())
    if not suspicious and not any(map(IS_UNKNOWN, repeat(page), _sample(text, count, strange))):
        return False
    unknown = (at for at in range(count) if IS_UNKNOWN(page, at))
    return len({pdfium.FPDFText_GetUnicode(text_page, at) for at in unknown}) >= _LEAST


def _sample(text: str, count: int, strange: re.Match[str] | None) -> Iterator[int]:
    """Where to look: every call costs as much as reading ten letters. ``strange`` is the first strange one."""
    if strange is not None and len(text) == count:  # else some take two places
        found = _STRANGE.finditer(text, strange.start())
        yield from islice((one.start() for one in found), _STRANGE_ONES)
    yield from range(0, count, max(_EACH, count // _ORDINARY_ONES))
