"""The syntax of PDF objects (ISO 32000-1, 7.2 and 7.3), read strictly.

Anything that is not understood with certainty raises `CannotTell`; nothing is guessed and nothing repaired.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

WHITE = rb"[\0\t\n\f\r ]"
TOKEN = re.compile(
    rb"(?:[\0\t\n\f\r ]++|%[^\r\n]*+)*+(?:"
    rb"(\d{1,10}[\0\t\n\f\r ]++\d{1,5}[\0\t\n\f\r ]++R)(?![^\0\t\n\f\r ()<>\[\]{}/%])"
    rb"|([-+]?(?:\d+\.?\d*|\.\d+))(?![^\0\t\n\f\r ()<>\[\]{}/%])"
    rb"|/([^\0\t\n\f\r ()<>\[\]{}/%]*)"
    rb"|(<<|>>|\[|\])"
    rb"|<([0-9A-Fa-f\0\t\n\f\r ]*)>"
    rb"|(\()"
    rb"|([A-Za-z]+))"
)
_PARENTHESIS = re.compile(rb"[()\\]")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|[\s\S])")
_UNUSUAL = re.compile(rb"\\(?:[^0-7nrtbf\\]|[4-7][0-7][0-7]|$)")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}

_MOST_DEPTH = 24


class CannotTell(Exception):
    """Something in the file is not understood with certainty."""


class Name(str):
    """A name object, without its slash."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to an object."""

    number: int


class Stream(NamedTuple):
    """A stream: its dictionary and its bytes as they lie in the file."""

    entries: dict[str, Any]
    raw: bytes


_WORDS: dict[bytes, Any] = {b"null": None, b"true": True, b"false": False}


def unescape(text: bytes) -> bytes:
    """The bytes of a literal string, given what stands between its parentheses."""
    if b"\r" in text:
        text = re.sub(rb"(?<!\\)\r\n?", b"\n", text)
    if b"\\" not in text:
        return text
    if not _UNUSUAL.search(text):  # then Python's own escapes are the same, and many times as fast
        return text.decode("unicode_escape").encode("latin-1")
    return _ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[bytes]) -> bytes:
    one = match.group(1)
    if one[:1].isdigit() and one[:1] < b"8":
        return bytes((int(one, 8) & 0xFF,))
    return _ESCAPED.get(one, one)


def hex_string(digits: bytes) -> bytes:
    """The bytes of a hexadecimal string; an odd last digit counts as followed by 0."""
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        digits = b"".join(digits.replace(b"\0", b"").split())
    try:
        return bytes.fromhex((digits + b"0" if len(digits) % 2 else digits).decode("ascii"))
    except ValueError as problem:
        raise CannotTell from problem


def string_bytes(token: bytes) -> bytes:
    """The bytes of a string, literal or hexadecimal, given with its delimiters."""
    return unescape(token[1:-1]) if token[:1] == b"(" else hex_string(token[1:-1])


class Parser:
    """Reads one object from bytes at a place; `at` is then the place after it."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def value(self, depth: int = 0) -> Any:
        """The next object. Raises `CannotTell`."""
        found = TOKEN.match(self.data, self.at)
        if found is None or depth > _MOST_DEPTH:
            raise CannotTell
        self.at = found.end()
        match found.lastindex:
            case 1:
                return Ref(int(found.group(1).replace(b"\0", b" ").split()[0]))  # a NUL is white space here
            case 2:
                digits = found.group(2)
                return float(digits) if b"." in digits else int(digits)
            case 3:
                return _name(found.group(3))
            case 4:
                return self._compound(found.group(4), depth)
            case 5:
                return hex_string(found.group(5))
            case 6:
                return self._literal()
        word = found.group(7)
        if word not in _WORDS:
            raise CannotTell
        return _WORDS[word]

    def _compound(self, opening: bytes, depth: int) -> Any:
        if opening == b"[":
            items: list[Any] = []
            while not self._closes(b"]"):
                items.append(self.value(depth + 1))
            return items
        if opening != b"<<":
            raise CannotTell
        entries: dict[str, Any] = {}
        while not self._closes(b">>"):
            key = self.value(depth + 1)
            if not isinstance(key, Name):
                raise CannotTell
            entries[key] = self.value(depth + 1)
        return entries

    def _closes(self, closing: bytes) -> bool:
        found = TOKEN.match(self.data, self.at)
        if found is None:
            raise CannotTell
        if found.group(4) != closing:
            return False
        self.at = found.end()
        return True

    def _literal(self) -> bytes:
        start, open_ones = self.at, 1
        while open_ones:
            found = _PARENTHESIS.search(self.data, self.at)
            if found is None:
                raise CannotTell
            self.at = found.end()
            match found.group():
                case b"(":
                    open_ones += 1
                case b")":
                    open_ones -= 1
                case _:
                    self.at += 1
        return unescape(self.data[start : self.at - 1])


def _name(raw: bytes) -> Name:
    if b"#" in raw:
        raw = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found.group(1).decode("ascii")), raw)
    return Name(raw.decode("latin-1"))


def text_string(raw: bytes) -> str:
    """A text string for people: UTF-16 or UTF-8 by its mark, else PDFDocEncoding (ISO 32000-1, 7.9.2.2)."""
    if raw.startswith((b"\xfe\xff", b"\xff\xfe")):
        encoding = "utf-16-be" if raw[0] == 0xFE else "utf-16-le"
        return re.sub("\x1b[^\x1b]*\x1b", "", raw[2:].decode(encoding, "replace"))
    if raw.startswith(b"\xef\xbb\xbf"):
        return raw[3:].decode("utf-8", "replace")
    return raw.decode("latin-1")
