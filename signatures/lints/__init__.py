"""Lints: what can be wrong with rules, each a class with a name and one sentence.

`lint` holds files and folders against all of them; `unsafe` holds packs that were read already against those of
safety alone, which is what must be asked before rules of others come into force. A new lint is a class and its name
in one of the rows below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from signatures.lints.base import Entry, Fault, Lint, Source, Weight
from signatures.lints.examples import ExampleFound, ExampleNotFound, ExamplesMissing
from signatures.lints.form import IdMalformed, IdTwice, ProductionOrPattern
from signatures.lints.literals import LiteralMissing, LiteralShort
from signatures.lints.names import ControlUnknown, FamilyUnknown, TitleLanguage, ZoneUnknown
from signatures.lints.patterns import PatternBacktracks, PatternEmpty, PatternSlow, PatternUnreadable
from signatures.lints.readable import SAYS, UNREADABLE, read_source, unreadable
from signatures.lints.together import AlwaysTogether
from signatures.rules import PACKS, Words

FORM: tuple[Lint, ...] = (
    IdMalformed(),
    IdTwice(),
    ProductionOrPattern(),
    PatternUnreadable(),
    ZoneUnknown(),
)
"""Without which a rule cannot be tried at all."""

SAFETY: tuple[Lint, ...] = (PatternEmpty(), PatternBacktracks(), LiteralShort())
"""Without which a rule could stop or drown the scanner."""

TRIAL: tuple[Lint, ...] = (PatternSlow(),)
"""What the eye of the others may miss; only with rules that passed them."""

STYLE: tuple[Lint, ...] = (
    TitleLanguage(),
    FamilyUnknown(),
    ControlUnknown(),
    ExamplesMissing(),
    LiteralMissing(),
)
"""What a rule must say of itself."""

PROOF: tuple[Lint, ...] = (ExampleNotFound(), ExampleFound(), AlwaysTogether())
"""What is tried out on the examples; only with rules that passed form and safety and that the sieve can see."""

LINTS: tuple[Lint, ...] = (*FORM, *SAFETY, *TRIAL, *STYLE, *PROOF)
"""All of them, in the order in which they are asked."""

SENTENCES: dict[str, Words] = {UNREADABLE: SAYS} | {lint.name: lint.says for lint in LINTS}
"""Name of every lint → its sentence."""


def lint(paths: Iterable[Path] = ()) -> list[Fault]:
    """Everything that is wrong with the packs in these files and folders; without any, with those we ship.

    The packs are held against one another as if they were in force together. Faults are in order of file and line.
    """
    found: list[Fault] = []
    sources: list[Source] = []
    for file in _files(paths):
        try:
            source = read_source(file, file.read_bytes())
        except OSError as error:
            source = unreadable(file, error)
        (found if isinstance(source, Fault) else sources).append(source)  # type: ignore[arg-type]
    found += lint_sources(sources)
    return sorted(found, key=lambda fault: (fault.file, fault.line, fault.lint))


def lint_sources(sources: Iterable[Source]) -> list[Fault]:
    """The same for packs that could be read."""
    entries = [entry for source in sources for entry in source.entries]
    found, safe = _sifted(entries)
    faults = [fault for one in STYLE for fault in one.of_all(entries)]
    unseen = {(fault.file, fault.rule) for fault in faults if fault.lint == LiteralMissing.name}
    seen = [entry for entry in safe if (str(entry.source.file), entry.rule.id) not in unseen]
    return found + faults + [fault for one in PROOF for fault in one.of_all(seen)]


def unsafe(sources: Iterable[Source]) -> list[Fault]:
    """What of these packs must not come into force for the sake of the scanner: faults of form and safety."""
    return _sifted([entry for source in sources for entry in source.entries])[0]


def unsafe_in(directory: Path) -> list[Fault]:
    """The same for all packs of a folder; files that are no packs are not its business."""
    read = [read_source(file, file.read_bytes()) for file in _files([directory])]
    return unsafe(source for source in read if isinstance(source, Source))


def _sifted(entries: list[Entry]) -> tuple[list[Fault], list[Entry]]:
    """What is wrong with form and safety, and the rules that pass both. Each row is asked of what passed the last."""
    found: list[Fault] = []
    for row in (FORM, SAFETY, TRIAL):
        faults = [fault for one in row for fault in one.of_all(entries)]
        bad = {(fault.file, fault.rule) for fault in faults}
        entries = [entry for entry in entries if (str(entry.source.file), entry.rule.id) not in bad]
        found += faults
    return found, entries


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in list(paths) or [PACKS]:
        if path.is_dir():
            yield from sorted(path.glob("*.yaml"))
        else:
            yield path


__all__ = [
    "LINTS",
    "SENTENCES",
    "Fault",
    "Source",
    "Weight",
    "lint",
    "lint_sources",
    "read_source",
    "unsafe",
    "unsafe_in",
]
