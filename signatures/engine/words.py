"""Words by the ten thousand: literals without gaps, each looked for as the few byte strings it may be written in.

The road of `signatures.engine.screens` makes an exact pattern of every literal; that is too dear for long lists. Here
a word is nothing but byte strings, and numeric references (``ent``) are undone before the search.

A word with ASCII letters in a row is looked for in its plain form; that any of them may be full-width is seen by each
two neighbours of which at least one is. Such a place is reported as it stands, for the reader to judge.
"""

from __future__ import annotations

import hashlib
import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise, product

from signatures.engine.alignment import aligned
from signatures.engine.bytecode import ENCODINGS, any_of, escape, forms, spellings
from signatures.engine.cache import Cache
from signatures.engine.engines import Data, make
from signatures.engine.strings import Wanted, make_strings
from signatures.literals import Literal

Span = tuple[int, int, str]
"""Start, end (both in bytes) and encoding of one literal."""

_REFERENCE = re.compile(rb"&#(?:([0-9]{1,9})|[xX]([0-9a-fA-F]{1,8}));?")
_VERSION = 1
"""Raised whenever the strings below change; part of every cache key."""

_FEW = 5000
"""Words up to which one pass searches all encodings."""

_DIGITS = "0123456789"
_DOUBLE = ("gb18030", "big5")
_REFERENCES = frozenset({"ent"})
_UTF8 = frozenset({"utf-8"})
_UTF16 = frozenset({"utf-16-le", "utf-16-be"})

_TOLD = 512
"""Bytes from which on UTF-16 betrays itself."""
_IN_TEXT = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\v\f\r")


@dataclass(frozen=True)
class _Plan:
    """What is looked for in one set of encodings."""

    strings: list[bytes]
    encodings: list[tuple[str, ...]]
    """Of each string, in which encodings it is a word."""
    caseless: frozenset[int]
    """Numbers of the strings whose ASCII letters may be in either case."""


class Words:
    """Looks for words in raw bytes. May be shared by threads and by forks; compiled for each set at first need."""

    def __init__(self, words: Iterable[Literal], *, cache: Cache | None = None, prefer: str = "auto") -> None:
        """Raises `ValueError` for a word with gaps or blanks, or without characters."""
        self._words = tuple(sorted(set(words), key=lambda word: (word.shape, word.text, word.any_case, word.any_width)))
        for word in self._words:
            if word.gaps or not word.text or (not word.shape and any(letter.isspace() for letter in word.text)):
                raise ValueError("a word has characters, and neither gaps nor blanks between them")
        told = "\n".join(f"{word.text}\0{word.any_case:d}{word.any_width:d}{word.shape:d}" for word in self._words)
        self._digest = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
        self._cache = cache
        self._prefer = prefer
        self._made: dict[frozenset[str], _Searcher] = {}
        self._making = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._words)

    def prepare(self, encodings: frozenset[str]) -> None:
        """Compile (and cache) what this set of encodings needs."""
        if self._words:
            self._searchers(encodings, None)
            if encodings & _REFERENCES:
                self._searcher(_UTF8)

    def worth(self, data: Data, encodings: frozenset[str]) -> bool:
        """Whether any word may be in these bytes, in any of the encodings."""
        if not self._words:
            return False
        if any(searcher.any(data) for searcher in self._searchers(encodings, data)):
            return True
        if not encodings & _REFERENCES:
            return False
        plain, moved = dereferenced(data)
        return bool(moved) and self._searcher(_UTF8).any(plain)

    def spans(self, data: Data, encodings: frozenset[str]) -> set[Span]:
        """Where each word may stand: start, end and encoding."""
        if not self._words:
            return set()
        found = {span for searcher in self._searchers(encodings, data) for span in searcher.spans(data)}
        if encodings & _REFERENCES:
            plain, moved = dereferenced(data)
            original = bytes(data) if moved else b""
            for start, end, _ in self._searcher(_UTF8).spans(plain) if moved else ():
                start, end = moved.before(start), moved.after(end)
                if b"&" in original[start:end]:
                    found.add((start, end, "ent"))
        return found

    def _searchers(self, encodings: frozenset[str], data: Data | None) -> list[_Searcher]:
        """What searches these encodings: together if the words are few, one after the other if they are many.

        Few words are found in one pass at nearly the speed of one encoding. With many, one pass for all is no faster
        than one for each, and takes several times the memory: to compile, and for the sets that formats ask for.
        Then ``data`` is spared the passes for encodings that it cannot be in.
        """
        raw = encodings - _REFERENCES
        if len(self._words) <= _FEW:
            return [self._searcher(raw)]
        if data is not None:
            raw = _possible(raw, data)
        return [self._searcher(frozenset({encoding})) for encoding in ENCODINGS if encoding in raw]

    def _searcher(self, encodings: frozenset[str]) -> _Searcher:
        made = self._made.get(encodings)
        if made is None:
            with self._making:
                made = self._made.get(encodings)
                if made is None:
                    made = _Searcher(self._words, encodings, self._digest, self._prefer, self._cache)
                    self._made[encodings] = made
        return made


class _Searcher:
    """All words in one set of encodings."""

    def __init__(
        self, words: tuple[Literal, ...], encodings: frozenset[str], digest: str, prefer: str, cache: Cache | None
    ) -> None:
        self._words = words
        self._encodings = tuple(encoding for encoding in ENCODINGS if encoding in encodings)
        told = hashlib.sha256(f"words {_VERSION} {' '.join(self._encodings)} {digest}".encode()).hexdigest()
        wanted = Wanted(lambda: (self._plan.strings, self._plan.caseless), told)
        self._strings = make_strings(wanted, prefer=prefer, cache=cache)
        self._shapes = [
            (expression, length, encoding)
            for encoding in self._encodings
            for expression, length in dict.fromkeys(
                shape for word in words if word.shape for shape in _shapes(word.text, encoding)
            )
        ]
        self._digits = make([expression for expression, *_ in self._shapes], prefer=prefer, cache=cache)

    @cached_property
    def _plan(self) -> _Plan:
        return _plan(self._words, self._encodings)

    def any(self, data: Data) -> bool:
        return self._strings.any(data) or self._digits.any(data)

    def spans(self, data: Data) -> Iterator[Span]:
        for number, end in self._strings.hits(data):
            start = end - len(self._plan.strings[number])
            for encoding in self._plan.encodings[number]:
                if self._stands(number, data, start, end, encoding):
                    yield start, end, encoding
        for number, ends in self._digits.ends(data).items():
            expression, length, encoding = self._shapes[number]
            if ends is None:
                ends = [match.end(1) for match in re.finditer(f"(?=({expression}))".encode("ascii"), data)]
            for start, end in _apart(sorted(ends), length, even=encoding.startswith("utf-16")):
                yield start, end, encoding

    def _stands(self, number: int, data: Data, start: int, end: int, encoding: str) -> bool:
        """Whether a hit is the word indeed: not a place half a character off, nor other letters' trail bytes."""
        if encoding.startswith("utf-16"):
            if start % 2:
                return False
        elif encoding in _DOUBLE and not aligned(data, start, end, encoding):
            return False
        seen, meant = bytes(data[start:end]), self._plan.strings[number]
        if seen == meant:
            return True
        if number not in self._plan.caseless:
            return False
        # Only whole characters are compared: a trail byte of GB18030 that looks like a letter is none.
        return seen.decode(encoding, "replace").lower() == meant.decode(encoding, "replace").lower()


def _possible(encodings: frozenset[str], data: Data) -> frozenset[str]:
    """Those of the encodings that these bytes can be in, as far as that is cheaply told.

    In UTF-16 every blank, digit, line end and Latin letter has a NUL, and of Chinese one character in ten a control
    byte: a stretch of text without either is in none. And what is ASCII in one encoding is so in all of them.
    """
    raw = bytes(data)
    if len(raw) < _TOLD or b"\0" in raw or raw[:4096].translate(None, _IN_TEXT):
        return encodings
    if "utf-8" in encodings and raw.isascii():
        return _UTF8
    return encodings - _UTF16


def _apart(ends: list[int], length: int, *, even: bool) -> Iterator[tuple[int, int]]:
    """Spans that do not overlap, of runs that match at many places."""
    done = 0
    for end in ends:
        start = end - length
        if start >= done and not (even and start % 2):
            done = end
            yield start, end


def _plan(words: tuple[Literal, ...], encodings: tuple[str, ...]) -> _Plan:
    """The byte strings of all words in these encodings. A word that an encoding cannot write is left out there."""
    caseless: dict[bytes, bool] = {}
    owners: dict[bytes, tuple[str, ...]] = {}
    for encoding in encodings:
        own: dict[bytes, bool] = {}
        for word in words:
            for string, free in () if word.shape else _written(word, encoding):
                own[string] = own.get(string, False) or free
        for string, free in own.items():
            caseless[string] = caseless.get(string, False) or free
            owners[string] = (*owners.get(string, ()), encoding)
    strings = list(owners)
    either = frozenset(number for number, string in enumerate(strings) if caseless[string])
    return _Plan(strings, list(owners.values()), either)


def _written(word: Literal, encoding: str) -> Iterator[tuple[bytes, bool]]:
    """The byte strings of a word, each with whether its ASCII letters may be in either case."""
    if not any(map(str.isascii, word.text)):
        for string in spellings(word.text, encoding):
            yield string, False
        return
    letters = word.any_case and any("A" <= letter.upper() <= "Z" for letter in word.text)
    for string in _in_plain_letters(word, encoding):
        yield string, letters
    for pair in pairwise(word.text):
        for string in _half_wide(pair, word, encoding):
            yield string, letters


def _in_plain_letters(word: Literal, encoding: str) -> Iterator[bytes]:
    """The byte strings of a word: plain letters, but a single one between others in either width."""
    text = word.text
    choices = []
    for place, letter in enumerate(text):
        alone = not ((place and text[place - 1].isascii()) or (place + 1 < len(text) and text[place + 1].isascii()))
        every = _forms(letter, word.any_case, word.any_width and alone and letter.isascii())
        choices.append(_spelt(every, encoding))
    for parts in product(*choices):
        yield b"".join(parts)


def _half_wide(pair: tuple[str, str], word: Literal, encoding: str) -> Iterator[bytes]:
    """Two ASCII neighbours of which at least one is full-width."""
    first, second = pair
    if not (word.any_width and first.isascii() and second.isascii()):
        return
    wide = [
        _spelt(tuple(form for form in _forms(one, word.any_case, True) if not form.isascii()), encoding) for one in pair
    ]
    plain = [_spelt((one,), encoding) for one in pair]
    for left, right in (*product(wide[0], wide[1]), *product(wide[0], plain[1]), *product(plain[0], wide[1])):
        yield left + right


@lru_cache(maxsize=65536)
def _forms(letter: str, any_case: bool, wide: bool) -> tuple[str, ...]:
    """The forms of one character that are byte strings of their own: ASCII in one case stands for both."""
    if not letter.isascii():
        return (letter,)
    every = forms(letter, any_case=any_case, any_width=wide)
    return (letter, *sorted(form for form in every if not form.isascii()))


@lru_cache(maxsize=65536)
def _spelt(every: tuple[str, ...], encoding: str) -> tuple[bytes, ...]:
    return tuple(sorted({spelling for form in every for spelling in spellings(form, encoding)}))


def _shapes(text: str, encoding: str) -> Iterator[tuple[str, int]]:
    """Expressions for a row of digits, plain or full-width; each 0 of ``text`` is a digit, the rest stands as it is."""
    for digits in (_DIGITS, "".join(chr(ord(digit) + 0xFEE0) for digit in _DIGITS)):
        parts = [
            (
                spellings(letter, encoding)
                if letter != "0"
                else {s for digit in digits for s in spellings(digit, encoding)}
            )
            for letter in text
        ]
        if not all(parts):
            continue
        expression = "".join(escape(min(part)) if len(part) == 1 else any_of(part) for part in parts)
        yield expression, sum(len(min(part)) for part in parts)


@dataclass(frozen=True)
class _Moved:
    """Where references were undone: how to get back from the plain text to the original."""

    plain: list[int]
    """Offset of each undone reference in the plain text, in order."""
    original: list[tuple[int, int]]
    """Start and end of each in the original."""
    widths: list[int]

    def __bool__(self) -> bool:
        return bool(self.plain)

    def before(self, offset: int) -> int:
        """The original's offset for the start of something."""
        number = bisect_right(self.plain, offset) - 1
        if number < 0:
            return offset
        past = offset - self.plain[number] - self.widths[number]
        return self.original[number][0] if past < 0 else self.original[number][1] + past

    def after(self, offset: int) -> int:
        """The original's offset for the end of something."""
        number = bisect_right(self.plain, offset - 1) - 1
        if number < 0:
            return offset
        past = offset - self.plain[number] - self.widths[number]
        return self.original[number][1] + max(0, past)


def dereferenced(data: Data) -> tuple[Data, _Moved]:
    """UTF-8 text with its numeric references undone, and the way back; ``data`` itself where it has none."""
    moved = _Moved([], [], [])
    raw = bytes(data)
    if b"&#" not in raw:
        return data, moved
    pieces: list[bytes] = []
    done = length = 0
    for match in _REFERENCE.finditer(raw):
        start, end = match.span()
        character = _character(match[0])
        if not character:
            continue
        pieces += (raw[done:start], character)
        length += start - done
        moved.plain.append(length)
        moved.original.append((start, end))
        moved.widths.append(len(character))
        length += len(character)
        done = end
    pieces.append(raw[done:])
    return b"".join(pieces), moved


@lru_cache(maxsize=16384)
def _character(reference: bytes) -> bytes:
    """The character of a reference in UTF-8; empty for what is none."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return b""
    number = int(found[1]) if found[1] is not None else int(found[2], 16)
    return chr(number).encode() if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else b""
