"""The packs of rules that ship with this collector, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.utils.translation import get_language

from server.web.words import NO_LEVELS, word
from signatures.rules import Pack, Rule, Words, load_rules, read_packs


@dataclass(frozen=True)
class PackLine:
    """One pack as the list shows it."""

    name: str
    title: str
    families: Sequence[str]
    levels: Sequence[str]
    controls: Sequence[str]
    rules: int
    examples: int
    enabled: bool


def pick(words: Words) -> str:
    """The words in the reader's language."""
    return words.en if (get_language() or "zh") == "en" else words.zh


def lines() -> list[PackLine]:
    """Every pack, those in force first."""
    return sorted((_line(pack) for pack in _packs().values()), key=lambda line: (not line.enabled, line.name))


def pack_named(name: str) -> Pack | None:
    """A pack by its name; None for one that is not there."""
    return _packs().get(name)


def levels_of(rule: Rule, pack: Pack) -> list[str]:
    """The levels a rule can find."""
    if rule.level:
        return [word(NO_LEVELS, rule.level)]
    told = list(dict.fromkeys(rule.levels.values()))
    return told or [level.word for level in pack.vocabulary.levels if rule.production]


def read_ahead() -> None:
    """Read them before anybody asks: that takes a quarter of a second."""
    shipped()
    _packs()


@cache
def shipped() -> str:
    """The digest of the rules that ship with this collector, as agents of the same version report it."""
    return load_rules().digest


@cache
def _packs() -> dict[str, Pack]:
    return {pack.pack: pack for pack in read_packs()}


def _line(pack: Pack) -> PackLine:
    levels = [level.word for level in pack.vocabulary.levels]
    levels += [level for rule in pack.rules for level in levels_of(rule, pack)]
    examples = sum(len(rule.examples.match) + len(rule.examples.no_match) for rule in pack.rules)
    return PackLine(
        name=pack.pack,
        title=pick(pack.title),
        families=list(dict.fromkeys(rule.family for rule in pack.rules)),
        levels=list(dict.fromkeys(levels)),
        controls=sorted({control for rule in pack.rules for control in rule.controls}),
        rules=len(pack.rules),
        examples=examples,
        enabled=pack.enabled,
    )
