r"""Text in which programs write characters as ``\uXXXX`` and line ends as ``\n``: JSON, YAML, TOML, scripts.

The characters are put in their place; then it is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "escaped"
MEDIA_TYPES = (
    "application/json",
    "text/x-java-properties",
    "application/yaml",
    "application/toml",
    "text/javascript",
)
LIMITS = {"bytes read with their escapes": 32 * MiB}
LIMITATIONS = (
    "a file larger than 32 MiB is searched as it stands",
    "values that are spread over several strings are not put together",
)

_RUN = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")
_LINE_END = re.compile(rb"(?<!\\)((?:\\\\)*)\\n")


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the text as it is meant."""
    if source.size <= LIMITS["bytes read with their escapes"]:
        data = source.read(LIMITS["bytes read with their escapes"])
        # In two bytes to a character nothing is escaped.
        if b"\\u" in data and b"\0" not in data:
            data = _LINE_END.sub(rb"\1\n", _RUN.sub(_characters, data))
        source = Source.of(data)
    yield from text.pieces(source, reading)


def _characters(run: re.Match[bytes]) -> bytes:
    said = bytes.fromhex(run[0].replace(b"\\u", b"").decode("ascii")).decode("utf-16-be", "replace")
    # A quote or a control character would say something else than what was escaped.
    return "".join(letter if letter >= " " and letter not in '"\\' else " " for letter in said).encode("utf-8")
