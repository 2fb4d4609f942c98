"""S/MIME (.p7m): what is signed is handed on, what is encrypted is told (RFC 5652; BER and DER)."""

from __future__ import annotations

from collections.abc import Iterator

from agent.scanning.formats.base import Member, MiB, NotExamined, Piece, Reading, Source
from protocol.records import Reason

NAME = "p7m"
MEDIA_TYPES = ("application/pkcs7-mime",)
LIMITS = {"bytes": 64 * MiB}
LIMITATIONS = ("Files in PEM armour, and what is signed apart from its signature, are not read.",)

_ENCRYPTING = {bytes.fromhex(f"2a864886f70d0107{kind}") for kind in ("03", "04", "06")}
_SIGNED = bytes.fromhex("2a864886f70d010702")
_OID, _OCTETS, _SEQUENCE, _CONSTRUCTED = 0x06, 0x04, 0x30, 0x20
_EXPLICIT = 0xA0
_DEEPEST = 8


def pieces(source: Source, reading: Reading) -> Iterator[Piece]:
    """Yield the signed content as a `Member`. Raises `NotExamined` ``encrypted``, ``unsupported`` or ``damaged``."""
    data = source.read(LIMITS["bytes"])
    try:
        kind, content = _content_info(data, 0)
        if kind in _ENCRYPTING:
            raise NotExamined(Reason.ENCRYPTED, "the message is encrypted")
        if kind != _SIGNED:
            raise NotExamined(Reason.UNSUPPORTED, "a kind of message that is not read")
        inner = _signed(data, content)
    except (IndexError, ValueError):
        raise NotExamined(Reason.DAMAGED, "the message is damaged") from None
    if inner:
        reading.budget.spend(len(inner))
        yield Member("content", inner, len(inner))


def _content_info(data: bytes, at: int) -> tuple[bytes, int]:
    """Kind of what begins at ``at``, and where its content begins (-1 where it has none)."""
    tag, start, end = _head(data, at)
    kind_tag, kind_start, kind_end = _head(data, start)
    if tag != _SEQUENCE or kind_tag != _OID or kind_end is None:
        raise ValueError("no content")
    more = kind_end
    has_content = (end is None or more < end) and data[more] == _EXPLICIT
    return data[kind_start:kind_end], _head(data, more)[1] if has_content else -1


def _signed(data: bytes, at: int) -> bytes:
    """The content that a signature is about; nothing where it is kept elsewhere."""
    if at < 0:
        return b""
    _, at, _ = _head(data, at)
    for _ in range(2):  # version and digest algorithms stand before it
        at = _after(data, at, 0)
    _, content = _content_info(data, at)
    return b"" if content < 0 else b"".join(_octets(data, content, 0))


def _octets(data: bytes, at: int, depth: int) -> Iterator[bytes]:
    """The bytes of an octet string, which may come in pieces."""
    tag, start, end = _head(data, at)
    if tag & ~_CONSTRUCTED != _OCTETS or depth > _DEEPEST:
        raise ValueError("no octets")
    if not tag & _CONSTRUCTED:
        yield data[start:end]
        return
    while (end is None and data[start : start + 2] != b"\0\0") or (end is not None and start < end):
        yield from _octets(data, start, depth + 1)
        start = _after(data, start, depth + 1)


def _after(data: bytes, at: int, depth: int) -> int:
    """Where what begins at ``at`` ends."""
    _, start, end = _head(data, at)
    if end is not None:
        return end
    if depth > _DEEPEST:
        raise ValueError("too deep")
    while data[start : start + 2] != b"\0\0":
        start = _after(data, start, depth + 1)
    return start + 2


def _head(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Tag, start and end of a value; no end where it is marked by two zeros."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length == 0x80:
        return tag, start, None
    if length > 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
        if size > 8:
            raise ValueError("a length of no sense")
    return tag, start, min(start + length, len(data))
