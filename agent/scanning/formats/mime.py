"""Mail as MIME parts: headers, encoded words, boundaries, transfer encodings (RFC 5322, 2045, 2047, 2231).

Written for hostile mail: everything is bounded and done in one pass over bytes; what is wrong is read as well as it
can be, as mail programs do, and nothing raises.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import msgspec

from agent.scanning.formats import seven_bit
from agent.scanning.formats.charset import decode as decode_plain
from agent.scanning.formats.charset import rank

MOST_HEADERS = 2_000
MOST_HEADER_BYTES = 1024 * 1024
MOST_PARTS = 5_000
DEEPEST = 12
"""Parts in parts that are followed."""

_BOUNDARY_END = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_HEADERS_END = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_HEAD_LINE = re.compile(rb"\r?\n(?![ \t])|\r(?![\n \t])")
_HEADER = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?\n]{0,4000})\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]{1,60}\?[bBqQ]\?[^?\n]{0,4000}\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_PARAMETER = re.compile(
    r""";\s*([\w.!#$&+^`|~-]{1,60}?)(\*\d{0,3}\*?)?\s*=\s*("(?:[^"\\]|\\.){0,4000}"|[^;"]{0,4000})"""
)
_TEXT_CODEC = re.compile(
    r"(?i)^(?:utf|gb|big5|hz|iso|windows|cp|ibm|koi8|euc|s(?:hift)?_?jis|us-ascii|ascii|latin|mac|x-mac|ks_c|tis)[\w.:-]{0,30}$"
)
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "big5": "big5hkscs"}
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NO_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64)))


class Part(msgspec.Struct, frozen=True):
    """One part that holds no others: what it says it is, and its bytes as they stand."""

    media_type: str
    parameters: dict[str, str]
    headers: dict[str, str]
    """Its headers by name in small letters, decoded; of several of a name the first."""
    raw: bytes
    related: bool
    """Whether it belongs to a page, as pictures in it do."""

    @property
    def file_name(self) -> str:
        """The name it is to be saved under; empty where it has none."""
        _, parameters = content_type(self.headers.get("content-disposition", ""))
        return parameters.get("filename") or self.parameters.get("name") or ""

    @property
    def is_attached(self) -> bool:
        """Whether it is a file of its own rather than a text to be shown."""
        return self.headers.get("content-disposition", "").lower().startswith("attachment") or bool(self.file_name)

    def decoded(self) -> bytes:
        """Its bytes out of their transfer encoding."""
        return transferred(self.raw, self.headers.get("content-transfer-encoding", ""))

    def text(self) -> str:
        """Its characters, by the charset it names, else by the likeliest."""
        return characters(self.decoded(), self.parameters.get("charset", ""))


def split(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The headers of a message or part, names in small letters, and its body."""
    if raw[:2] == b"\r\n" or raw[:1] == b"\n":
        return [], raw.lstrip(b"\r\n")
    end = _HEADERS_END.search(raw, 0, MOST_HEADER_BYTES)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw[:MOST_HEADER_BYTES], b"")
    headers: list[tuple[str, bytes]] = []
    for line in _HEAD_LINE.split(head):
        found = _HEADER.match(line)
        if found:
            headers.append((found[1].decode("ascii").lower(), found[2].strip()))
            if len(headers) >= MOST_HEADERS:
                break
    if not headers:
        return [], raw  # no mail at all: what is there is the text
    return headers, body


def strays(raw: bytes) -> bytes:
    """What stands in the head of a message from the first line on that is no header; some programs show it as text."""
    end = _HEADERS_END.search(raw, 0, MOST_HEADER_BYTES)
    head = raw[: end.start()] if end else raw
    at = 0
    for line in _HEAD_LINE.split(head):
        if line.strip() and not _HEADER.match(line) and not line.startswith((b"From ", b">From ")):
            return head[head.find(line, at) :]
        at += len(line)
    return b""


def decoded_header(value: bytes) -> str:
    """A header as one line of text: encoded words (several bytes of one character may be split over two) decoded."""
    text = _plain(value)
    if "=?" in text:
        text = _BETWEEN_WORDS.sub(r"\1", text[:65536])
        text = "".join(_words(text))
    return " ".join(text.split())


def _plain(value: bytes) -> str:
    if value.isascii():
        return value.decode("ascii")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return decode_plain(value, rank(value)[0])


def _words(text: str) -> Iterator[str]:
    place, waiting, charset = 0, b"", ""
    for found in _ENCODED_WORD.finditer(text):
        if waiting and (found.start() > place or found[1].lower() != charset):
            yield characters(waiting, charset)
            waiting = b""
        yield text[place : found.start()]
        charset, place = found[1].lower(), found.end()
        said = found[3].encode("utf-8", "replace")
        waiting += base64_bytes(said) if found[2] in "bB" else binascii.a2b_qp(said, header=True)
    if waiting:
        yield characters(waiting, charset)
    yield text[place:]


def characters(data: bytes, charset: str) -> str:
    """Bytes as text in the charset that is named; in the likeliest one where it is none of text, or plainly wrong."""
    name = _CODECS.get(charset.lower(), charset)
    if b"\x1b$" in data and data.isascii():
        return seven_bit.iso_2022(data)
    if _TEXT_CODEC.match(name) and name.lower() not in ("us-ascii", "ascii"):
        try:
            text = data.decode(name, "replace")
        except (LookupError, ValueError):
            text = "\ufffd" * 9
        if text.count("\ufffd") * 20 <= len(text):
            return text.encode("utf-8", "replace").decode("utf-8")
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    return decode_plain(data, rank(data[:4096])[0])


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """The first word of a header in small letters, and its parameters, continued ones joined (RFC 2231)."""
    kind = value.partition(";")[0].strip().lower()
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, star, said in _PARAMETER.findall(value[:65536]):
        said = said.strip()
        if said.startswith('"'):
            said = re.sub(r"\\(.)", r"\1", said[1:-1])
        order = star.strip("*")
        pieces.setdefault(name.lower(), []).append((int(order) if order else 0, star.endswith("*"), said))
    return kind, {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    parts.sort(key=lambda part: part[0])
    if not any(coded for _, coded, _ in parts):
        return decoded_header("".join(said for _, _, said in parts).encode("utf-8", "replace"))
    charset, data = "", b""
    for index, (_, coded, said) in enumerate(parts):
        if coded and index == 0 and said.count("'") >= 2:
            charset, _, said = said.split("'", 2)
        data += unquote_to_bytes(said) if coded else said.encode("utf-8", "replace")
    return characters(data, charset or "utf-8")


def transferred(raw: bytes, encoding: str) -> bytes:
    """Bytes out of their transfer encoding; as they stand where it is none we know."""
    encoding = encoding.strip().lower()
    if encoding.startswith("base64"):
        return base64_bytes(raw)
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(raw)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return b"".join(data for _, data in uuencoded(raw)) or raw
    return raw


def base64_bytes(raw: bytes) -> bytes:
    """Base64 out of anything that more or less is: foreign characters dropped, a cut end forgiven."""
    parts = []
    for piece in raw.translate(None, _NO_BASE64).split(b"="):
        letters = piece[: len(piece) - (len(piece) % 4 == 1)]
        if letters:
            parts.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(parts)


_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n", re.MULTILINE)


def uuencoded(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file that is uuencoded in a text."""
    place = 0
    while found := _BEGIN.search(raw, place):
        end = raw.find(b"\nend", found.end())
        end = len(raw) if end < 0 else end
        lines: list[bytes] = []
        for line in raw[found.end() : end].splitlines():
            try:
                lines.append(binascii.a2b_uu(line))
            except binascii.Error:
                break
        if lines:
            yield _plain(found[1].strip()), b"".join(lines)
        place = end


class Walk:
    """The parts of one message, in order. ``too_deep`` and ``too_many`` say what was left out."""

    def __init__(self) -> None:
        self.too_deep = self.too_many = self.encrypted = False
        self._parts = 0
        self.beside: list[bytes] = []
        """What stands before the first and after the last boundary; some programs show it."""

    def parts(
        self, headers: list[tuple[str, bytes]], body: bytes, depth: int = 0, related: bool = False
    ) -> Iterator[Part]:
        """The parts that hold no others, through those that do."""
        named: dict[str, str] = {}
        for name, value in headers:
            if name.startswith("content-"):
                named.setdefault(name, decoded_header(value) if name != "content-type" else _unfolded(value))
        kind, parameters = content_type(named.get("content-type", ""))
        if not kind.startswith("multipart/"):
            self._parts += 1
            yield Part(kind or "text/plain", parameters, named, body, related)
            return
        self.encrypted |= kind == "multipart/encrypted"
        if depth >= DEEPEST:
            self.too_deep = True
            return
        for inner in _between(body, parameters.get("boundary", ""), self.beside):
            if self._parts >= MOST_PARTS:
                self.too_many = True
                return
            self._parts += 1
            yield from self.parts(*split(inner), depth + 1, related or kind == "multipart/related")


def _unfolded(value: bytes) -> str:
    return " ".join(_plain(value).split())


def _between(body: bytes, boundary: str, beside: list[bytes]) -> Iterator[bytes]:
    """What stands between the lines of a boundary; where it is not named, or wrongly, between those it must be.

    What stands before and after them is added to ``beside``.
    """
    mark = boundary.encode("utf-8", "replace").rstrip()
    if not mark or b"--" + mark not in body:
        found = re.search(rb"(?:^|\n)--([!-~][ -~]{0,199}?)[ \t]*\r?\n(?:[!-9;-~]{1,60}:|\r?\n)", body)
        if found is None:
            yield b"\n" + body
            return
        mark = found[1]
    start, past = -1, 0
    for begin, end, last in _boundaries(body, b"--" + mark):
        if start >= 0:
            yield _after_line(body[start:begin])
        elif not body[past:begin].isspace():
            beside.append(body[past:begin])
        start, past = -1 if last else end, end
    if start >= 0:
        yield _after_line(body[start:])
    elif not body[past:].isspace():
        beside.append(body[past:])


def _boundaries(body: bytes, line: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where a boundary's lines begin, the end of line before them included, where they end, and whether it is the last.

    Looked for by their own bytes: most of a body has none, and is long.
    """
    at = body.find(line)
    while at >= 0:
        end = _BOUNDARY_END.match(body, at + len(line)) if at == 0 or body[at - 1] == 10 else None
        if end is None:
            at = body.find(line, at + 1)
            continue
        begin = at - (2 if body[at - 2 : at] == b"\r\n" else 1 if at else 0)
        yield begin, end.end(), end[1] is not None
        at = body.find(line, end.end())


def _after_line(part: bytes) -> bytes:
    """A part without the end of its boundary's line; an empty line first means that it has no headers."""
    return part[2:] if part.startswith(b"\r\n") else part[1:]
