"""Lints of patterns: that they can be read, cannot run for ever, and do not match nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from signatures.lints.automaton import Automaton, NotJudged, automaton
from signatures.lints.backtracking import Danger, Loops, dangers
from signatures.lints.base import Entry, Fault, Lint
from signatures.lints.trial import Attack, Job, slow
from signatures.markings.pieces import compile_pattern
from signatures.rules import Rule, Words

_MOST_ATTACKS = 40
_READ_ERRORS = (re.error, RecursionError, OverflowError)


def expressions(rule: Rule) -> Iterator[tuple[str, str, bool]]:
    """The key, the pattern with the grammar's terms put in, and whether it is searched for; unreadable ones not."""
    parts = [("pattern", rule.pattern or "", False), *(("companions", one, True) for one in rule.companions)]
    for key, pattern, searched in parts:
        try:
            compiled = compile_pattern(pattern).pattern
        except _READ_ERRORS:
            continue
        if pattern:
            yield key, compiled, searched


class PatternUnreadable(Lint):
    """A pattern is a regular expression as Python's `re` reads it."""

    name = "pattern-unreadable"
    says = Words(
        zh="pattern 是 Python re 能读的正则表达式。", en="A pattern is a regular expression as Python's re reads it."
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse any other."""
        for key, pattern in [
            ("pattern", entry.rule.pattern or ""),
            *(("companions", p) for p in entry.rule.companions),
        ]:
            try:
                compile_pattern(pattern)
            except _READ_ERRORS as error:
                told = str(error) or type(error).__name__
                yield self.fault(
                    entry, key,
                    Words(zh=f"正则表达式无法读取: {told}", en=f"the regular expression cannot be read: {told}"),
                    Words(zh="改正所指位置。", en="Mend it at the place it names."),
                )  # fmt: skip


class PatternEmpty(Lint):
    """A pattern does not match the empty text."""

    name = "pattern-empty"
    says = Words(zh="pattern 不得匹配空文字。", en="A pattern does not match the empty text.")

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse one that does: it would find a marking where nothing stands."""
        for key, pattern, searched in expressions(entry.rule):
            if re.compile(pattern).search("") if searched else re.compile(pattern).fullmatch(""):
                yield self.fault(
                    entry, key,
                    Words(zh="没有文字也能匹配", en="it matches where nothing stands"),
                    Words(zh="至少让一部分必须出现。", en="Make at least one part of it required."),
                )  # fmt: skip


class PatternBacktracks(Lint):
    """No text makes a pattern go back and try again without end: no loop can be gone through in two ways."""

    name = "pattern-backtracks"
    says = Words(
        zh="没有文字能让 pattern 无休止地回溯: 任何循环都只有一种走法。",
        en="No text makes a pattern go back and try again without end: no loop can be gone through in two ways.",
    )

    def of_rule(self, entry: Entry) -> Iterator[Fault]:
        """Refuse one that can, with a text that shows it."""
        for key, pattern, searched in expressions(entry.rule):
            try:
                danger = next(dangers(automaton(pattern), searched=searched), None)
            except (NotJudged, RecursionError) as error:
                yield self.fault(
                    entry, key,
                    Words(zh=f"无法判断它是否会无休止地运行: {error}", en=f"it cannot be shown to end: {error}"),
                    Words(
                        zh="写得短些, 分成几条规则; 不要用反向引用。",
                        en="Make it shorter or several rules of it; use no references to groups.",
                    ),
                )  # fmt: skip
                continue
            if danger is not None:
                yield self.fault(entry, key, _told(danger), _mended(danger))


def _told(danger: Danger) -> Words:
    shown = f"{danger.prefix[-20:]!r} + {danger.pump[:20]!r} × n"
    if danger.degree is None:
        return Words(
            zh=f"嵌套的重复或重叠的选择会使时间成倍增长, 例如 {shown}",
            en=f"nested repetitions or overlapping alternatives: time doubles with each round of {shown}",
        )
    return Words(
        zh=f"相邻的重复能匹配同样的文字, 时间按长度的 {danger.degree} 次方增长, 例如 {shown}",
        en=f"repetitions that take the same text: time grows as length to the power {danger.degree} on {shown}",
    )


def _mended(danger: Danger) -> Words:
    if danger.degree is None:
        return Words(
            zh="去掉里层或外层的重复, 或让各选择以不同的字开头。",
            en="Drop the inner or the outer repetition, or let the alternatives begin with different characters.",
        )
    return Words(
        zh="在重复之间加上必须出现的不同字符, 或给重复加上小的上限。",
        en="Put something between them that neither can take, or give them small bounds.",
    )


class PatternSlow(Lint):
    """A pattern is done with a line of a thousand characters, the hardest there is for it, in a quarter of a second."""

    name = "pattern-slow"
    says = Words(
        zh="对最不利的一千字的行, pattern 也在四分之一秒内完成。",
        en="A pattern is done with the hardest line of a thousand characters in a quarter of a second.",
    )

    def of_all(self, entries: list[Entry]) -> Iterator[Fault]:
        """Refuse what a trial in a process of its own shows to be slower."""
        places: list[tuple[Entry, str]] = []
        jobs: list[Job] = []
        for entry in entries:
            for key, pattern, searched in expressions(entry.rule):
                places.append((entry, key))
                jobs.append(Job(pattern, searched, _attacks(pattern, entry.rule)))
        for number, size in slow(jobs).items():
            yield self.fault(
                *places[number],
                Words(zh=f"对 {size} 个字符的文字过慢", en=f"it is too slow on a text of {size} characters"),
                Words(
                    zh="用更具体的字符代替 .*, 减少可有可无的部分。",
                    en="Say which characters may stand where it says .*, and make fewer parts optional.",
                ),
            )


def _attacks(pattern: str, rule: Rule) -> list[Attack]:
    """Texts that are hard for a pattern: each of its loops pumped, and its own examples over and over."""
    found = [Attack("", one.text, "\x00") for one in rule.examples.match[:4]]
    try:
        whole = automaton(pattern)
    except (NotJudged, RecursionError):
        return [*found, Attack("", "a", "\x00"), Attack("", "密", "\x00"), Attack("", " ", "\x00")]
    for part in (whole, *whole.inner):
        found += _pumped(part)
    return found[:_MOST_ATTACKS]


def _pumped(part: Automaton) -> Iterator[Attack]:
    try:
        loops = Loops(part)
        for loop in loops.parts:
            for position in loop[:2]:
                pump = loops.round(position)
                spoils = part.alphabet.outside(part.masks[position]) or "\x00"
                yield Attack(loops.prefix(position), pump, spoils)
                yield Attack("", pump, spoils)
    except NotJudged:
        return
