"""The version of each format: which code made a verdict, so that it holds until that code changes and no longer.

A version is a digest over the format's module and all modules of formats it imports, straight or by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path

from agent.scanning.formats import FORMATS
from agent.scanning.program import stamp

_FOLDER = Path(__file__).parent / "formats"
_IMPORTS = re.compile(r"^(?:from|import) agent\.scanning\.formats\.(\w+)", re.MULTILINE)
_NAMES = re.compile(
    r"^from agent\.scanning\.formats import ([\w, ]+)|^from agent\.scanning\.formats import \(([^)]+)\)", re.M
)


def version(name: str) -> bytes:
    """The version of the format that the module ``name`` reads. Raises OSError where there is no such module."""
    return _version(name)


def made_by(media_types: Iterable[str]) -> bytes:
    """Which code made verdicts on files of these media types; the order and repetitions do not matter."""
    return _made_by(frozenset(FORMATS.get(media_type, "") for media_type in media_types))


def version_of(names: Iterable[str]) -> bytes:
    """The version of several formats together. Raises OSError where one of them does not exist."""
    return _made_by(frozenset(names))


@cache
def _made_by(names: frozenset[str]) -> bytes:
    digest = blake2b(digest_size=8)
    for name in sorted(names - {""}):
        digest.update(name.encode() + _version(name))
    return digest.digest()


@cache
def parts_of(name: str) -> frozenset[str]:
    """A module of formats and those that it imports, straight or by others. Raises OSError where there is none."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += _imported(module)
    return frozenset(seen)


@cache
def _version(name: str) -> bytes:
    return stamp(_FOLDER / f"{module}.py" for module in parts_of(name))


@cache
def _imported(module: str) -> frozenset[str]:
    """The modules of formats that one imports."""
    text = (_FOLDER / f"{module}.py").read_text("utf-8")
    names = set(_IMPORTS.findall(text))
    for line, block in _NAMES.findall(text):
        names |= set(re.findall(r"\w+", line or block))
    return frozenset(name for name in names if (_FOLDER / f"{name}.py").is_file())
