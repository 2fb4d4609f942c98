"""What changes for a computer that goes over to a bundle of rules: rules that come, go and are altered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.rules.bundles import packs_of
from server.rules.models import RuleBundle, RulesRelease
from signatures.rules import Rule, load_rules


@dataclass(frozen=True)
class Changes:
    """Rules by what becomes of them, each in order of their ids; ``before`` is the bundle compared with."""

    before: RuleBundle | None
    """None for the packs that ship with this collector."""
    new: tuple[Rule, ...]
    gone: tuple[Rule, ...]
    altered: tuple[Rule, ...]
    same: int
    """How many rules stay as they are."""


def changes_of(bundle: RuleBundle) -> Changes:
    """A bundle beside the one that is released to the whole house, else beside the packs we ship.

    Rules alone are compared: words and numbers that a pack has for all of its rules are told by its own digest.
    """
    to_all = RulesRelease.objects.filter(ended_at=None, departments=None, bundle__version__lt=bundle.version)
    newest = to_all.order_by("-bundle__version").select_related("bundle").first()
    before = None if newest is None else newest.bundle
    old = _by_id(None) if before is None else _rules_of(before)
    new = _rules_of(bundle)
    both = sorted(old.keys() & new.keys())
    altered = tuple(new[name] for name in both if old[name] != new[name])
    return Changes(
        before=before,
        new=tuple(new[name] for name in sorted(new.keys() - old.keys())),
        gone=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        altered=altered,
        same=len(both) - len(altered),
    )


def _rules_of(bundle: RuleBundle) -> Mapping[str, Rule]:
    with tempfile.TemporaryDirectory(prefix="mijian-rules-") as name:
        for file, data in packs_of(bundle).packs.items():
            (Path(name) / file).write_bytes(data)
        return _by_id(Path(name))


def _by_id(folder: Path | None) -> Mapping[str, Rule]:
    return {rule.id: rule for rule in load_rules(folder).rules}
