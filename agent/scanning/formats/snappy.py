"""Snappy, as one block without a frame: what Apple's and many data formats pack with."""

from __future__ import annotations

from agent.scanning.formats.base import NotExamined
from protocol.records import Reason

_DAMAGED = "the packed bytes are damaged"


def unpacked(data: bytes, limit: int) -> bytes:
    """What a block holds. Raises `NotExamined`: ``damaged``, or ``too-large`` where it says it is above ``limit``."""
    size, at = _size(data)
    if size > limit:
        raise NotExamined(Reason.TOO_LARGE, f"larger than {limit} bytes")
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:  # so many bytes as they are
            length = tag >> 2
            if length >= 60:
                wide = length - 59
                length = int.from_bytes(data[at : at + wide], "little")
                at += wide
            out += data[at : at + length + 1]
            at += length + 1
        else:  # so many of those that went before
            length, back, at = _copy(data, at, tag)
            if not 0 < back <= len(out):
                raise NotExamined(Reason.DAMAGED, _DAMAGED)
            begin = len(out) - back
            seen = bytes(out[begin : begin + length])  # not all that lies behind it: that may be megabytes each time
            out += (seen * (length // len(seen) + 1))[:length]
        if len(out) > size:
            raise NotExamined(Reason.DAMAGED, _DAMAGED)
    if len(out) != size:
        raise NotExamined(Reason.DAMAGED, _DAMAGED)
    return bytes(out)


def _size(data: bytes) -> tuple[int, int]:
    """The number of bytes that a block unpacks to, and where what is packed begins."""
    size = 0
    for at, byte in enumerate(data[:5]):
        size |= (byte & 0x7F) << 7 * at
        if not byte & 0x80:
            return size, at + 1
    raise NotExamined(Reason.DAMAGED, _DAMAGED)


def _copy(data: bytes, at: int, tag: int) -> tuple[int, int, int]:
    """How many bytes are repeated, from how far back, and where the next tag is."""
    if tag & 3 == 1:
        low = data[at] if at < len(data) else 0
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | low, at + 1
    wide = 2 if tag & 3 == 2 else 4
    return (tag >> 2) + 1, int.from_bytes(data[at : at + wide], "little"), at + wide
