"""What the exact readers of XML formats pass over: attributes, formulas, instructions of fields, texts of odd elements.

A program shows far more than its paragraphs and cells: the name of a slide, the prompt of a form, a number format, a
constant in a formula, a prefix of a list. Where a literal of some rule is in such a value and nobody has told it yet,
the value is a passage of its own. It counts only where it is a marking by itself: see the grammar on `Zone.BODY`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from agent.scanning.formats.base import Reading
from protocol.records import Place
from signatures.passages import Passage, Zone

_ENCODINGS = frozenset({"utf-8", "ent"})
_MOST = 2_000
"""Places with a literal in one part that are looked at; text dense with literals is told by its exact reader."""
_LONGEST = 400
_NAME = re.compile(rb"<(?:[^\s<>/:]+:)?([^\s<>/]+)")
_JOINED = re.compile(r'"\s*&\s*"')
_CONSTANT = re.compile(r'"((?:[^"]|"")*)"')
_NUMBER_FORMAT = re.compile(r'(?:"[^"]*"(?!")|\[[^\]]*\]|[_*\\].|[0-9#?.@;%/ :+-]|[\u2e80-\uffff])+')
_DRESS = re.compile(r'\[[^\]]*\]|[_*].|["\\@]')
_PLACES = re.compile(r"^[0#?.,% ]+|(?<![1-9])[0#?.,% ]+$")
"""Where the number itself stands."""
_LEVEL = re.compile(r"%[1-9](?:%(?![1-9]))?\.?")
"""Where the number of a list stands; OpenDocument has a sign on both sides of it."""
_OF_LEVEL = re.compile(rb'(num-prefix|num-suffix|num-format)="([^"]*)"')
_STARTS = re.compile(rb'(?:start-value|start[\s][^<>]*?val)="(\d{1,9})"')
_CHOICES = frozenset({b"listItem", b"listEntry"})
"""Elements that offer a level to be chosen; what was chosen stands in the text."""
_READING_AID = b"<rPh"


class Told:
    """Remembers what passages say while they go by, so that nothing is told twice."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._all = ""
        self._values: set[str] = set()

    def through(self, passages: Iterable[Passage]) -> Iterator[Passage]:
        """The same passages."""
        for passage in passages:
            self._texts.append(passage.text)
            yield passage

    def has(self, text: str) -> bool:
        """Whether some passage has this text in it, or it was asked for before. Remembers the text."""
        # Within another value it has not been told: a value counts only as a whole.
        if text in self._values:
            return True
        if self._texts:
            self._all += "\n" + "\n".join(self._texts)
            self._texts.clear()
        at = self._all.find(text)
        while at >= 0:
            # What a number goes on with is another text: a format puts words around the value of a cell.
            past = at + len(text)
            if not self._all[max(0, at - 1) : at].isdecimal() and not self._all[past : past + 1].isdecimal():
                return True
            at = self._all.find(text, at + 1)
        self._values.add(text)
        return False


def values(
    xml: bytes | bytearray, reading: Reading, told: Told, *, but: frozenset[bytes] = frozenset()
) -> Iterator[Passage]:
    """Yield the values in this XML, which is in UTF-8, that hold a literal and were not told yet.

    ``but``: local names of elements whose texts are left to the exact reader.
    """
    raw = bytes(xml)
    for number, (start, end, _) in enumerate(reading.sieve.spans(raw, encodings=_ENCODINGS)):
        if number == _MOST:
            return
        found = _around(raw, start, end, but)
        whole = html.unescape(found.decode("utf-8", "replace"))
        value = _LEVEL.sub("", whole).strip()
        if value and not told.has(value):
            for text in dict.fromkeys((*constants(value), *_numbered(raw, start, whole))):
                yield Passage(Zone.BODY, text, Place(part="setting"))


def _around(raw: bytes, start: int, end: int, but: frozenset[bytes]) -> bytes:
    """The attribute's value or the element's text that a literal is in; empty where it is too long or left out."""
    low = max(0, start - 4 * _LONGEST)
    opened, closed = raw.rfind(b"<", low, start), raw.rfind(b">", low, start)
    if opened > closed:
        tag = _NAME.match(raw, opened, start)
        if tag is not None and tag[1] in _CHOICES:
            return b""
        quote = max(raw.rfind(b'"', opened, start), raw.rfind(b"'", opened, start))
        past = raw.find(raw[quote : quote + 1], end, end + 4 * _LONGEST) if quote > 0 else -1
        return raw[quote + 1 : past] if past > 0 else b""
    tag = _NAME.match(raw, opened, closed) if opened >= 0 else None
    if tag is None or (tag[1] in but and raw.rfind(_READING_AID, max(low, opened - 100), opened) < 0):
        return b""
    past = raw.find(b"<", end, end + 4 * _LONGEST)
    return raw[closed + 1 : past] if past > 0 else b""


def _numbered(raw: bytes, at: int, value: str) -> Iterator[str]:
    """A level of a list as its first item shows it, where its number stands between other words: ``机密★10年``."""
    opened = raw.rfind(b"<", max(0, at - 4 * _LONGEST), at)
    tag = _NAME.match(raw, opened) if opened >= 0 else None
    if tag is None or tag[1] not in (b"lvlText", b"list-level-style-number"):
        return
    level = max(opened if tag[1] != b"lvlText" else raw.rfind(b"lvl ", max(0, opened - 4 * _LONGEST), opened), 0)
    own = raw[level : raw.find(b">", opened)]
    said = {name: html.unescape(text.decode("utf-8", "replace")) for name, text in _OF_LEVEL.findall(own)}
    first = _STARTS.search(own)
    number = first[1].decode("ascii") if first else "1"
    if tag[1] == b"lvlText":
        yield _LEVEL.sub(number, value)
    else:
        number = number if said.get(b"num-format") else ""
        yield f"{said.get(b'num-prefix', '')}{number}{said.get(b'num-suffix', '')}"


def constants(value: str) -> list[str]:
    """The strings in a formula, field or number format, those that are put together as one; else the value itself."""
    value = _LEVEL.sub("", value)
    if '"' not in value:
        return [value]
    merged = _JOINED.sub("", value)
    found = [each.replace('""', '"').strip() for each in _CONSTANT.findall(merged)]
    if _NUMBER_FORMAT.fullmatch(value):
        found += sections(value)
    return [text for text in dict.fromkeys(found) if text]


def sections(code: str) -> list[str]:
    """What the sections of a number format put around a number, its own digits among it (ECMA-376-1, 18.8.31)."""
    parts = (_PLACES.sub("", section.strip()).strip() for section in _DRESS.sub("", code).split(";"))
    return [said for said in parts if said and not said.isascii()]
