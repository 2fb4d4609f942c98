r"""Characters written as numbers in ASCII: ``\u673a``, ``\u{673a}``, ``\xe6\x9c\xba``, ``\U+673A``, ``%E6%9C%BA``.

Programs write so into code, data, logs and addresses; a person reads the characters. Everything here looks for the
one sign first that all of them begin with, since nearly no text has any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NUMBERED = re.compile(
    rb"(?:\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}|\\U\+[0-9a-fA-F]{4}|\\x[89a-fA-F][0-9a-fA-F]"
    rb"|\\[23][0-7]{2})+"
)
_ONE = re.compile(
    rb"\\u\{([0-9a-fA-F]{1,6})\}|\\(?:u|U\+)([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\([0-7]{3})"
)
_PERCENT = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_CSS = re.compile(rb"(?:\\[0-9a-fA-F]{1,6}[ \t\r\n\f]?)+")
_CSS_ONE = re.compile(rb"\\([0-9a-fA-F]{1,6})[ \t\r\n\f]?")
_STARTS = frozenset(b"uUx23")
_MAY_BE = re.compile(rb"\\(?:u[0-9a-fA-F{]|U[0-9a-fA-F+]|x[89a-fA-F]|[23][0-7])")
_LOOKED_AT = 64
"""Signs that are looked at one by one before an expression goes over the rest."""


def numbered(data: bytes) -> bool:
    """Whether characters may be written as numbers after a backslash."""
    at = -1
    for _ in range(_LOOKED_AT):
        at = data.find(b"\\", at + 1)
        if at < 0 or at + 1 >= len(data):
            return False
        if data[at + 1] in _STARTS and _NUMBERED.match(data, at):
            return True
    # In Big5 and in UTF-16 a backslash is half of many a character.
    return any(_NUMBERED.match(data, one.start()) for one in _MAY_BE.finditer(data, at))


def plain(data: bytes) -> bytes:
    """The characters in their place, in UTF-8."""
    return _NUMBERED.sub(_characters, data)


def lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines in which characters are written as numbers, with them in their place, and where each begins."""
    past = 0
    for run in _NUMBERED.finditer(data):
        if run.start() < past:
            continue
        begin = data.rfind(b"\n", 0, run.start()) + 1
        end = data.find(b"\n", run.end())
        past = len(data) if end < 0 else end
        low, high = max(begin, run.start() - _LONGEST), min(past, run.end() + _LONGEST)
        if high < past:
            past = high
        yield low, plain(data[low:high])


_LONGEST = 2048
"""Bytes of a line before and after its first such run that are read; what follows is taken as another line."""


def without_percent(data: bytes) -> bytes:
    """The bytes of an address that are written as numbers in their place."""
    return _PERCENT.sub(lambda run: _percent(run).translate(None, _CONTROLS), data) if b"%" in data else data


def _percent(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode("ascii"))


def as_references(data: bytes) -> bytes:
    """Markup with what its addresses hold of characters beyond ASCII as references (``&#26426;``)."""
    return _ADDRESS.sub(_reference, data) if b"%" in data else data


def _reference(run: re.Match[bytes]) -> bytes:
    raw = _percent(run)
    for codec in ("utf-8", "gb18030"):
        try:
            return "".join(f"&#{ord(letter)};" for letter in raw.decode(codec)).encode("ascii")
        except UnicodeDecodeError:
            continue
    return run[0]


_CONTROLS = bytes(range(32))
_ADDRESS = re.compile(rb"(?:%[89a-fA-F][0-9a-fA-F]){2,}")
_STYLE = re.compile(rb"(<style\b[^>]*>)((?:(?!</style).)*)", re.IGNORECASE | re.DOTALL)


def page(data: bytes) -> bytes:
    """A page with the characters in scripts, style sheets and addresses in their place."""
    data = as_references(data)
    if b"\\" not in data:
        return data
    data = _STYLE.sub(lambda found: found[1] + style_sheet(found[2]), data)
    return plain(data) if numbered(data) else data


def style_sheet(data: bytes) -> bytes:
    """A style sheet with the characters in their place (CSS Syntax Module Level 3, 4.3.7)."""
    return _CSS.sub(_css, data) if b"\\" in data else data


def _characters(run: re.Match[bytes]) -> bytes:
    """A run of numbers as UTF-8: pairs of surrogates put together, bytes in a row taken as they are."""
    parts: list[bytes] = []
    for braced, short, long, byte, octal in _ONE.findall(run[0]):
        if byte or octal:
            parts.append(bytes([int(byte, 16) if byte else int(octal, 8) & 0xFF]))
        else:
            parts.append(_letter(int(braced or short or long, 16)))
    whole = b"".join(parts)
    if b"\xed" not in whole:
        return whole
    try:  # halves of a character, each by a number of its own
        paired = whole.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    except UnicodeDecodeError:
        return whole
    return paired.decode("utf-16-le", "replace").encode("utf-8")


def _letter(number: int) -> bytes:
    """A character in UTF-8; a blank for what would say something else than was escaped: quotes, controls."""
    if number < 32 or number in (0x22, 0x5C) or number > 0x10FFFF:
        return b" "
    return chr(number).encode("utf-8", "surrogatepass")


def _css(run: re.Match[bytes]) -> bytes:
    return b"".join(_letter(int(digits, 16)) for digits in _CSS_ONE.findall(run[0])).decode("utf-8", "replace").encode()
