r"""Text in which programs write characters as ``\uXXXX`` and line ends as ``\n``: JSON, YAML, TOML, scripts, CSS.

The characters are put in their place; then it is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import data_uris, escapes, text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "escaped"
MEDIA_TYPES = (
    "application/json",
    "text/x-java-properties",
    "application/yaml",
    "application/toml",
    "text/javascript",
    "text/css",
    "application/x-url",
)
LIMITS = {"bytes read with their escapes": 32 * MiB}
LIMITATIONS = (
    "a file larger than 32 MiB is searched as it stands",
    "values that are spread over several strings are not put together",
)

_LINE_END = re.compile(rb"(?<!\\)((?:\\\\)*)\\n")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the text as it is meant, and what addresses in a style sheet hold."""
    if source.size <= LIMITS["bytes read with their escapes"]:
        data = source.read(LIMITS["bytes read with their escapes"])
        # In two bytes to a character nothing is escaped.
        if b"\0" not in data:
            ending = reading.name.rpartition(".")[2].lower()
            if ending in _STYLES:
                yield from data_uris.members(data, reading)
                data = escapes.style_sheet(data)
            elif ending in _ADDRESSES:
                data = escapes.without_percent(data)
            elif escapes.numbered(data):
                data = _LINE_END.sub(rb"\1\n", escapes.plain(data))
        source = Source.of(data)
    yield from text.pieces(source, reading)


_STYLES = frozenset({"css", "scss", "less"})
_ADDRESSES = frozenset({"url", "desktop", "webloc", "website"})
"""Endings of files that lead to another, whose name is written as in an address."""
