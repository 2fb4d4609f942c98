"""The register of controls: every rule of the regulations that software can check, support or record, with its clause.

`signatures.controls` holds those that findings are judged by, worded for a violation; this is the whole catalogue,
by regime, against which coverage is counted.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from protocol.records import Severity
from signatures.controls import Text
from signatures.strict_yaml import FileMistake, read

FOLDER = Path(__file__).parent
COLLECTOR = "collector.yaml"

Kind = Literal["endpoint", "collector", "ledger", "workflow", "attestation"]
"""Where a rule can be tested or recorded; the first of a rule's kinds is its main one."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule, in the words of its source (Chinese) and in English."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]+-\d{2}$")]
    zh: str
    en: str
    clause: str
    kinds: tuple[Kind, ...]
    software: Literal["yes", "part", "no"]
    """Whether software can test it fully, in part, or not at all."""
    severity: Severity

    @property
    def text(self) -> Text:
        """The rule in both languages."""
        return Text(zh=self.zh, en=self.en)


class Regime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: the rules of one regime."""

    regime: Text
    rules: tuple[Rule, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with the regime it belongs to."""

    rule: Rule
    regime: Text


def load(folder: Path = FOLDER) -> dict[str, Entry]:
    """Every rule by its id, in the order of the regimes. Raises `strict_yaml.FileMistake`."""
    order = ("cpc", "npc", "media", "net", "class", "mark", "doc", "dispose", "pwd", "sec", "check", "incident", "pers")
    paths = sorted(
        (path for path in folder.glob("*.yaml") if path.name != COLLECTOR),
        key=lambda path: (order.index(path.stem) if path.stem in order else len(order), path.stem),
    )
    found: dict[str, Entry] = {}
    for path in paths:
        regime = read(path, Regime)
        for rule in regime.rules:
            if rule.id in found:
                raise FileMistake(path, 1, f"the rule {rule.id} stands twice")
            found[rule.id] = Entry(rule=rule, regime=regime.regime)
    return found


@cache
def register() -> dict[str, Entry]:
    """The register that we ship, read once."""
    return load()


def at_the_collector(folder: Path = FOLDER) -> dict[str, Text]:
    """Id → what the collector does for it today. Raises `strict_yaml.FileMistake`."""
    return read(folder / COLLECTOR, dict[str, Text])
