"""What the codes of a PDF font say: strings of a content stream to Unicode, as PDFium reads them.

Only fonts that tell it themselves are decoded: those with a ToUnicode map, those coded in Unicode, and Latin ones
with a standard encoding. A code that no map names raises `CannotTell`, for PDFium may know more (ISO 32000-1, 9.10).
"""

from __future__ import annotations

import re
import sys
from typing import Any

from agent.scanning.formats.pdf_file import File
from agent.scanning.formats.pdf_objects import CannotTell, Name, Ref, Stream, string_bytes

_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.S)
_CHAR = re.compile(rb"\s*<\s*([0-9A-Fa-f]+)\s*>\s*<([0-9A-Fa-f\s]*)>")
_RANGE = re.compile(
    rb"\s*<\s*([0-9A-Fa-f]+)\s*>\s*<\s*([0-9A-Fa-f]+)\s*>\s*(?:<([0-9A-Fa-f\s]*)>|\[([0-9A-Fa-f\s<>]*)\])"
)
_MOST_CODES = 70_000

_STANDARD_14 = ("Helvetica", "Times", "Courier", "Arial")
_ENCODINGS = {"WinAnsiEncoding": "cp1252", "MacRomanEncoding": "mac_roman"}
_IN_UNICODE = ("UniGB-UCS2-H", "UniGB-UCS2-V", "UniCNS-UCS2-H", "UniCNS-UCS2-V", "UniJIS-UCS2-H", "UniJIS-UCS2-V")
_GLYPH_NAMES = """
zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 exclam=! quotedbl=" numbersign=# dollar=$
percent=% ampersand=& quotesingle=' parenleft=( parenright=) asterisk=* plus=+ comma=, hyphen=- period=. slash=/
colon=: semicolon=; less=< greater=> question=? at=@ bracketleft=[ backslash=\\ bracketright=] asciicircum=^
underscore=_ grave=` braceleft={ bar=| braceright=} asciitilde=~ quoteleft=‘ quoteright=’ quotedblleft=“
quotedblright=” endash=– emdash=— bullet=• ellipsis=… fi=\ufb01 fl=\ufb02 ff=\ufb00 ffi=\ufb03 ffl=\ufb04 section=§
degree=°
"""
_GLYPHS = {"space": " ", "equal": "=", **dict(pair.split("=", 1) for pair in _GLYPH_NAMES.split())}
"""Names of the Adobe Glyph List that English text has, beside single letters."""


class Decoder(dict[bytes, str]):
    """Decodes the strings of one font, given as they stand in a content stream, and remembers them."""

    def __init__(self, codes: dict[int, str], *, wide: bool) -> None:
        super().__init__()
        self._wide = wide
        self._code = _Codes(_as_read(codes) if wide else codes).__getitem__

    def __missing__(self, token: bytes) -> str:
        raw = string_bytes(token)
        if not self._wide:
            text = "".join(map(self._code, raw))
        elif len(raw) % 2:
            raise CannotTell
        else:
            text = "".join(map(self._code, memoryview(raw).cast("H")))
        self[token] = text
        return text


class _Codes(dict[int, str]):
    """Code to text."""

    def __missing__(self, code: int) -> str:
        raise CannotTell


def _as_read(codes: dict[int, str]) -> dict[int, str]:
    """Two-byte codes as this machine reads them from memory."""
    if sys.byteorder == "big":
        return codes
    return {(code & 0xFF) << 8 | code >> 8: text for code, text in codes.items() if code <= 0xFFFF}


class _Verbatim(Decoder):
    """A font whose codes are Unicode."""

    def __init__(self) -> None:
        super().__init__({}, wide=True)

    def __missing__(self, token: bytes) -> str:
        raw = string_bytes(token)
        if len(raw) % 2:
            raise CannotTell
        text = self[token] = raw.decode("utf-16-be", "surrogatepass")
        return text


def decoder(file: File, font: Any) -> Decoder:
    """The decoder of a font, given its dictionary or a reference to it. Raises `CannotTell`."""
    entries = file.entries(font)
    mapped = _to_unicode(file, entries.get("ToUnicode"))
    if entries.get("Subtype") == "Type0":
        encoding = file.resolve(entries.get("Encoding"))
        if encoding in ("Identity-H", "Identity-V") and mapped:
            return Decoder(mapped, wide=True)
        if encoding in _IN_UNICODE and not mapped:
            return _Verbatim()
        raise CannotTell
    codes = {} if entries.get("Subtype") == "Type3" else _by_encoding(file, entries)
    if not mapped and not codes:
        raise CannotTell
    return Decoder({**codes, **mapped}, wide=False)


def _by_encoding(file: File, entries: dict[str, Any]) -> dict[int, str]:
    """What a Latin font's codes say by its encoding; nothing where the font file itself would have to be asked."""
    descriptor = file.entries(entries.get("FontDescriptor"))
    flags = file.resolve(descriptor.get("Flags", 0))
    encoding = file.resolve(entries.get("Encoding"))
    differences: list[Any] = []
    if isinstance(encoding, dict):
        differences = file.items(encoding.get("Differences"))
        encoding = encoding.get("BaseEncoding")
    base_font = str(entries.get("BaseFont", ""))
    codes: dict[int, str] = {}
    symbolic = not isinstance(flags, int) or bool(flags & 4)
    if encoding in _ENCODINGS and not symbolic and not base_font.startswith(("Symbol", "ZapfDingbats")):
        codes = {code: text for code in range(32, 256) if (text := _character(code, _ENCODINGS[encoding]))}
    elif encoding is None and not descriptor and base_font.startswith(_STANDARD_14):
        codes = {code: chr(code) for code in range(32, 127) if code not in (39, 96)}
    if differences and entries.get("Subtype") != "Type1":
        return {}
    code = 0
    for one in differences:
        if isinstance(one, int):
            code = one
        elif isinstance(one, Name):
            glyph: str | None = _GLYPHS.get(one) or (str(one) if re.fullmatch("[A-Za-z]", one) else None)
            if glyph is None:
                codes.pop(code, None)
            else:
                codes[code] = glyph
            code += 1
        else:
            raise CannotTell
    return codes


def _character(code: int, encoding: str) -> str:
    return bytes((code,)).decode(encoding, "ignore")


def _to_unicode(file: File, value: Any) -> dict[int, str]:
    if value is None:
        return {}
    stream = file.resolve(value)
    if not isinstance(stream, Stream):
        raise CannotTell
    data = file.decoded(stream)
    # Maps that lean on another one, and comments that could hide a keyword, are PDFium's.
    if b"usecmap" in data or b"-UCS2" in data or re.search(rb"%(?!!PS|%)", data):
        raise CannotTell
    codes: dict[int, str] = {}
    blocks = _BLOCK.findall(data)
    if len(blocks) != data.count(b"beginbf"):
        raise CannotTell
    for kind, block in blocks:
        for code, text in _chars(block) if kind == b"bfchar" else _ranges(block):
            if codes.setdefault(code, text) != text:
                raise CannotTell
        if len(codes) > _MOST_CODES:
            raise CannotTell
    # A code mapped to nothing is one that PDFium looks up elsewhere.
    return {code: text for code, text in codes.items() if text and "\0" not in text and "\uffff" not in text}


def _chars(block: bytes) -> list[tuple[int, str]]:
    found = _CHAR.findall(block)
    if 2 * len(found) != block.count(b"<") or _CHAR.sub(b"", block).strip():
        raise CannotTell
    return [(int(code, 16), chr(int(text, 16)) if len(text) == 4 else _text(text)) for code, text in found]


def _ranges(block: bytes) -> list[tuple[int, str]]:
    if _RANGE.sub(b"", block).strip():
        raise CannotTell
    codes: list[tuple[int, str]] = []
    for first, last, start, several in _RANGE.findall(block):
        low, high = int(first, 16), int(last, 16)
        if not 0 <= high - low < _MOST_CODES - len(codes):
            raise CannotTell
        if several:
            texts = [_text(one) for one in re.findall(rb"<([^<>]*)>", several)]
            if len(texts) != high - low + 1:
                raise CannotTell
            codes += zip(range(low, high + 1), texts, strict=True)
            continue
        text = _text(start)
        if not text or ord(text[-1]) + high - low > 0xFFFF:
            raise CannotTell
        codes += [(code, text[:-1] + chr(ord(text[-1]) + code - low)) for code in range(low, high + 1)]
    return codes


def _text(digits: bytes) -> str:
    digits = b"".join(digits.split())
    if len(digits) % 4:
        raise CannotTell
    return bytes.fromhex(digits.decode("ascii")).decode("utf-16-be", "surrogatepass")


def font_key(font: Any) -> int | None:
    """What a font may be remembered by."""
    return font.number if isinstance(font, Ref) else None
