"""Two rules that are one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from signatures.lints.base import Entry, Fault, Lint, Weight
from signatures.lints.examples import NOTATION
from signatures.markings import Grammar
from signatures.markings.scoring import REVIEW
from signatures.passages import Passage
from signatures.rules import Words, rule_set


class AlwaysTogether(Lint):
    """No two rules find exactly the same of all their examples."""

    name = "always-together"
    says = Words(
        zh="没有两条规则在全部例子上总是同时命中。",
        en="No two rules find exactly the same of all their examples.",
    )
    weight = Weight.WARNING

    def of_all(self, entries: list[Entry]) -> Iterator[Fault]:
        """Tell of the later one of each such pair."""
        entries = [e for e in entries if e.rule.family != NOTATION and e.rule.examples.match]
        passages = {e.key: [Passage(one.zone, one.text) for one in e.rule.examples.match] for e in entries}
        found = {entry.key: self._found(entry, passages) for entry in entries}
        for number, later in enumerate(entries):
            for entry in entries[:number]:
                if later.key in found[entry.key] and entry.key in found[later.key]:
                    yield self.fault(
                        later, "examples",
                        Words(
                            zh=f"与 {entry.rule.id} 在彼此全部例子上总是同时命中",
                            en=f"it finds all examples of {entry.rule.id}, which finds all of its own",
                        ),
                        Words(
                            zh="合并两条规则, 或用例子说明它们的区别。",
                            en="Make one rule of the two, or show by examples where they differ.",
                        ),
                    )  # fmt: skip

    def _found(self, entry: Entry, passages: dict[tuple[str, int], list[Passage]]) -> set[tuple[str, int]]:
        """The rules all of whose examples this one finds when it is in force alone.

        Alone, because in company the grammar gives each piece of text to one rule only.
        """
        grammar = Grammar(rule_set([msgspec.structs.replace(entry.pack, rules=[entry.rule], enabled=True)]))
        return {key for key, texts in passages.items() if all(grammar.find([one], least=REVIEW) for one in texts)}
