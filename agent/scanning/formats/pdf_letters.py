"""Letters of a PDF that name no characters: fonts that hold shapes alone, as some printer drivers and converters write.

What can be read of such a page is no text; it can only be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium

_CONTROL = re.compile(rb"(?:..)*?[\1\3-\10\16-\37]\0", re.DOTALL)
"""A control character in UTF-16, but for ends of lines, tabs, and what PDFium writes for a hyphen."""
_STRANGE = re.compile("[^\t\n\r -~\u00a0-\u00ff\u2000-\u206f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\ufffe]")
"""What ordinary text has little of. A letter that names no character is told by its number in the font, which is most
often such a one."""
_EACH = 4
"""Of ordinary letters a sample is one in so many: a marking has more."""
_STRANGE_ONES, _ORDINARY_ONES = 48, 24
"""Letters of one page in a sample."""
_LEAST = 3
"""Different unknown letters from which a page is one that has to be seen: fewer are bullets and the like."""


def are_unknown(text_page: Any, text: bytes) -> bool:
    """Whether some of a page is in a font that does not say which characters its shapes are; ``text`` is what it gave.

    A sample is looked at, and all of it where that, or a control character, tells of such.
    """
    count = len(text) // 2
    is_unknown = partial(pdfium.FPDFText_HasUnicodeMapError, text_page)
    if not _CONTROL.match(text) and not any(map(is_unknown, _sample(text, count))):
        return False
    return len({pdfium.FPDFText_GetUnicode(text_page, at) for at in filter(is_unknown, range(count))}) >= _LEAST


def _sample(text: bytes, count: int) -> Iterator[int]:
    """Where to look: every call costs as much as reading ten letters."""
    letters = text.decode("utf-16-le", "surrogatepass")
    if len(letters) == count:  # else some take two places
        yield from islice((found.start() for found in _STRANGE.finditer(letters)), _STRANGE_ONES)
    yield from range(0, count, max(_EACH, count // _ORDINARY_ONES))
