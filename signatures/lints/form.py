"""Lints of a rule's form: what it is called, and of what it consists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from signatures.lints.base import Entry, Fault, Lint
from signatures.rules import Words

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*")


class IdMalformed(Lint):
    """A rule is called ``<pack>.<word>``, in small letters, digits and hyphens."""

    name = "id-malformed"
    says = Words(
        zh="规则的 id 写作“包名.词”, 只用小写字母、数字和连字符。",
        en="A rule is called <pack>.<word>, in small letters, digits and hyphens.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse an id of another pack or of another form."""
        rule, prefix = entry.rule, entry.pack.pack + "."
        if not rule.id.startswith(prefix) or not _ID.fullmatch(rule.id):
            yield self.fault(
                entry, "id",
                Words(zh=f"id {rule.id!r} 的写法不对", en=f"the id {rule.id!r} is not of that form"),
                Words(zh=f"以 {prefix!r} 开头, 后接小写词。", en=f"Begin it with {prefix!r}, all in small letters."),
            )  # fmt: skip


class IdTwice(Lint):
    """No two rules have the same id, whatever files they are in."""

    name = "id-twice"
    says = Words(
        zh="任何两条规则的 id 不得相同, 不论在哪个文件。",
        en="No two rules have the same id, whatever files they are in.",
    )

    def of_all(self, entries: list[Entry]) -> Iterator[Fault]:
        """Tell of every rule whose id another had before."""
        first: dict[str, Entry] = {}
        for entry in entries:
            other = first.setdefault(entry.rule.id, entry)
            if other is not entry:
                where = f"{other.source.file}:{other.source.line(other.number)}"
                yield self.fault(
                    entry, "id",
                    Words(zh=f"id {entry.rule.id!r} 已用于 {where}", en=f"{entry.rule.id!r} is taken by {where}"),
                    Words(zh="给这条规则另取一个 id。", en="Give this rule an id of its own."),
                )  # fmt: skip


class ProductionOrPattern(Lint):
    """A rule has either a production of the grammar or a pattern, and a production has levels to look for."""

    name = "production-or-pattern"
    says = Words(
        zh="一条规则要么用语法产生式, 要么用 pattern; 产生式需要包中有密级词。",
        en="A rule has either a production of the grammar or a pattern, and a production has levels to look for.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse both, neither, and a production without levels."""
        rule = entry.rule
        if (rule.production is None) == (rule.pattern is None):
            both = rule.production is not None
            yield self.fault(
                entry, "pattern",
                Words(
                    zh="既有 production 又有 pattern" if both else "既没有 production 也没有 pattern",
                    en="it has a production and a pattern" if both else "it has neither a production nor a pattern",
                ),
                Words(zh="只写其中一个。", en="Write exactly one of the two."),
            )  # fmt: skip
        elif rule.production is not None and not entry.pack.vocabulary.levels:
            yield self.fault(
                entry, "production",
                Words(
                    zh=f"产生式 {rule.production} 没有可找的密级词",
                    en=f"the production {rule.production} has no levels to look for",
                ),
                Words(zh="在 vocabulary.levels 中列出密级。", en="List the levels under vocabulary.levels."),
            )  # fmt: skip
