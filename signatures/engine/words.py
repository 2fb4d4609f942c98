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
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain
from operator import attrgetter

import msgspec

from signatures.engine.alignment import aligned
from signatures.engine.cache import Cache
from signatures.engine.engines import Data, make
from signatures.engine.likely import LIKELY, has_many_nuls, in_utf16, likely_of, possible
from signatures.engine.strings import Wanted, make_strings
from signatures.engine.word_strings import Kind, Part, Plan, plan, shapes
from signatures.literals import Literal

Span = tuple[int, int, str]
"""Start, end (both in bytes) and encoding of one literal."""

_REFERENCE = re.compile(rb"&#(?:([0-9]{1,9})|[xX]([0-9a-fA-F]{1,8}));?")
_VERSION = 3
"""Raised whenever the strings or how they are put together change; part of every cache key."""

_KIND = attrgetter("gaps", "shape", "any_case", "any_width")
_TEXT = attrgetter("text")
_NO_WORD = "a word has characters, and neither gaps nor blanks between them"

_FEW = 5000
"""Words up to which one pass searches all encodings."""

_DOUBLE = ("gb18030", "big5")
_REFERENCES = frozenset({"ent"})
_UTF8 = frozenset({"utf-8"})
_UTF16 = ("utf-16-le", "utf-16-be")
_Parts = frozenset[Part]
_LETTERS: _Parts = frozenset({(Kind.LETTERS, "utf-8")})
"""Words of ASCII letters, for the halves of UTF-16."""


class Words:
    """Looks for words in raw bytes. May be shared by threads and by forks; compiled for each set at first need."""

    def __init__(self, words: Iterable[Literal], *, cache: Cache | None = None, prefer: str = "auto") -> None:
        """Raises `ValueError` for a word with gaps or blanks, or without characters."""
        each = list(words)
        kinds: dict[tuple[bool, bool, bool, bool], list[str]] = {kind: [] for kind in sorted(set(map(_KIND, each)))}
        if len(kinds) == 1:
            kinds = {kind: list(map(_TEXT, each)) for kind in kinds}
        else:
            for word in each:
                kinds[_KIND(word)].append(word.text)
        self._kinds = {kind[1:]: sorted(dict.fromkeys(texts)) for kind, texts in kinds.items()}
        if any(gaps for gaps, *_ in kinds):
            raise ValueError(_NO_WORD)
        digest = hashlib.sha256()
        for (shape, any_case, any_width), texts in self._kinds.items():
            told = "\n".join(texts)
            # All at once: what a word may not have is what texts are split at.
            if not all(texts) or (not shape and told.split() != texts):
                raise ValueError(_NO_WORD)
            digest.update(f"\0{len(texts)} {shape:d}{any_case:d}{any_width:d}\n{told}".encode("utf-8", "surrogatepass"))
        self._digest = digest.hexdigest()
        self._cache = cache
        self._prefer = prefer
        self._made: dict[_Parts, _Searcher] = {}
        self._making = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._kinds)

    @property
    def texts(self) -> Iterator[str]:
        """Each word as it is listed."""
        return chain.from_iterable(self._kinds.values())

    @cached_property
    def _words(self) -> tuple[Literal, ...]:
        """Each word once, in order."""
        return tuple(
            Literal(text, any_case=any_case, any_width=any_width, shape=shape)
            for (shape, any_case, any_width), texts in self._kinds.items()
            for text in texts
        )

    @cached_property
    def _many(self) -> bool:
        """Whether they are more than one pass should look for in all encodings."""
        return sum(map(len, self._kinds.values())) > _FEW

    def prepare(self, encodings: frozenset[str]) -> None:
        """Compile (and cache) what this set of encodings needs, whatever the data."""
        if not self._kinds:
            return
        raw = encodings - _REFERENCES
        for likely, with_nuls in [(likely, nuls) for likely in LIKELY for nuls in (False, True)] + [(_UTF16[0], False)]:
            for parts in self._passes(raw, likely, with_nuls=with_nuls):
                self._searcher(parts)
        if self._in_letters and not raw.isdisjoint(_UTF16):
            self._searcher(_LETTERS)
        if encodings & _REFERENCES:
            for parts in self._passes(_UTF8, "utf-8", with_nuls=False):
                self._searcher(parts)

    def worth(self, data: Data, encodings: frozenset[str]) -> bool:
        """Whether any word may be in these bytes, in any of the encodings."""
        if not self._kinds:
            return False
        raw = encodings - _REFERENCES
        if any(searcher.any(data) for searcher in self._searchers(raw, data)):
            return True
        if any(True for _ in self._between_nuls(raw, data)):
            return True
        if not encodings & _REFERENCES:
            return False
        plain, moved = dereferenced(data)
        return bool(moved) and any(searcher.any(plain) for searcher in self._searchers(_UTF8, plain))

    def each(self, data: Data, encodings: frozenset[str]) -> Iterator[Span]:
        """Where each word may stand: start, end and encoding. A place may be told twice."""
        if not self._kinds:
            return
        raw = encodings - _REFERENCES
        for searcher in self._searchers(raw, data):
            yield from searcher.spans(data)
        yield from self._between_nuls(raw, data)
        if encodings & _REFERENCES:
            plain, moved = dereferenced(data)
            original = bytes(data) if moved else b""
            searchers = self._searchers(_UTF8, plain) if moved else ()
            for start, end, _ in (span for searcher in searchers for span in searcher.spans(plain)):
                start, end = moved.before(start), moved.after(end)
                if b"&" in original[start:end]:
                    yield start, end, "ent"

    def _searchers(self, encodings: frozenset[str], data: Data) -> list[_Searcher]:
        """What searches this data in these encodings."""
        with_nuls = has_many_nuls(data)
        if not self._many:
            return [self._searcher(parts) for parts in self._passes(encodings, "", with_nuls=with_nuls)]
        among = possible(encodings, data)
        sixteen = _UTF16[0] in among and not with_nuls and in_utf16(data)
        likely = _UTF16[0] if sixteen else likely_of(data)
        return [self._searcher(parts) for parts in self._passes(among, likely, with_nuls=with_nuls)]

    def _passes(self, encodings: frozenset[str], likely: str, *, with_nuls: bool) -> list[_Parts]:
        """What is looked for together in data that is likely in one encoding, and has many NULs or not.

        All at once, if the words are few. If they are many, words of ideographs in the data's own encoding are slow to
        look for, as all its characters are in some of them, and the more so the more else is looked for. All that is
        not in the data's encoding is fast, however much it is. And where every other byte is NUL, nothing else may be
        looked for together with what has NULs too; letters are looked for by `_between_nuls` then.
        """
        sixteen = encodings.intersection(_UTF16)
        all_bytes, both = _parts(encodings - sixteen, *Kind), _parts(sixteen, *Kind)
        rare, letters = _parts(sixteen, Kind.WIDE, Kind.SHAPE), _parts(sixteen, Kind.LETTERS)
        if not self._many:
            return _filled([all_bytes, both - rare - letters, rare] if with_nuls else [all_bytes | both])
        if likely == _UTF16[0]:
            own = _parts((likely,), Kind.OWN)
            return [own, (all_bytes | both) - own]
        own, own16 = _parts(encodings & {likely}, Kind.OWN), _parts(sixteen & {_UTF16[0]}, Kind.OWN)
        rest16 = [both - own16 - rare - letters, rare] if with_nuls else [both - own16]
        return _filled([own, all_bytes - own, own16, *rest16])

    def _between_nuls(self, encodings: frozenset[str], data: Data) -> Iterator[Span]:
        """Words of ASCII letters in UTF-16, of data with many NULs: they stand in every other byte."""
        wanted = [encoding for encoding in _UTF16 if encoding in encodings]
        if not (wanted and self._in_letters and has_many_nuls(data)):
            return
        raw = bytes(data)
        for encoding in wanted:
            low = encoding == "utf-16-be"
            for start, end, _ in self._searcher(_LETTERS).spans(raw[low::2]):
                if not any(raw[2 * start + (not low) : 2 * end : 2]):
                    yield 2 * start, 2 * end, encoding

    @cached_property
    def _in_letters(self) -> bool:
        """Whether any word is of ASCII letters only."""
        return any(text.isascii() for (shape, *_), texts in self._kinds.items() if not shape for text in texts)

    def _searcher(self, parts: _Parts) -> _Searcher:
        made = self._made.get(parts)
        if made is None:
            with self._making:
                made = self._made.get(parts)
                if made is None:
                    told = hashlib.sha256(f"words {_VERSION} {sorted(parts)} {self._digest}".encode()).hexdigest()
                    shaped = [text for (shape, *_), texts in self._kinds.items() if shape for text in texts]
                    made = _Searcher(lambda: plan(self._words, parts), told, parts, shaped, self._prefer, self._cache)
                    self._made[parts] = made
        return made


class _Searcher:
    """All words, in some kinds and encodings."""

    def __init__(
        self,
        planned: Callable[[], Plan],
        digest: str,
        parts: _Parts,
        shaped: list[str],
        prefer: str,
        cache: Cache | None,
    ) -> None:
        self._planned = planned
        wanted = Wanted(lambda: (self._plan.strings, self._plan.caseless), digest)
        self._strings = make_strings(wanted, prefer=prefer, cache=cache)
        self._shapes = [
            (expression, length, encoding)
            for kind, encoding in sorted(parts)
            if kind is Kind.SHAPE
            for expression, length in dict.fromkeys(shape for text in shaped for shape in shapes(text, encoding))
        ]
        self._digits = make([expression for expression, *_ in self._shapes], prefer=prefer, cache=cache)

    @cached_property
    def _plan(self) -> Plan:
        return self._planned()

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


def _parts(encodings: Iterable[str], *kinds: Kind) -> _Parts:
    return frozenset((kind, encoding) for encoding in encodings for kind in kinds)


def _filled(passes: Iterable[_Parts]) -> list[_Parts]:
    return [parts for parts in passes if parts]


def _apart(ends: list[int], length: int, *, even: bool) -> Iterator[tuple[int, int]]:
    """Spans that do not overlap, of runs that match at many places."""
    done = 0
    for end in ends:
        start = end - length
        if start >= done and not (even and start % 2):
            done = end
            yield start, end


class _Moved(msgspec.Struct, frozen=True):
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
