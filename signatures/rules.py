"""Rules: the packs that say which markings there are, read strictly from YAML into one `RuleSet`.

A pack is one family of one country: its vocabulary and its rules. A rule is either a structured production of the
grammar (``STARRED``, ``BARE`` …, which take their words from the pack's vocabulary) or a pattern of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Literal as OneOf

import msgspec

from protocol.records import Severity
from signatures.characters import confused_forms, written_forms
from signatures.literals import Literal
from signatures.markings.pieces import compile_pattern
from signatures.markings.zones import GROUPS, zones_of
from signatures.mistakes import FileMistake
from signatures.passages import Zone

PACKS = Path(__file__).parent / "packs"
"""The packs we ship."""


class Production(StrEnum):
    """The structured productions of marking-grammar 3.1."""

    STARRED = "STARRED"
    REVERSED = "REVERSED"
    FIELD = "FIELD"
    PLAIN = "PLAIN"
    BARE = "BARE"
    LEAD = "LEAD"
    FILENAME = "FILENAME"


class Unit(StrEnum):
    """The pieces of a line that a pattern may have to match as a whole."""

    LINE = "line"
    SEGMENT = "segment"
    FIELD = "field"
    LEAD = "lead"
    TAIL = "tail"
    NAME = "name"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text for people, in both languages."""

    zh: str
    en: str


class LiteralEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A literal as a pack writes it: in its normalised form; other ways to write it are added by us."""

    text: str
    gaps: bool = False
    any_case: bool = False


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that a rule must find, or must not."""

    text: str
    zone: Zone = Zone.P1_TOP_LEFT
    level: str | None = None
    period: str | None = None
    codes: list[str] = msgspec.field(default_factory=list)


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proof that comes with each rule."""

    match: list[Example] = msgspec.field(default_factory=list)
    no_match: list[Example] = msgspec.field(default_factory=list)


class LevelWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level, and how long a marking of it may last."""

    word: str
    maximum_years: int | None = None
    """Longest period in years (保守国家秘密法 第二十条); None where nothing limits it."""


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a pack."""

    levels: list[LevelWord] = msgspec.field(default_factory=list)
    """High to low; what the structured productions look for."""
    field_labels: list[str] = msgspec.field(default_factory=list)
    """What stands before the value in a form or property: 密级, Classification."""
    words: list[str] = msgspec.field(default_factory=list)
    """Further words that may be written with gaps (内 部 资 料)."""
    controls: list[str] = msgspec.field(default_factory=list)
    """Control words that may be shown in a finding's marking; any other is masked."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule of a pack."""

    id: str
    """``<pack>.<word>``, such as ``cn-state.starred``."""
    title: Words
    family: str
    """Name of marking-grammar section 1; ``notation`` is negative evidence and never a finding."""
    level: str | None = None
    """The level of every match; without it the pattern's group ``level`` or the word found."""
    levels: dict[str, str] = msgspec.field(default_factory=dict)
    """Group ``level`` as found → name of the level, where the two differ."""
    severity: Severity = Severity.MEDIUM
    severities: dict[str, Severity] = msgspec.field(default_factory=dict)
    """Level → severity, where a level differs from ``severity``."""
    production: Production | None = None
    pattern: str | None = None
    """Regular expression over the normalised view, matched against whole units. ``{{term}}`` and ``{{plain_term}}``
    stand for the grammar's terms, ``{{handling}}`` and ``{{urgency}}`` for notes after a marking. Groups: level,
    term, symbol, owner (left out of the marking), controls."""
    units: list[Unit] = msgspec.field(default_factory=list)
    """Kinds of unit it may match; empty means all."""
    opens: bool = False
    """Whether the pattern may also be just the start of a file name."""
    term: OneOf["required", "optional", "none"] = "optional"
    zones: list[str] = msgspec.field(default_factory=lambda: ["marking", "names"])
    points: int | None = None
    """Points for the form itself; None takes the grammar's table (3.3)."""
    traditional: bool = False
    """Whether traditional characters are its normal writing (no TRAD_CHAR)."""
    support: bool = False
    """Whether it counts for little unless it is repeated over pages, stands in header and footer both, or the
    document has a classification block."""
    companions: list[str] = msgspec.field(default_factory=list)
    """Patterns of which each must be found within six lines."""
    codes: list[str] = msgspec.field(default_factory=list)
    """Validator codes that every match carries."""
    ceiling: int | None = None
    """Most points of a match that has neither star nor term."""
    strength: OneOf["strong", "weak"] = "strong"
    """Of a notation: how much it says against a marking."""
    literals: list[LiteralEntry] = msgspec.field(default_factory=list)
    controls: list[str] = msgspec.field(default_factory=list)
    """Ids of the controls that a file with this marking may break."""
    references: list[str] = msgspec.field(default_factory=list)
    examples: Examples = msgspec.field(default_factory=Examples)

    def where(self) -> frozenset[Zone]:
        """The zones in which it is looked for."""
        return zones_of(self.zones)

    def severity_of(self, level: str | None) -> Severity:
        """The severity of a finding of ``level``."""
        return self.severities.get(level or "", self.severity)


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file of rules."""

    pack: str
    title: Words
    enabled: bool = True
    """False for families that an organisation must ask for by name."""
    vocabulary: Vocabulary = msgspec.field(default_factory=Vocabulary)
    rules: list[Rule]


class RuleSet(msgspec.Struct, frozen=True):
    """All rules in force."""

    packs: tuple[Pack, ...]
    """The packs in force, by name."""
    digest: str
    """``sha256:…`` over the bytes of the packs, and over which of the optional ones were asked for."""
    literals: tuple[Literal, ...]
    """All that the sieve must look for so that no finding is ever missed."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the packs."""
        return tuple(rule for pack in self.packs for rule in pack.rules)

    def literals_of(self, rules: Collection[Rule]) -> tuple[Literal, ...]:
        """What must be looked for so that none of these rules misses anything."""
        wanted = {rule.id for rule in rules}
        return _literals(self.packs, wanted)


class Loaded(msgspec.Struct, frozen=True):
    """What could be read of a directory of packs."""

    rules: RuleSet
    """The packs without a mistake, in force."""
    mistakes: tuple[FileMistake, ...]
    """One for each pack that was left out, by name of file, and for each unknown name that was to be enabled."""


def load_rules(directory: Path | None = None, *, enable: Collection[str] = ()) -> RuleSet:
    """Read all packs (``*.yaml``) of a directory; without one, those we ship.

    ``enable`` names packs to use although they are not enabled by themselves. Raises `FileMistake` for anything
    wrong in a pack, a directory without packs and an unknown name in ``enable``: for a person who has just named
    this directory and can put it right. What must go on working takes `load_sound`.
    """
    loaded = load_sound(directory, enable=enable)
    if loaded.mistakes:
        raise loaded.mistakes[0]
    return loaded.rules


def load_sound(directory: Path | None = None, *, enable: Collection[str] = ()) -> Loaded:
    """Read all packs of a directory and keep those without a mistake: one bad pack does not switch off the others.

    Of two packs that claim the same rule id, the later by file name is left out. Raises
    `FileMistake` where no pack is left: a scan without rules would call everything clean.
    """
    folder = PACKS if directory is None else directory
    packs, mistakes = _read(folder)
    known = {pack.pack for _, _, pack in packs}
    for name in sorted(set(enable) - known):
        mistakes.append(FileMistake(folder, 1, f"there is no pack called {name!r}{_nearest(name, known)}"))
    taken: dict[str, Path] = {}
    digest = hashlib.sha256()
    in_force: list[Pack] = []
    for file, data, pack in packs:
        if twice := _claimed_already(pack, data, file, taken):
            mistakes.append(twice)
            continue
        digest.update(f"{file.name}\0{len(data)}\0".encode() + data)
        if pack.enabled or pack.pack in enable:
            in_force.append(pack)
    if not in_force:
        raise mistakes[0] if mistakes else FileMistake(folder, 1, "there is no pack of rules (*.yaml) in force here")
    for name in sorted(known & set(enable)):
        digest.update(f"+{name}\0".encode())
    return Loaded(rule_set(in_force, f"sha256:{digest.hexdigest()}"), tuple(mistakes))


def rule_set(packs: Iterable[Pack], digest: str = "") -> RuleSet:
    """Packs put in force as they are: for those who have read and checked them already."""
    packs = tuple(packs)
    return RuleSet(packs, digest, _literals(packs))


def read_packs(directory: Path | None = None) -> tuple[Pack, ...]:
    """Every pack of a directory, those not enabled included. Raises `FileMistake` for the first mistake."""
    packs, mistakes = _read(PACKS if directory is None else directory)
    if mistakes:
        raise mistakes[0]
    return tuple(pack for _, _, pack in packs)


def _read(folder: Path) -> tuple[list[tuple[Path, bytes, Pack]], list[FileMistake]]:
    """Every pack of a folder that is right in itself, and what is wrong with the others."""
    from signatures.strict_yaml import parse  # here: rules that were kept compiled are read without YAML

    packs: list[tuple[Path, bytes, Pack]] = []
    mistakes: list[FileMistake] = []
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise FileMistake(folder, 1, "there is no pack of rules (*.yaml) in this directory")
    for file in files:
        try:
            data = file.read_bytes()
            packs.append((file, data, _checked(parse(data, Pack, file), data, file)))
        except FileMistake as mistake:
            mistakes.append(mistake)
        except OSError as error:
            mistakes.append(FileMistake(file, 1, f"the file cannot be read: {error.strerror}"))
    return packs, mistakes


def _checked(pack: Pack, data: bytes, file: Path) -> Pack:
    """Refuse what the types cannot: bad patterns, unknown zones, missing literals."""
    for rule in pack.rules:
        problem = _problem(rule, pack)
        if problem:
            raise FileMistake(file, _line_of(rule.id, data), f"{rule.id}: {problem}")
    return pack


def _problem(rule: Rule, pack: Pack) -> str | None:
    if not rule.id.startswith(pack.pack + "."):
        return f"the id must begin with the name of its pack, {pack.pack + '.'!r}"
    if (rule.production is None) == (rule.pattern is None):
        return "a rule has either a production or a pattern"
    if rule.production is not None and not pack.vocabulary.levels:
        return f"the production {rule.production} needs levels in the pack's vocabulary"
    for zone in rule.zones:
        if zone not in GROUPS and zone not in Zone.__members__.values():
            return f"unknown zone {zone!r}{_nearest(zone, [*GROUPS, *map(str, Zone)])}"
    for pattern in [rule.pattern or "", *rule.companions]:
        try:
            compile_pattern(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            return f"the pattern cannot be read: {error}"
    if rule.family != "notation" and not rule.literals:
        return "every rule must name a literal without which it cannot match (the sieve looks for nothing else)"
    if any(len(entry.text) < 2 for entry in rule.literals):
        return "a literal of one character would let every file through the sieve; give at least two"
    if rule.family != "notation" and not (rule.examples.match and rule.examples.no_match):
        return "every rule proves itself by examples: at least one under match and one under no_match"
    return None


def _claimed_already(pack: Pack, data: bytes, file: Path, taken: dict[str, Path]) -> FileMistake | None:
    """The mistake, where another pack (or this one) has a rule of the same id already; else its ids are taken."""
    ids = [rule.id for rule in pack.rules]
    for number, rule_id in enumerate(ids):
        where = file if rule_id in ids[:number] else taken.get(rule_id)
        if where is not None:
            return FileMistake(file, _line_of(rule_id, data), f"the id {rule_id!r} is used twice; also in {where.name}")
    taken.update(dict.fromkeys(ids, file))
    return None


def _line_of(rule_id: str, data: bytes) -> int:
    at = re.search(rb"(?m)^\s*-?\s*id:\s*['\"]?" + re.escape(rule_id.encode()) + rb"['\"]?\s*$", data)
    return data[: at.start()].count(b"\n") + 1 if at else 1


def _nearest(name: str, known: Collection[str]) -> str:
    import difflib  # only a mistake asks for it

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(sorted(known))}"


def _literals(packs: tuple[Pack, ...], wanted: Collection[str] | None = None) -> tuple[Literal, ...]:
    """Every raw form of every literal, without those that a shorter one already covers."""
    found: dict[Literal, None] = {}
    for pack in packs:
        levels = {level.word for level in pack.vocabulary.levels}
        for entry in _entries(pack, wanted):
            for form in written_forms(entry.text):
                found[Literal(form, gaps=entry.gaps, any_case=entry.any_case)] = None
                if entry.text in levels:
                    found.update(dict.fromkeys(Literal(bad, gaps=True) for bad in confused_forms(form)))
    kept: list[Literal] = []
    for one in sorted(found, key=lambda literal: (len(literal.text), not literal.gaps, not literal.any_case)):
        if not any(_covers(other, one) for other in kept):
            kept.append(one)
    return tuple(kept)


def _entries(pack: Pack, wanted: Collection[str] | None) -> list[LiteralEntry]:
    """The literals of the wanted rules; of all that can make a finding, where none are named."""
    rules = [rule for rule in pack.rules if (rule.family != "notation" if wanted is None else rule.id in wanted)]
    return [entry for rule in rules for entry in rule.literals]


def _covers(short: Literal, long: Literal) -> bool:
    """Whether the sieve finds ``short`` wherever ``long`` stands."""
    if long.gaps and not short.gaps:
        return False
    if short.any_case:
        return short.text.upper() in long.text.upper()
    return not long.any_case and short.text in long.text
