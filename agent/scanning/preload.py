"""All that reading files may ask for, loaded before a cage closes: afterwards nothing can be opened any more.

In two parts. `core` is what every file needs and what text takes; a worker forked after it can begin. `formats`
is everything else; a file that needs it in a worker that has only the core is handed to another (see
`agent.scanning.formats.NotLoaded`).
"""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import pkgutil
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module

from agent.scanning import formats
from agent.scanning.formats import archive_library
from agent.scanning.identify import libmagic_available

CORE = ("text", "html", "escaped", "binary")
"""Formats that are loaded with the core: quick to load, and the most frequent."""

CORE_CODECS = (
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


def core() -> None:
    """Load what every worker has."""
    for name in CORE:
        formats.load(name)
    for name in CORE_CODECS:
        codecs.lookup(name)
    libmagic_available()
    _charsets()


def later() -> None:
    """Load all formats, what they call by its name at run time, and every character set that a file may name."""
    for name in sorted(set(formats.FORMATS.values())):
        formats.load(name)
    formats.load("old_pictures")
    archive_library.available()
    for name in LATE:
        import_module(name)
    for module in _charsets():
        with suppress(LookupError):  # those that only another system has
            codecs.lookup(module)


@cache
def _charsets() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(encodings.__path__)) - {"mbcs", "oem"}


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
