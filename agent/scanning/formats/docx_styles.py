"""The styles of a Word document, of which only those are read that are asked for: most documents use few of many."""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from agent.scanning.formats.docx_front import Style, read_styles

_ROOT = re.compile(rb"<([\w.-]+:|)styles\b[^>]*>")
_HEAD = 64 * 1024


class StylesOnDemand:
    """Paragraph styles by their id; each is cut out of the part and parsed when it is first asked for.

    Where the part is not written as usual, all of it is parsed instead.
    """

    def __init__(self, xml: bytes, parsed: Callable[[bytes], etree._Element | None]) -> None:
        self._xml = xml
        self._parsed = parsed
        self._known: dict[str, Style | None] = {"": None}
        self._all: dict[str, Style] | None = None
        root = _ROOT.search(xml, 0, _HEAD)
        if root is None or (b"!" in xml and (b"<!--" in xml or b"<![" in xml)):
            self._all = read_styles(parsed(xml))
        else:
            self._opening, self._closing = root[0], b"</" + root[1] + b"styles>"
            self._begin, self._end = b"<" + root[1] + b"style ", b"</" + root[1] + b"style>"

    def get(self, style: str, otherwise: Style, /) -> Style:
        """The style of this id, or ``otherwise`` where there is none."""
        if style not in self._known:
            self._known[style] = self._read(style)
        return self._known[style] or otherwise

    def _read(self, style: str) -> Style | None:
        if self._all is None and (one := self._cut_out(style)):
            return read_styles(self._parsed(self._opening + one + self._closing)).get(style)
        if self._all is None:
            self._all = read_styles(self._parsed(self._xml))
        return self._all.get(style)

    def _cut_out(self, style: str) -> bytes:
        """The element of this style; empty where it is not found."""
        at = self._xml.find(b'styleId="' + style.encode("utf-8", "replace") + b'"')
        begin, end = self._xml.rfind(b"<", 0, max(at, 0)), self._xml.find(self._end, at)
        if at < 0 or end < 0 or not self._xml.startswith(self._begin, begin):
            return b""
        return self._xml[begin : end + len(self._end)]
