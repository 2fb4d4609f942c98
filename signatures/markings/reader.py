"""The reader: of the passages of a document, the lines that can hold a marking, as views, at a bounded cost.

Three things keep the cost in proportion to the text, whatever the text is: one hit is looked for on each line, a very
long line is read only around its stars, and a line that differs from a hundred others in its digits alone is passed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from signatures.expressions import Expression
from signatures.markings.candidates import Line
from signatures.markings.normalise import Joiner, View, normalise
from signatures.markings.patterns import gate
from signatures.markings.triggers import BODY_MARK, STAR, column_around, lines_with, narrowed, trigger_of, with_any
from signatures.passages import Passage, Zone

if TYPE_CHECKING:
    from signatures.markings.patterns import PatternRule
    from signatures.rules import RuleSet

WINDOW = 300
"""Characters before and after a hit that are read of a line longer than `LONG`; the longest line of body text."""
LONG = 1000
_READ = 200
"""Stars that are read of one such line."""
_ALIKE = 100
"""Lines of one zone that are read although only their digits differ."""
_FEW = 100
"""Lines that are read before it is worth asking whether they are alike."""
_SHAPES = 20_000
"""Shapes of lines that are remembered of one document."""
_TAIL = 40
"""Passages at the end of a document among which its last lines are looked for; properties come after the text."""
_LAST_LINES = 6
_SHORT_LINE = 60
_DIGITS = Expression(r"\d+")
_LABEL = "密级"
_REMARKS = frozenset({"comment", "comments", "note", "notes", "outline"})
"""Parts of a document that stand beside its text: each piece of them is by itself what a cell is in a table."""
_AUTHOR = Expression(r"[^\n]{1,40}[:：]\s*\n")
"""The line with which a comment begins that names who wrote it."""
_OF_WHAT = r"[^\W\d_A-Za-z的标定确明为是分写填按各其低高同何该解变更降升有无]{2,4}"
"""What a level may be of, before the label: a word that neither says what is done with levels nor which of them."""
_VALUE = "(?:[绝机秘]密|内部|工作秘密|核心商密|普通商密)"
_MERE_WORD = Expression(r"[\s\d.、(（【\[]{0,12}[一-龥]{1,6}[\s\d.…)）】\]]{0,40}")
_PORTION = Expression(
    r"\s{0,8}[(\[【〔〈]\s{0,3}(?:密级:)?[绝机秘]密级?\s?★[^()\[\]【】〔〕〈〉]{1,20}[)\]】〕〉]\s{0,3}(?![\s,、。;:和或及与等的是为即])"
    r"(?=.{4})"
)
"""How a paragraph begins that bears a mark of its own: a starred mark in brackets, and its text behind it."""
_MOST_PORTION = 60
"""Characters within which such a mark ends."""
_RUNS_ON = Expression(r"[^\n]{20,}[^\s。.!?！？;；:：…”’」』)）】〕]\s*")
"""A line whose sentence goes on below it: a bracket there opens no paragraph."""
_SENSITIVITY_LABEL = Expression(r"MSIP_Label_[\w-]{1,80}_(?:Name|ContentMarking\w{0,20})")


class _Stretch(msgspec.Struct, frozen=True):
    """A slice of ``source`` that is read as one line."""

    number: int
    source: str
    first: int
    last: int
    vertical: bool = False

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source[self.first : self.last]


class Reader:
    """The triggers of a rule set, compiled. Holds no state of a document."""

    def __init__(self, rules: RuleSet, in_body: Sequence[PatternRule], spellings: Sequence[str]) -> None:
        """``in_body`` are the rules that look at running text, ``spellings`` further ways to write a level."""
        words = {word for pack in rules.packs for word in pack.vocabulary.words}
        levels = {level.word for pack in rules.packs for level in pack.vocabulary.levels}
        words |= levels | {f"{level}级" for level in levels if not level.isascii()}
        words |= {label for pack in rules.packs for label in pack.vocabulary.field_labels}
        words |= {entry.text for rule in rules.rules for entry in rule.literals if entry.gaps}
        self.joiner = Joiner(tuple(words | set(spellings)))
        self.labels = _labels({label for pack in rules.packs for label in pack.vocabulary.field_labels})
        self._trigger = trigger_of(rules.literals)
        self._body_trigger = trigger_of(lambda: rules.literals_of([p.rule for p in in_body]))
        self._body_gate = gate(in_body)

    def lines(self, passages: Sequence[Passage]) -> Iterator[Line]:
        """All lines of a document that can hold a marking."""
        alike = _Alike()
        count = 0
        tail = _last_lines(passages)
        telling = self._telling(passages)
        for index, passage in enumerate(passages):
            if index in tail:
                yield from self._closing_fields(passage, index, tail[index])
            if passage.zone is Zone.BODY and passage.place.part in _REMARKS:
                yield from self._remark(passage, index)
            for stretch in self._stretches(passage) if index in telling else ():
                count += 1
                if count <= _FEW or alike.is_new((passage.zone, passage.struck, _DIGITS.sub("0", stretch.text))):
                    view = normalise(stretch.text, self.joiner, vertical=stretch.vertical)
                    own = replace(passage, zone=Zone.PARA_LEAD) if _is_portion(passage, stretch, view) else passage
                    yield Line(own, index, stretch.number, view, stretch.source, stretch.first, stretch.last)

    def _telling(self, passages: Sequence[Passage]) -> set[int]:
        """The passages that may have a trigger in them, by their place."""
        texts = self._texts(passages)
        body = [index for index, passage in enumerate(passages) if passage.zone is Zone.BODY]
        others = [index for index, passage in enumerate(passages) if passage.zone is not Zone.BODY]
        found = {body[n] for n in with_any([texts[index] for index in body], (STAR, self._body_trigger))}
        return found | {others[n] for n in with_any([texts[index] for index in others], (self._trigger,))}

    def _texts(self, passages: Sequence[Passage]) -> list[str]:
        return [self._labelled(passage) if passage.name else passage.text for passage in passages]

    def _closing_fields(self, passage: Passage, index: int, left: int) -> Iterator[Line]:
        """Form fields on the last lines of the text: they stand where a paper has its notes, not in the midst of it.

        ``left`` is how many lines of the passage are among the last.
        """
        end = len(passage.text)
        number = passage.text.count("\n")
        while left > 0 and end != -1:
            first = passage.text.rfind("\n", 0, end) + 1
            if end - first <= _SHORT_LINE:
                view = normalise(passage.text[first:end], self.joiner)
                if self.labels.match(view.text) and STAR.search(view.text) is None:
                    closing = replace(passage, zone=Zone.NOTE_END)
                    yield Line(closing, index, number, view, passage.text, first, end)
            left, number, end = left - 1, number - 1, first - 1

    def _remark(self, passage: Passage, index: int) -> Iterator[Line]:
        """The lines of a comment, a note or an outline that may be a marking by themselves, as leads.

        A mere word may be a heading of what follows or an answer to what is asked: it must be all that is said there.
        Starred marks of state secrets are read as in running text.
        """
        text, lines = passage.text, []
        start = author.end() if (author := _AUTHOR.match(text)) else 0
        for number, first, last in lines_with(text, (self._trigger,)):
            if first >= start and last - first <= _SHORT_LINE and not BODY_MARK.match(text, first, last):
                lines.append((number, first, last))
            if len(lines) > _FEW:
                break
        edges = {_first_line(text, start), _last_line(text)}
        for number, first, last in lines:
            whole = not text[start:first].strip() and not text[last:].strip()
            if whole or (
                not _MERE_WORD.fullmatch(text, first, last) and (passage.place.part == "outline" or first in edges)
            ):
                lead = replace(passage, zone=Zone.PARA_LEAD)
                yield Line(lead, index, number, normalise(text[first:last], self.joiner), text, first, last)

    def short_lines(self, passages: Sequence[Passage], trigger: Expression) -> Iterator[Line]:
        """The lines, in any zone, in which ``trigger`` is found, without the very long ones."""
        alike = _Alike()
        texts = self._texts(passages)
        for index in with_any(texts, (trigger,)):
            passage, text = passages[index], texts[index]
            for number, first, last in lines_with(text, (trigger,)):
                if last - first <= WINDOW and alike.is_new((passage.zone, text[first:last])):
                    view = normalise(text[first:last], self.joiner)
                    yield Line(passage, index, number, view, text, first, last)

    def _stretches(self, passage: Passage) -> Iterator[_Stretch]:
        text = self._labelled(passage)
        body = passage.zone is Zone.BODY
        done = 0
        for number, first, last in lines_with(text, (STAR, self._body_trigger) if body else (self._trigger,)):
            if first < done:
                continue
            if text.find("\n", first, last) >= 0:
                if column := column_around(text, first, last):
                    done = column[1]
                    yield _Stretch(number - text.count("\n", column[0], first), text, *column, vertical=True)
                elif last - first <= WINDOW:
                    yield _Stretch(number, text, first, last)
            elif last - first > (WINDOW if body else LONG):
                if not body:
                    yield from _windows(text, number, first, last)
                elif _PORTION.match(normalise(text[first : first + _MOST_PORTION], self.joiner).text):
                    yield _Stretch(number, text, first, first + WINDOW)
            elif not body or self._may_mark(text[first:last]):
                yield _Stretch(number, text, first, last)

    def _may_mark(self, line: str) -> bool:
        """Whether a line of running text can be a marking: nothing but a starred mark, or what a rule asks for."""
        if line.isascii():
            return self._body_gate.search(line) is not None
        return BODY_MARK.match(line) is not None or self._body_trigger.search(narrowed(line)) is not None

    def names_level(self, name: str) -> bool:
        """Whether a property of this name holds a level: 密级, Classification."""
        return self.labels.fullmatch(normalise(name + ":", self.joiner).text) is not None

    def _labelled(self, passage: Passage) -> str:
        """The text; of a property that holds a marking (密级, Classification, a sensitivity label) with its label."""
        name = passage.name
        if name and (_SENSITIVITY_LABEL.fullmatch(name) or self.names_level(name)):
            return f"{_LABEL}:{passage.text}"
        return passage.text


def _is_portion(passage: Passage, stretch: _Stretch, view: View) -> bool:
    """Whether a line of running text is a paragraph with a mark of its own, as documents with styles tell it."""
    if passage.zone not in (Zone.BODY, Zone.P1_BLOCK) or _PORTION.match(view.text) is None:
        return False
    above = stretch.source.rfind("\n", 0, max(stretch.first - 1, 0)) + 1
    return _RUNS_ON.fullmatch(stretch.source, above, max(stretch.first - 1, above)) is None


def _last_lines(passages: Sequence[Passage]) -> dict[int, int]:
    """The passages of running text that have some of its last lines, by their place, with how many at most."""
    found: dict[int, int] = {}
    left = _LAST_LINES
    for index in range(len(passages) - 1, max(len(passages) - _TAIL, 0) - 1, -1):
        if left <= 0:
            break
        if passages[index].zone is Zone.BODY:
            found[index] = left
            left -= passages[index].text.count("\n") + 1
    return found


def _first_line(text: str, start: int) -> int:
    """Where the first line begins, from ``start`` on, that is not blank."""
    begin = len(text) - len(text[start:].lstrip())
    return text.rfind("\n", 0, begin) + 1


def _last_line(text: str) -> int:
    """Where the last line begins that is not blank."""
    return text.rfind("\n", 0, len(text.rstrip())) + 1


def _windows(text: str, number: int, first: int, last: int) -> Iterator[_Stretch]:
    """The beginning of a very long line, where a bracket may stand, and what is around its stars.

    Windows that touch are one, so that none ends in the middle of a mark.
    """
    start, end, at = first, min(last, first + WINDOW), first
    for _ in range(_READ):
        hit = STAR.search(text, at, last)
        if hit is None:
            break
        at = hit.end()
        if hit.start() - WINDOW > end:
            yield _Stretch(number, text, start, end)
            start = hit.start() - WINDOW
        end = min(last, hit.end() + WINDOW)
    yield _Stretch(number, text, start, end)


class _Alike:
    """Counts lines of one shape in a document."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[object, ...]] = Counter()

    def is_new(self, shape: tuple[object, ...]) -> bool:
        """Whether there were not yet so many of this shape that one more says nothing."""
        if shape not in self._counts and len(self._counts) >= _SHAPES:
            return True
        self._counts[shape] += 1
        return self._counts[shape] <= _ALIKE


def _labels(words: Iterable[str]) -> Expression:
    """Labels of a field, each with what may stand between it and its value.

    A blank or a dash is enough after a Chinese one; in English that is a phrase (Marking CUI), and a table has wider
    blanks. What the level is of may stand before the label (图纸密级), and a note to who fills it in behind it.
    """
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    chinese, english = (
        "|".join(re.escape(word) for word in longest_first if word.isascii() is ascii_) or r"(?!)"
        for ascii_ in (False, True)
    )
    this = "|".join(re.escape(word) for word in longest_first if word.startswith(("本", "此"))) or r"(?!)"
    return Expression(
        rf"(?<![一-龥A-Za-z“‘\"])[【\[(]?(?:"
        rf"(?:{_OF_WHAT})?(?:{chinese})(?:[】\])]|\s?\([^():]{{1,6}}\)(?=[:\t]))?"
        rf"(?:\s{{0,4}}为?[:=\t]\s{{0,8}}|\s{{1,8}}(?=[一-龥A-Z])|(?:\s?[-·|]{{1,2}}\s?|(?<=[】\])]))(?={_VALUE})|(?=[(\[【〔]{_VALUE}))"
        rf"|(?:{this})为(?=[绝机秘]密级?\s{{0,4}}$)"
        rf"|(?:{english})[】\])]?(?:\s{{0,4}}[:\t|]\s{{0,8}}|\s{{2,8}}(?=[一-龥A-Z])))"
    )
