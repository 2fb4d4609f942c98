"""What a file asks of a worker, told by its name and size before anybody opens it."""

from __future__ import annotations

from agent.scanning.formats import FORMATS
from agent.scanning.media_types import EXTENSIONS, TEXT_EXTENSIONS
from agent.scanning.walk import Found
from agent.scanning.wire import ALL, COMMON, TEXT

DOCUMENT = 2 * 1024 * 1024
"""What a document weighs beside its bytes: with many in one hand, the others would wait for it at the end."""

_LOADED_FOR = {"text": TEXT, "escaped": TEXT, "html": COMMON}
"""Formats of text, and how much has to be loaded for each (see `agent.scanning.preload`)."""


def takes(file: Found) -> int:
    """How much a worker has to have loaded to read it, by the ending of its name."""
    ending = file.name.rpartition(".")[2].lower()
    media_type = TEXT_EXTENSIONS.get(ending)
    if media_type == "application/xml":
        return COMMON  # references are looked for in it, as in HTML
    if media_type is not None:
        return _LOADED_FOR.get(FORMATS.get(media_type, ""), ALL)
    return ALL if ending in EXTENSIONS else TEXT


def weight(file: Found) -> int:
    """What a file counts for among those in a worker's hands, in bytes: a document takes as long as a long text."""
    return file.status.st_size + (DOCUMENT if takes(file) == ALL else 0)
