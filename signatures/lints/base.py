"""What every lint is made of: a fault, a file of rules with its lines, and the lint itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import yaml

from signatures.rules import Pack, Rule, Words

try:
    from yaml import CSafeLoader as _Loader
except ImportError:
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


class Weight(StrEnum):
    """How much a fault matters."""

    ERROR = "error"
    """The rule must not come into force."""
    WARNING = "warning"
    """The rule works, and is better looked at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file of rules."""

    lint: str
    """Name of the lint, such as ``examples-missing``."""
    weight: Weight
    file: str
    line: int
    """Counted from 1."""
    rule: str | None
    """Id of the rule; None where it is the file's."""
    wrong: Words
    """What is wrong, in one sentence."""
    mend: Words
    """What to do about it."""


@dataclass(frozen=True)
class Source:
    """A file of rules that could be read as one."""

    file: Path | str
    data: bytes
    pack: Pack

    @property
    def entries(self) -> list[Entry]:
        """Its rules, each with its place."""
        return [Entry(self, number, rule) for number, rule in enumerate(self.pack.rules)]

    @cached_property
    def _lines(self) -> list[dict[str, int]]:
        """For each rule the line of each of its keys; under the empty key that of the rule."""
        root = yaml.compose(self.data.decode("utf-8-sig"), Loader=_Loader)
        found: list[dict[str, int]] = []
        if root is None:
            return found
        for key, value in root.value:
            if key.value == "rules":
                for rule in value.value:
                    lines = {name.value: name.start_mark.line + 1 for name, _ in rule.value}
                    found.append(lines | {"": lines.get("id", rule.start_mark.line + 1)})
        return found

    def line(self, number: int, key: str = "") -> int:
        """The line on which a rule (counted from 0) or one of its keys stands."""
        lines = self._lines[number] if number < len(self._lines) else {}
        return lines.get(key) or lines.get("", 1)


@dataclass(frozen=True)
class Entry:
    """One rule and where it stands."""

    source: Source
    number: int
    """Its place in the file, from 0."""
    rule: Rule

    @property
    def pack(self) -> Pack:
        """The pack it belongs to."""
        return self.source.pack

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from every other, even one of the same id."""
        return str(self.source.file), self.number


class Lint:
    """One thing that can be wrong with a rule. Each is a class with a name and one sentence; it holds no state."""

    name: ClassVar[str]
    """What faults are called by: two or three words with hyphens."""
    says: ClassVar[Words]
    """What it wants, in one sentence."""
    weight: ClassVar[Weight] = Weight.ERROR

    def of_rule(self, entry: Entry) -> Iterator[Fault]:  # noqa: ARG002  # for those that look at single rules
        """What is wrong with one rule by itself."""
        yield from ()

    def of_all(self, entries: list[Entry]) -> Iterator[Fault]:
        """What is wrong with rules beside one another."""
        for entry in entries:
            yield from self.of_rule(entry)

    def fault(self, entry: Entry, key: str, wrong: Words, mend: Words) -> Fault:
        """A fault of this lint at a key of a rule."""
        line = entry.source.line(entry.number, key)
        return Fault(self.name, self.weight, str(entry.source.file), line, entry.rule.id, wrong, mend)


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that was most likely meant."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.5)), None)
