"""What recognition typically mistakes in a marking, undone: only beside a level word, only as the data says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from signatures import strict_yaml

_MAY_BE = re.compile("[密蜜宓窑]")
FILE = Path(__file__).with_name("confusions.yaml")


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line as it was read, and what it becomes."""

    text: str
    becomes: str


class Confusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of mistake, with lines that must be mended and lines that must be left alone."""

    id: str
    pattern: str
    becomes: str
    why: str
    match: tuple[Example, ...]
    leave: tuple[str, ...]


class Confusions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All kinds of mistakes, in the order in which they are undone."""

    confusions: tuple[Confusion, ...]


class Repair:
    """The mistakes that are known, ready to be undone."""

    def __init__(self, confusions: tuple[Confusion, ...]) -> None:
        self._steps = [(re.compile(one.pattern), one.becomes) for one in confusions]

    def of(self, line: str) -> str:
        """The line without those mistakes."""
        if not _MAY_BE.search(line):
            return line
        for pattern, becomes in self._steps:
            line = pattern.sub(becomes, line)
        return line


def known() -> tuple[Confusion, ...]:
    """The mistakes in our data. Raises `strict_yaml.FileMistake`."""
    return strict_yaml.read(FILE, Confusions).confusions
