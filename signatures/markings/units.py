"""Units: the pieces of a line that a marking must fill as a whole (marking-grammar 3.1).

That everything but a starred mark must fill a whole line, cell, property, form field or bracket is the one rule
that keeps talk about secrecy from being taken for a marking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from signatures.expressions import Expression
from signatures.markings.zones import CELLS, FURNITURE, NAMES, TAKES_LEADS, TAKES_TAILS
from signatures.passages import Zone

LONGEST = 120
"""Characters of a line beyond which only starred marks and leading brackets are looked for."""

_BRACKETS = {
    "(": ")",
    "[": "]",
    "【": "】",
    "〔": "〕",
    "〈": "〉",
    "「": "」",
    "『": "』",
    "<": ">",
    "{": "}",
    "〖": "〗",
}
_RULED = Expression(r"([-—–―─━=~_*·|/★]{1,12})\s{0,3}(?=\S)")
_RULED_END = Expression(r"\s{0,3}([-—–―─━=~_*·|/★]{1,12})$")
_SEPARATORS = Expression(
    r"\t|\s?\|\s?|\s{3,}|\s{0,3}(?:[-—–·,/]\s{0,2})?第\s?\d{1,4}\s?页(?:\s?[,/]?\s?共\s?\d{1,4}\s?页)?\s?|\s{0,3}共\s?\d{1,4}\s?页\s?"
    r"|\s{0,3}(?:[-—–·,/]\s{0,2})?(?i:page)\s?\d{1,4}(?:\s?(?i:of|/)\s?\d{1,4})?\s?|\s{0,2}[-—–]\s?\d{1,4}\s?[-—–]\s?"
)
_MERE_NUMBER = Expression(r"\s\d{1,4}(?:\s?/\s?\d{1,4})?$|^\d{1,4}\s")
"""What is a page number around the pages, and elsewhere may number anything."""
_LEAD = Expression(r"\s{0,8}([(\[【〔〈])\s{0,3}([^()\[\]【】〔〕〈〉]{1,60}?)\s{0,3}([)\]】〕〉])")
_TAIL = Expression(r"(?<=\S)\s{0,3}[(\[【〔]\s{0,3}([^()\[\]【】〔〕]{2,30}?)\s{0,3}[)\]】〕]\s{0,8}$")
_BRACKETED = Expression(r"[(\[【〔]\s{0,3}([^()\[\]【】〔〕]{1,40}?)\s{0,3}[)\]】〕]")
_VALUE_END = Expression(
    r"\s{2,}|\t|[;,、。|]|\s?【|\s(?=[一-龥]{2,6}\s?:)"
    r"|\s(?=(?:保密期限?|期限|解密时间|份号|份数|编号|缓急|紧急程度|等级|页数)\s)"
)
_REPLY = Expression(r"(?i:(?:re|fw|fwd|aw|wg|答复|回复|转发)\s{0,2}:\s{0,2}){1,5}")
_MARK = r"(?:[☑☒✓✔√■◼✅●◉]|\(\s?[√✓✔]\s?\)|\[\s?[√✓✔xX]\s?\])"
_EMPTY = r"(?:[□☐○◻◯]|\(\s{0,3}\)|\[\s{0,3}\])"
_TICKED = Expression(rf"{_MARK}\s{{0,2}}([一-龥A-Z]{{2,8}})")
_TICKED_AFTER = Expression(rf"([一-龥A-Z]{{2,8}})\s{{0,2}}{_MARK}")
_BOXES_BEFORE = Expression(rf"(?:[\s,、]{{0,4}}(?:{_MARK}|{_EMPTY})\s{{0,2}}[一-龥A-Z]{{2,8}}){{2,8}}")
_BOXES_AFTER = Expression(rf"(?:[\s,、]{{0,4}}[一-龥A-Z]{{2,8}}\s{{0,2}}(?:{_MARK}|{_EMPTY})){{2,8}}")
BOX = Expression(_EMPTY)
"""A box of a form that was left empty."""
_EXTENSION = Expression(r"\.\w{1,8}$")
_PLAYED = Expression(
    r"(?i:\.(?:mp[234g]|m4[av]|wav|flac|ape|ogg|wma|aac|mkv|avi|mov|wmv|rmvb?|flv|webm|ts|lrc|srt|ass|epub|mobi))"
)
"""Songs, films and their subtitles, and novels: their names are titles."""
_EDGES = Expression(r"[-_—–]+")
_BLANKS = Expression(r"\s+")
_CHINESE_WORDS = Expression(r"[一-龥]{4}")
_MOST_EDGES = 3
_MOST_WORDS = 12
_MOST_OPENING = 6
_APART_WORDS = r"(?:绝密|机密)(?:级|件|文件|资料|材料)?|秘密(?:级|件|文件|资料)|(?:警务)?工作秘密|(?:核心|普通)商密"
_APART = Expression(_APART_WORDS)
"""Markings that are hardly ever a title, nor the beginning of one with a blank behind them."""
_SUBJECT_LEAD = Expression(rf"({_APART_WORDS})\s?[:|-]\s?(?=\S)")


class Piece(msgspec.Struct, frozen=True):
    """A unit of a line: its kind (line, segment, field, lead, tail or name) and its slice of the view."""

    kind: str
    start: int
    end: int
    alone: bool
    """Whether nothing else stands on the line."""


def strip(text: str, start: int, end: int) -> tuple[int, int]:
    """The slice without blanks, ruling and brackets around it (``—— 机密 ——``, ``【机密】``)."""
    for _ in range(4):
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start >= end:
            break
        if _BRACKETS.get(text[start]) == text[end - 1]:
            start, end = start + 1, end - 1
            continue
        opening = _RULED.match(text, start, end)
        closing = _RULED_END.search(text, max(start, end - 16), end)
        if opening and closing and opening.end() <= closing.start():
            start, end = opening.end(), closing.start()
            continue
        break
    return start, end


def pieces_of(text: str, zone: Zone, labels: Expression | None) -> Iterator[Piece]:
    """Every unit of one line of the view, the strongest kind first."""
    if zone in NAMES:
        yield from _of_name(text)
        return
    begin = 0
    if zone is Zone.SUBJECT and (reply := _REPLY.match(text)):
        begin = reply.end()
    if labels is not None and len(text) <= 4 * LONGEST:
        yield from _of_fields(text, labels)
    if len(text) - begin <= LONGEST:
        row = "\t" in text.strip() and zone in CELLS
        if not row:
            start, end = strip(text, begin, len(text))
            if start < end:
                yield Piece("line", start, end, True)
        if zone in FURNITURE or (not row and zone not in CELLS and zone is not Zone.BODY):
            yield from _of_segments(text, begin, numbered=zone in FURNITURE)
    if zone in TAKES_LEADS and (lead := _LEAD.match(text, begin)) and text[lead.end() :].strip():
        yield Piece("lead", lead.start(2), lead.end(2), False)
    if zone is Zone.SUBJECT and (said := _SUBJECT_LEAD.match(text, begin)):
        yield Piece("lead", said.start(1), said.end(1), False)
    if zone in TAKES_TAILS and len(text) <= LONGEST // 2 and (tail := _TAIL.search(text, begin)):
        yield Piece("tail", tail.start(1), tail.end(1), False)


def openings_of(subject: str) -> Iterator[Piece]:
    """The first words of a subject, the most of them first: a title may follow a marking of several words."""
    reply = _REPLY.match(subject)
    begin = reply.end() if reply else 0
    for cut in list(_BLANKS.finditer(subject, begin))[_MOST_OPENING - 1 :: -1]:
        apart = "//" in subject[begin : cut.start()] or _BLANKS.search(subject, begin, cut.start())
        if apart and not subject[cut.end() : cut.end() + 1].islower():
            yield Piece("lead", begin, cut.start(), False)


def _of_segments(text: str, begin: int, *, numbered: bool) -> Iterator[Piece]:
    """What stands between tabs, wide blanks and page numbers, as in the left, middle and right of a header."""
    at = begin
    cuts = [found.span() for found in _SEPARATORS.finditer(text, begin)]
    if numbered and (found := _MERE_NUMBER.search(text, begin)):
        cuts = sorted({*cuts, found.span()})
    for cut_start, cut_end in [*cuts, (len(text), len(text))] if cuts else []:
        start, end = strip(text, at, cut_start)
        if start < end:
            yield Piece("segment", start, end, False)
        at = cut_end


def _of_fields(text: str, labels: Expression) -> Iterator[Piece]:
    """Values after a label: up to the end of the line, and up to where the next thing begins."""
    for label in labels.finditer(text):
        rest = text[label.end() :]
        boxes = BOX.search(rest)
        if boxes:
            yield from _ticked(text, label.end())
            continue
        start, end = strip(text, label.end(), len(text))
        first = not text[: label.start()].strip(" \t[【(")
        if start < end:
            yield Piece("field", start, end, first)
        if (cut := _VALUE_END.search(text, start)) and cut.start() > start:
            yield Piece("field", *strip(text, start, cut.start()), False)


def _ticked(text: str, begin: int) -> Iterator[Piece]:
    """The value whose box is ticked: ``□绝密 ☑机密`` or ``绝密□ 机密☑``, where it is plain which box is whose."""
    for form, ticked in ((_BOXES_BEFORE, _TICKED), (_BOXES_AFTER, _TICKED_AFTER)):
        if whole := form.match(text, begin):
            for found in ticked.finditer(text, begin, whole.end()):
                yield Piece("field", found.start(1), found.end(1), True)
            return


def _of_name(text: str) -> Iterator[Piece]:
    """What a file or folder name offers: its bracket groups, its beginning, its end and what edges set apart."""
    for part in re.finditer(r"[^/\\!]+", text):
        begin, end = part.span()
        extension = _EXTENSION.search(text, begin) if end == len(text) else None
        stem_end = extension.start() if extension else end
        yield from _of_stem(text, begin, stem_end)
        if not (extension and _PLAYED.fullmatch(extension[0])):
            yield from _words_apart(text, begin, stem_end)


def _of_stem(text: str, begin: int, end: int) -> Iterator[Piece]:
    for found in _BRACKETED.finditer(text, begin, end):
        yield Piece("name", found.start(1), found.end(1), False)
    edges = [edge.span() for edge in _EDGES.finditer(text, begin, end)]
    # A marking may have such an edge in itself (OFFICIAL-SENSITIVE), so the first and last few are all tried.
    for edge, _ in edges[:_MOST_EDGES]:
        if edge > begin:
            yield Piece("name", *strip(text, begin, edge), False)
    for _, edge in edges[: -_MOST_EDGES - 1 : -1]:
        if edge < end:
            yield Piece("name", *strip(text, edge, end), False)
    for (_, one), (other, _) in pairwise(edges[:_MOST_WORDS]):
        yield Piece("name", *strip(text, one, other), False)


def _words_apart(text: str, begin: int, end: int) -> Iterator[Piece]:
    """The whole name, or its first or last word, where that is hardly ever a title (``选址报告 机密.docx``)."""
    begin, end = strip(text, begin, end)
    if _APART.fullmatch(text, begin, end):
        yield Piece("name", begin, end, False)
    cuts = [found.span() for found in _BLANKS.finditer(text, begin, end)]
    if not cuts:
        return
    for start, stop, rest in (
        (begin, cuts[0][0], text[cuts[0][1] : end]),
        (cuts[-1][1], end, text[begin : cuts[-1][0]]),
    ):
        if _APART.fullmatch(text, start, stop) and _CHINESE_WORDS.search(rest):
            yield Piece("name", start, stop, False)
