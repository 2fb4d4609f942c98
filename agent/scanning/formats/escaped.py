r"""Text in which programs write characters as ``\uXXXX`` and line ends as ``\n``: JSON, notebooks, properties of Java.

What a rule may look for is put as it is meant, each value on a line of its own; then it is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.scanning.formats import text
from agent.scanning.formats.base import MiB, Piece, Reading, Source

NAME = "escaped"
MEDIA_TYPES = ("application/json", "text/x-java-properties")
LIMITS = {"bytes read with their escapes": 32 * MiB}
LIMITATIONS = ("a file larger than 32 MiB is searched as it stands",)

_RUN = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],](?!\s*\n)', re.DOTALL)
_LINE_END = re.compile(rb"(?<!\\)((?:\\\\)*)\\n")
_STAR = "★".encode()


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the passages of the text as it is meant."""
    if source.size <= LIMITS["bytes read with their escapes"]:
        data = source.read(LIMITS["bytes read with their escapes"])
        if b"\0" not in data:  # in two bytes to a character nothing is escaped
            plain = _RUN.sub(_characters, data) if b"\\u" in data else data
            if reading.worth(plain):
                source = Source.of(_TOKEN.sub(_token, plain))
    yield from text.pieces(source, reading)


def _characters(run: re.Match[bytes]) -> bytes:
    said = bytes.fromhex(run[0].replace(b"\\u", b"").decode("ascii")).decode("utf-16-be", "replace")
    # A quote or a control character would say something else than what was escaped.
    return "".join(letter if letter >= " " and letter not in '"\\' else " " for letter in said).encode("utf-8")


def _token(token: re.Match[bytes]) -> bytes:
    """A value with its line ends; what stands between values ends a line.

    A word alone in quotes is one of a list of words, so the quotes stay; but not about a whole mark.
    """
    value = token[0]
    if value[:1] != b'"':
        return b"\n" + value + b"\n"
    value = _LINE_END.sub(rb"\1\n", value)
    return value[1:-1] if _STAR in value else value
