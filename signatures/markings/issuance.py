"""Issuance: when a document was issued and under which number, as its own text tells (GB/T 9704-2012 7.2.5, 7.3.5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date

from signatures.expressions import Expression
from signatures.markings.circumstances import UNKNOWN, Circumstances
from signatures.markings.cues import front_lines
from signatures.markings.periods import IssueDate, Source
from signatures.markings.terms import number_of
from signatures.markings.zones import FRONT
from signatures.passages import Passage, Zone

_FIRST_YEAR, _LAST_YEAR = 1949, 2199
_SHORT = 60
"""Characters of a line beyond which it is no date line."""
_PROSE = FRONT | {Zone.BODY, Zone.NOTE_END, Zone.TABLE_FIELD}

_NUMERAL = "[〇零一二三四五六七八九十]"
_DAY = (
    rf"(?P<year>[12]\d{{3}}|[一二][〇零一二三四五六七八九]{{3}})\s?年\s?(?P<month>\d{{1,2}}|{_NUMERAL}{{1,2}})\s?月"
    rf"(?:\s?(?P<day>\d{{1,2}}|{_NUMERAL}{{1,3}})\s?日)?"
)
_DASHED = r"(?P<year>[12]\d{3})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})"
_ALONE = Expression(rf"\(?\s?{_DAY}\s?\)?")
_LABEL = r"(?:成文|发文|制发|制文|定密|签发|编制)(?:日期|时间)"
_LABELLED = tuple(Expression(rf"(?:.{{0,40}}\s)?{_LABEL}\s?[:\s]\s?{day}\s?.{{0,20}}") for day in (_DAY, _DASHED))
_PRINTED = Expression(rf".{{0,40}}?{_DAY}\s?印\s?发\s?")
_DATE_ENDS = Expression(r"[日月][)）]?[ \t\u3000\u00a0]*$", re.MULTILINE)
_LABELS = Expression(r"(?:成文|发文|制发|制文|定密|签发|编制)(?:日期|时间)")
_PRINTS = Expression(r"印[ \u3000]?发[ \t\u3000]*$", re.MULTILINE)
_SIGNATURE = Expression(
    r".{0,28}(?:部|局|厅|委|院|会|室|处|科|司|署|办|府|所|中心|公司|集团|大学|学院|医院|银行|法院|检察院|总队|支队|司令部|组)"
)
_NUMBER = Expression(
    r"(?:发文字号\s?:?\s?)?([一-龥A-Z]{1,12})\s?[〔\[(【]\s?((?:19|20)\d{2})\s?[〕\])】]\s?第?\s?(\d{1,5})\s?号(?:\s.{0,24})?"
)
_CREATED = frozenset(
    {
        "created",
        "creationdate",
        "creation-date",
        "createdate",
        "xmp:createdate",
        "dcterms:created",
        "创建日期",
        "创建时间",
    }
)
_OF_TEMPLATES = ("2013-12-23", "2013-01-27")
"""Days that libraries copy into every document they make (python-docx, python-pptx): the day of their template."""
_STAMP = Expression(r"(?:D:)?(?P<year>[12]\d{3})-?(?P<month>[01]\d)-?(?P<day>[0-3]\d)(?:\D.*|\d{2,6}.*)?", re.DOTALL)


def issue_date(passages: Sequence[Passage], about: Circumstances = UNKNOWN) -> IssueDate | None:
    """The best issue date there is: in the document, in its imprint, the ledger's, a year, a property, the file's."""
    if found := _signed(passages) or _printed(passages):
        return found
    if about.ledger_date is not None:
        return IssueDate.on(about.ledger_date, Source.LEDGER)
    if (number := _number(passages)) is not None:
        return IssueDate.within(int(number[2]), None, Source.NUMBER)
    if (created := about.created or _created(passages)) is not None:
        return IssueDate.on(created, Source.CREATED)
    return IssueDate.on(about.file_time, Source.FILE) if about.file_time is not None else None


def document_number(passages: Sequence[Passage]) -> str | None:
    """The document's number (发文字号) in its usual form, ``远政〔2024〕15号``: to be looked up, never to be sent."""
    found = _number(passages)
    return _written(found) if found else None


def plain_number(text: str) -> str | None:
    """A document number as somebody typed it, in its usual form; None for what is none."""
    found = _NUMBER.fullmatch(_plain(text))
    return _written(found) if found else None


def _written(found: re.Match[str]) -> str:
    return f"{found[1]}〔{found[2]}〕{int(found[3])}号"


def _signed(passages: Sequence[Passage]) -> IssueDate | None:
    """成文日期: one with a label, else the first below a signature, else the last that has a line to itself."""
    last: IssueDate | None = None
    signed: IssueDate | None = None
    for passage, above in _with_tail_before(passages):
        text = passage.text
        for hit in _LABELS.finditer(text):
            line = _line(text, hit.start())
            found = next((m for p in _LABELLED if (m := p.fullmatch(line))), None)
            if found and (day := _read(found, Source.SIGNED)):
                return day
        if signed is None:
            for hit in _DATE_ENDS.finditer(text):
                found = _ALONE.fullmatch(_line(text, hit.start()))
                if found and (day := _read(found, Source.SIGNED)):
                    last = day
                    if _SIGNATURE.fullmatch(_above(text, hit.start()) or _plain(above)):
                        signed = day
                        break
    return signed or last


def _printed(passages: Sequence[Passage]) -> IssueDate | None:
    """印发日期 at the foot of an official paper."""
    for passage in passages:
        if passage.zone in _PROSE:
            for hit in _PRINTS.finditer(passage.text):
                found = _PRINTED.fullmatch(_line(passage.text, hit.start()))
                if found and (day := _read(found, Source.PRINTED)):
                    return day
    return None


def _number(passages: Sequence[Passage]) -> re.Match[str] | None:
    numbers = (_NUMBER.fullmatch(_plain(line)) for line in front_lines(passages) if len(line) <= _SHORT)
    return next(filter(None, numbers), None)


def _created(passages: Sequence[Passage]) -> date | None:
    for passage in passages:
        if passage.zone is Zone.DOC_PROPERTY and passage.name.lower() in _CREATED:
            if passage.text.startswith(_OF_TEMPLATES):
                continue
            found = _STAMP.fullmatch(passage.text.strip())
            day = _read(found, Source.CREATED) if found else None
            if day:
                return day.first
    return None


def _with_tail_before(passages: Sequence[Passage]) -> Iterator[tuple[Passage, str]]:
    """Passages of prose, each with the last line of text before it, as it is written."""
    above = ""
    for passage in passages:
        if passage.zone in _PROSE:
            yield passage, above
            above = passage.text[-_SHORT:].rstrip().rpartition("\n")[2] or above


def _read(found: re.Match[str], source: Source) -> IssueDate | None:
    """The date of a match with year, month and perhaps day; None for one that does not exist."""
    year, month = _value(found["year"]), _value(found["month"])
    day = _value(found["day"]) if found["day"] else None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return IssueDate.within(year, month, source) if day is None else IssueDate.on(date(year, month, day), source)
    except ValueError:
        return None


def _value(numeral: str) -> int:
    return (number_of(numeral) or (0, None))[0]


def _line(text: str, at: int) -> str:
    """The line around ``at``, plain; empty where it is too long to be what we look for."""
    first = text.rfind("\n", max(0, at - 2 * _SHORT), at) + 1
    if first == 0 and at > 2 * _SHORT:
        return ""
    last = text.find("\n", at, at + 2 * _SHORT)
    last = min(len(text), at + 2 * _SHORT) if last == -1 else last
    return _plain(text[first:last])


def _above(text: str, at: int) -> str:
    """The line above the one around ``at`` that has text, plain; empty where there is none in the passage."""
    first = text.rfind("\n", 0, at) + 1
    return _plain(text[max(0, first - 2 * _SHORT) : first].rstrip().rpartition("\n")[2])


def _plain(line: str) -> str:
    """A line in usual characters: widths folded, runs of blanks made one, the circles of a year read as 〇."""
    line = unicodedata.normalize("NFKC", line).replace("○", "〇").replace("◯", "〇")
    return " ".join(line.split())
