"""Files written into a page or style sheet as addresses (``data:``, RFC 2397)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from agent.scanning.formats.base import Member, NotExamined, Reading
from agent.scanning.formats.mime import base64_bytes

_ADDRESS = re.compile(rb"data:([\w.+-]{1,40}/[\w.+-]{1,80})((?:;[^,;\"'<>]{1,80}){0,4}),([^\"'<>]*)")
_DRESS = re.compile(
    rb"image/(?!svg)|font/|audio/|video/|application/(?:x-)?font|text/(?:css|javascript)|application/(?:x-)?javascript"
)
"""Media types of what a page is dressed with."""
_ENDINGS = {
    b"text/html": "html", b"text/plain": "txt", b"image/svg+xml": "svg", b"application/pdf": "pdf",
    b"text/csv": "csv", b"application/json": "json", b"text/xml": "xml", b"application/xml": "xml",
}  # fmt: skip
_MOST = 1_000


def members(raw: bytes, reading: Reading) -> Iterator[Member]:
    """The files that are no mere dress of the page."""
    if b"data:" not in raw:
        return
    number = 0
    for found in _ADDRESS.finditer(raw):
        kind, parameters, said = found.groups()
        if _DRESS.match(kind.lower()) or len(said) < 16:
            continue
        number += 1
        if number > _MOST:
            return
        name = f"data{number}.{_ENDINGS.get(kind.lower(), 'bin')}"
        try:
            reading.budget.spend(len(said))
        except NotExamined as problem:
            yield Member(name, None, len(said), problem)
            return
        data = unquote_to_bytes(said)
        if parameters.lower().endswith(b";base64"):
            data = base64_bytes(data)
        yield Member(name, data, len(data))
