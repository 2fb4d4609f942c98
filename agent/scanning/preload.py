"""All that reading files may ask for, loaded before a cage closes: afterwards nothing can be opened any more.

In three parts: what plain text takes, after which the first worker can be forked; what is common besides; everything
else. A file that needs what a worker does not have is handed to another (see `agent.scanning.formats.NotLoaded`).
"""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from agent.scanning import formats
from agent.scanning.formats import archive_library
from agent.scanning.identify import libmagic_available

TEXT_CODECS = (
    "utf-8-sig",
    "gb18030",
    "gbk",
    "big5",
    "big5hkscs",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "cp1252",
    "cp437",
)

LATE = (
    "_strptime",
    "calendar",
    "decimal",
    "email",
    "html.entities",
    "ipaddress",
    "locale",
    "quopri",
    "stringprep",
    "unicodedata",
    "uu",
)
"""Modules that the standard library and others import when they are first used in some way."""


def text() -> None:
    """Load what every worker has: `wire.TEXT`."""
    for name in ("text", "escaped"):
        formats.load(name)
    for name in TEXT_CODECS:
        codecs.lookup(name)
    import_module("heapq")  # `Counter.most_common` asks for it
    _charsets()


def common() -> None:
    """Load what is quick to load, and met in most folders: `wire.COMMON`."""
    for name in ("html", "binary"):
        formats.load(name)
    libmagic_available()


def everything() -> None:
    """Load all formats, what they call by its name at run time, and every character set that a file may name."""
    for name in sorted(set(formats.FORMATS.values())):
        formats.load(name)
    formats.load("inner_pictures")
    formats.load("old_pictures")
    archive_library.available()
    for name in LATE:
        import_module(name)
    for module in _charsets():
        with suppress(LookupError):  # those that only another system has
            codecs.lookup(module)


@cache
def _charsets() -> frozenset[str]:
    files = [file for folder in encodings.__path__ for file in Path(folder).iterdir()]
    return frozenset(file.stem for file in files if file.suffix == ".py") - {"__init__", "mbcs", "oem"}


def close() -> None:
    """Say that from now on nothing can be loaded in this process: what is not there raises `formats.NotLoaded`."""
    formats.close()
    known = _charsets()

    def lacking(name: str) -> None:
        """Asked for a character set that this process does not have: another may."""
        module = encodings.aliases.aliases.get(name, name)
        if module in known and f"encodings.{module}" not in sys.modules:
            raise formats.NotLoaded(module)

    codecs.register(lacking)
