"""Lints of the words and names that a rule uses: titles, family, zones, controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from signatures.lints.base import Entry, Fault, Lint, Weight, nearest
from signatures.markings.zones import GROUPS
from signatures.passages import Zone
from signatures.plain_words import FAMILIES
from signatures.register import register
from signatures.rules import Words

_HAN = re.compile("[一-鿿]")
_LATIN = re.compile("[A-Za-z]{2}")


def _meant(name: str, known: list[str]) -> Words:
    near = nearest(name, known)
    if near is not None:
        return Words(zh=f"是否想写 {near!r}?", en=f"Did you mean {near!r}?")
    listed = ", ".join(known)
    return Words(zh=f"可用的有: {listed}。", en=f"Known are: {listed}.")


class TitleLanguage(Lint):
    """A title is told in Chinese and in English."""

    name = "title-language"
    says = Words(zh="标题要有中文和英文。", en="A title is told in Chinese and in English.")

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse a title without a word of the language."""
        title = entry.rule.title
        missing = [name for name, word in (("zh", _HAN.search(title.zh)), ("en", _LATIN.search(title.en))) if not word]
        for language in missing:
            yield self.fault(
                entry, "title",
                Words(zh=f"标题缺少 {language} 文字", en=f"the title has no words in {language!r}"),
                Words(zh=f"写上 title.{language}。", en=f"Write title.{language}."),
            )  # fmt: skip


class FamilyUnknown(Lint):
    """A family is one that the judging table and the pages know by name."""

    name = "family-unknown"
    says = Words(
        zh="规则所属的类别应是判定表和页面已知的。",
        en="A family is one that the judging table and the pages know by name.",
    )
    weight = Weight.WARNING

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Tell of a family that nobody has heard of: its findings are judged by the table's last rows."""
        family = entry.rule.family
        if family not in FAMILIES:
            yield self.fault(
                entry, "family",
                Words(zh=f"未知的类别 {family!r}", en=f"unknown family {family!r}"),
                _meant(family, list(FAMILIES)),
            )  # fmt: skip


class ZoneUnknown(Lint):
    """A zone is a zone or a group of zones of the grammar."""

    name = "zone-unknown"
    says = Words(zh="zones 只能写语法中的区域或区域组。", en="A zone is a zone or a group of zones of the grammar.")

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse a zone that does not exist, and a rule that is looked for nowhere."""
        known = [*GROUPS, *map(str, Zone)]
        for zone in entry.rule.zones:
            if zone not in known:
                yield self.fault(
                    entry, "zones",
                    Words(zh=f"未知的区域 {zone!r}", en=f"unknown zone {zone!r}"),
                    _meant(zone, known),
                )  # fmt: skip
        if not entry.rule.zones:
            yield self.fault(
                entry, "zones",
                Words(zh="没有任何区域, 规则永不生效", en="it has no zone and is looked for nowhere"),
                Words(zh="列出区域, 或删去 zones 一项。", en="List zones, or leave the key out."),
            )  # fmt: skip


class ControlUnknown(Lint):
    """A control is one of those in ``signatures/register``, so that a finding can cite its clause."""

    name = "control-unknown"
    says = Words(
        zh="controls 中的编号必须在 signatures/register 中有定义, 才能引用条款。",
        en="A control is one of those in signatures/register, so that a finding can cite its clause.",
    )

    @cached_property
    def _known(self) -> list[str]:
        return sorted(register())

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Tell of controls that are not there, and of a rule that serves none."""
        unknown = [control for control in entry.rule.controls if control not in self._known]
        if unknown:
            listed = ", ".join(unknown)
            yield self.fault(
                entry, "controls",
                Words(zh=f"未知的控制项 {listed}", en=f"unknown controls: {listed}"),
                _meant(unknown[0], self._known),
            )  # fmt: skip
        if not entry.rule.controls:
            yield self.fault(
                entry, "controls",
                Words(zh="没有写明对应的控制项", en="it serves no control"),
                Words(
                    zh="在 controls 中写明这类发现可能违反哪一条。",
                    en="Name under controls which of them a file with this marking may break.",
                ),
            )  # fmt: skip
