"""The text that a PDF page shows, without PDFium and without its places: for the question whether it is worth more.

A content stream is cut into tokens by one expression; strings go through the decoders of their fonts. What comes out
is a superset of orders: the text as it is drawn, the same with blanks where it jumps, and the same by rows where the
drawing does not go from top to bottom and left to right. Anything unusual raises `CannotTell`.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec

from agent.scanning.formats.pdf_file import File
from agent.scanning.formats.pdf_fonts import Decoder, decoder, font_key
from agent.scanning.formats.pdf_objects import CannotTell, Stream, string_bytes, text_string

_W = rb"[\0\t\n\f\r ]"
_NAME = rb"[^\0\t\n\f\r ()<>\[\]{}/%]++"
_NUMBER = rb"[-+.\d]++"
_LITERAL = rb"\((?:[^()\\]++|\\[\s\S]|\((?:[^()\\]++|\\[\s\S])*+\))*+\)"
_HEX = rb"<[0-9A-Fa-f\0\t\n\f\r ]*+>"
_END = rb"(?![^\0\t\n\f\r /\[(<])"


def _spelt(expression: str) -> bytes:
    """An expression over tokens: blanks are ``_``, the rest is as in `re`."""
    names = {"_": _W, "NAME": _NAME, "NUMBER": _NUMBER, "LITERAL": _LITERAL, "HEX": _HEX, "END": _END}
    return re.sub(rb"NAME|NUMBER|LITERAL|HEX|END|_", lambda found: names[found.group().decode()], expression.encode())


_CONTENT = re.compile(
    b"|".join(
        _spelt(alternative)
        for alternative in (
            # 1, 2: a font set, with the string that follows
            r"/(NAME)_++NUMBER_++TfEND_*+(LITERAL|HEX)?+_*+(?:TjEND)?+",
            # 3: a string
            r"(LITERAL|HEX)_*+(?:TjEND)?+",
            # Operators that show nothing, with their operands; strings stand in none of these
            r"(?:(?:(?:NUMBER_++|/NAME_*+|\[[-+.\d\0\t\n\f\r ]*+\]_*+|<<[^<>()]*+>>_*+)*+"
            r"(?:SCN|scn|BMC|BDC|EMC|sc|SC|cs|CS|rg|RG|re|ri|gs|sh|MP|DP|BX|EX|T[cwzrsjJ]|[fFBbW]\*|[mlcvyhSsfFBbnWwJjMdigGkK])END|\[|\])_*+)++",
            # 4: operators that matter; a number in an array of strings; text that stands for other text
            r"((?:NUMBER_++){2}T[dD]END|(?:NUMBER_++){6}(?:Tm|cm)END|NUMBER_++TLEND|NUMBER(?=_*+[(<\]])|(?:BT|ET|T\*|q|Q|')END|/NAME_*+DoEND"
            r"|(?:/NAME_*+)?+<<[^<>()]*?/ActualText_*+(?:LITERAL|HEX)[^<>()]*+>>_*+BDCEND(?:LITERAL|HEX|[^()<>E]++|E(?!MC))*+EMCEND"
            r"|(?:/NAME_*+)?+<<(?:[^<>()]++|HEX|LITERAL)*+>>(?=_*+(?:BDC|DP)END))",
            # 5: anything else
            r"([^\0\t\n\f\r ])",
        )
    )
)
_REPLACED = re.compile(_spelt(r"/ActualText_*+(LITERAL|HEX)"))
_AFTER_REPLACED = re.compile(_spelt(r">>_*+BDC"))

_GAP, _JUMP = "\x01", "\x02"
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_ROW = 2.0
_NEAR = 120.0
_FEW = 3
"""Points between rows; points within which PDFium could take two rows for one; characters that may be shuffled."""
_MOST_FORMS = 6
_MOST_BYTES = 1_000_000
_MOST_FONT_CHANGES = 500
"""A page that changes its font at every other character is read as quickly by PDFium."""


class Shown(msgspec.Struct):
    """What one content stream shows."""

    runs: list[tuple[float, float, str]] = msgspec.field(default_factory=list)
    """x, y and text of what is drawn without a jump, with `_GAP` at wide kerning; in the order of drawing."""
    inner: list[Shown] = msgspec.field(default_factory=list)
    """The forms it draws; their text stands among the runs as well."""
    picture: bool = False
    drawing: int = 0
    """Bytes of the streams that draw it: many of them on a page without text are outlines."""

    def raw(self) -> str:
        """The text as drawn, with marks where it jumps."""
        return _JUMP.join(text for _x, _y, text in self.runs)

    def texts(self) -> list[str]:
        """The text in each order a reader could meet it."""
        raw = self.raw()
        texts = [_closed(raw)]
        if _GAP in raw or _JUMP in raw:
            texts.append(_open(raw))
        rows = sorted(self.runs, key=lambda run: (-round(run[1] / _ROW), run[0]))
        self._check_columns()
        if rows != self.runs:
            self._check_order()
            again = _JUMP.join(text for _x, _y, text in rows)
            texts += (_closed(again), _open(again))
        for form in self.inner:
            texts += form.texts()
        return texts

    def _check_columns(self) -> None:
        """Chinese characters alone below each other: vertical writing, which only a look at the page puts together."""
        alone = Counter(round(x / _ROW) for x, _y, text in self.runs if len(text) == 1 and text > "\u2600")
        if any(count > 1 for count in alone.values()):
            raise CannotTell

    def _check_order(self) -> None:
        """Few characters at a time drawn to and fro: PDFium may put them together in an order of its own."""
        for (x, y, text), (next_x, next_y, next_text) in pairwise(self.runs):
            back = _ROW < next_y - y < _NEAR or (abs(next_y - y) <= _ROW and next_x < x)
            if back and min(len(text), len(next_text)) <= _FEW:
                raise CannotTell


def _closed(text: str) -> str:
    return text.replace(_GAP, "").replace(_JUMP, "")


def _open(text: str) -> str:
    return text.replace(_GAP, " ").replace(_JUMP, "\n")


class Contents:
    """Reads the pages of one file, remembering its fonts and forms."""

    def __init__(self, file: File) -> None:
        self.file = file
        self._fonts: dict[int, Decoder] = {}
        self._forms: dict[int, Shown] = {}
        self._checked: set[int] = set()

    def page(self, contents: Any, resources: dict[str, Any]) -> Shown:
        """What a page shows. Raises `CannotTell`."""
        parts = []
        for one in self.file.items(contents):
            stream = self.file.resolve(one)
            if not isinstance(stream, Stream):
                raise CannotTell
            parts.append(self.file.decoded(stream))
        return self._read(b"\n".join(parts), [resources], 0)

    def _read(self, data: bytes, resources: list[dict[str, Any]], depth: int) -> Shown:
        self._check(resources[0])
        shown = _Reader(self, resources, depth).read(data)
        shown.drawing += len(data)
        return shown

    def _check(self, resources: dict[str, Any]) -> None:
        """Graphics states may set a font, marked content may replace its text: both are PDFium's."""
        for kind, key in (("ExtGState", "Font"), ("Properties", "ActualText")):
            for value in self.file.entries(resources.get(kind)).values():
                number = font_key(value)
                if number is not None and number in self._checked:
                    continue
                if key in self.file.entries(value):
                    raise CannotTell
                if number is not None:
                    self._checked.add(number)

    def find(self, resources: list[dict[str, Any]], kind: str, name: str) -> Any:
        """A named resource of the stream or, failing that, of what draws it."""
        for one in resources:
            entries = self.file.entries(one.get(kind))
            if name in entries:
                return entries[name]
        raise CannotTell

    def font(self, resources: list[dict[str, Any]], name: str) -> Decoder:
        """The decoder of a named font. Raises `CannotTell`."""
        font = self.find(resources, "Font", name)
        number = font_key(font)
        if number is None:
            return decoder(self.file, font)
        if number not in self._fonts:
            self._fonts[number] = decoder(self.file, font)
        return self._fonts[number]

    def form(self, resources: list[dict[str, Any]], name: str, depth: int) -> Shown:
        """What a named external object shows. Raises `CannotTell`."""
        value = self.find(resources, "XObject", name)
        stream = self.file.resolve(value)
        if not isinstance(stream, Stream) or depth > _MOST_FORMS:
            raise CannotTell
        if stream.entries.get("Subtype") == "Image":
            return Shown(picture=True)
        if stream.entries.get("Subtype") != "Form":
            raise CannotTell
        own = stream.entries.get("Resources")
        number = font_key(value)
        if own is None or number is None:
            inherited = [self.file.entries(own), *resources] if own is not None else resources
            return self._read(self.file.decoded(stream), inherited, depth + 1)
        if number not in self._forms:
            # With its own resources alone: what it would have to take from the page cannot be told.
            self._forms[number] = self._read(self.file.decoded(stream), [self.file.entries(own)], depth + 1)
        return self._forms[number]


class _Unset(Decoder):
    """The font before one is set."""

    def __init__(self) -> None:
        super().__init__({}, wide=False)

    def __missing__(self, token: bytes) -> str:
        raise CannotTell


class _Reader:
    """One walk through one content stream."""

    def __init__(self, contents: Contents, resources: list[dict[str, Any]], depth: int) -> None:
        self.contents, self.resources, self.depth = contents, resources, depth
        self.shown = Shown()
        self.run: list[str] = []
        self.page = self.line = _IDENTITY
        self.leading = 0.0
        self.fonts: dict[bytes, Decoder] = {}
        self.taken: dict[tuple[int, int], str] = {}

    def read(self, data: bytes) -> Shown:
        """Everything the stream shows. Raises `CannotTell`."""
        if data.count(b"Tf") > _MOST_FONT_CHANGES or len(data) > _MOST_BYTES:
            raise CannotTell
        font: Decoder = _Unset()
        saved: list[tuple[Decoder, _Matrix, float]] = []
        fonts, append = self.fonts, self.run.append
        for name, first, string, other, odd in _CONTENT.findall(data):
            if name:
                font = fonts.get(name) or self._font(name)
                if first:
                    append(font[first])
            elif string:
                append(font[string])
            elif odd:
                raise CannotTell
            elif other == b"q":
                saved.append((font, self.page, self.leading))
            elif other == b"Q":
                self._end_run()
                if saved:
                    font, self.page, self.leading = saved.pop()
            elif other.endswith(b"EMC"):
                font = self._replaced(other) or font
            elif other:
                self._other(other)
        self._end_run()
        return self.shown

    def _font(self, name: bytes) -> Decoder:
        font = self.fonts[name] = self.contents.font(self.resources, _plain(name))
        return font

    def _other(self, token: bytes) -> None:
        if token == b"BT":
            self._move(_IDENTITY)
        elif token == b"T*":
            self._step(0.0, -self.leading)
        elif token == b"'":  # the string before it belongs to the next line
            shown = self.run.pop() if self.run else ""
            self._step(0.0, -self.leading)
            self.run.append(shown)
        elif token.endswith(b"Tm"):
            self._move(_matrix(token))
        elif token.endswith(b"cm"):
            self._end_run()
            self.page = _times(_matrix(token), self.page)
        elif token.endswith(b"TL"):
            (self.leading,) = _numbers(token[:-2])
        elif token.endswith((b"Td", b"TD")):
            x, y = _numbers(token[:-2])
            self.leading = -y if token.endswith(b"D") else self.leading
            self._step(x, y)
        elif token.endswith(b"Do"):
            self._draw(_plain(token[1:-2].strip()))
        elif token.endswith(b">>"):
            if b"ActualText" in token or b"#" in token:
                raise CannotTell
        elif token != b"ET":
            self._kern(token)

    def _kern(self, token: bytes) -> None:
        (amount,) = _numbers(token)
        if amount > 350:  # the pen goes back: glyphs may lie on each other
            raise CannotTell
        if amount < -90:
            self.run.append(_GAP)

    def _replaced(self, token: bytes) -> Decoder | None:
        """Marked content whose text stands in its dictionary: PDFium gives that text instead. Returns the last font."""
        said, end = _REPLACED.search(token), _AFTER_REPLACED.search(token)
        if said is None or end is None or b"BMC" in token or b"BDC" in token[end.end() :]:
            raise CannotTell
        font = None
        for name, _first, _string, other, odd in _CONTENT.findall(token, end.end()):
            if odd or other in (b"q", b"Q", b"'"):
                raise CannotTell
            if name:
                font = self.fonts.get(name) or self._font(name)
            elif other:
                self._other(other)
        self.run.append(text_string(string_bytes(said.group(1))))
        return font

    def _step(self, x: float, y: float) -> None:
        a, b, c, d, e, f = self.line
        self._move((a, b, c, d, e + x * a + y * c, f + x * b + y * d))

    def _move(self, line: _Matrix) -> None:
        self._end_run()
        self.line = line

    def _end_run(self) -> None:
        if not self.run:
            return
        text = "".join(self.run)
        self.run.clear()
        x, y = _times(self.line, self.page)[4:]
        if self.shown.runs:
            before_x, before_y, before = self.shown.runs[-1]
            if before == text and abs(x - before_x) < 3 and abs(y - before_y) < 3:
                return  # drawn twice to look bold
        if self.taken.setdefault((round(x), round(y)), text) != text:
            raise CannotTell  # one text over another: PDFium drops what is there twice
        self.shown.runs.append((x, y, text))

    def _draw(self, name: str) -> None:
        form = self.contents.form(self.resources, name, self.depth)
        self.shown.picture = self.shown.picture or form.picture
        self.shown.drawing += form.drawing
        if form.runs:
            self._end_run()
            self.shown.runs.append((*_times(self.line, self.page)[4:], form.raw()))
            self.shown.inner.append(form)


def _matrix(token: bytes) -> _Matrix:
    a, b, c, d, e, f = _numbers(token[:-2])
    return a, b, c, d, e, f


def _times(one: _Matrix, other: _Matrix) -> _Matrix:
    if other is _IDENTITY:
        return one
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _plain(name: bytes) -> str:
    if b"#" in name:
        raise CannotTell
    return name.decode("latin-1")


def _numbers(token: bytes) -> list[float]:
    try:
        return [float(number) for number in token.split()]
    except ValueError as problem:
        raise CannotTell from problem
