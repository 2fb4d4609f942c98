"""Compressed Rich Text as Outlook keeps it (MS-OXRTFCP): LZ77 over a window of 4 KiB that begins with common words."""

from __future__ import annotations

import struct

from agent.scanning.formats.base import NotExamined
from protocol.records import Reason

_HEAD = struct.Struct("<II4sI")
_WINDOW = 4096
_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte (MS-OXRTFCP 2.1.2.1)."""


def decompressed(data: bytes, limit: int) -> bytes:
    """The Rich Text of a ``PidTagRtfCompressed`` value, as far as it goes; never more than ``limit`` bytes.

    Raises `NotExamined` ``damaged`` where it is none, ``too-large`` where it says it is longer than ``limit``.
    """
    if len(data) < _HEAD.size:
        raise NotExamined(Reason.DAMAGED, "the formatted text of the message is damaged")
    _, size, kind, _ = _HEAD.unpack_from(data)
    if size > limit:
        raise NotExamined(Reason.TOO_LARGE, f"formatted text of more than {limit} bytes")
    if kind == b"MELA":
        return data[_HEAD.size : _HEAD.size + size]
    if kind != b"LZFu":
        raise NotExamined(Reason.DAMAGED, "the formatted text of the message is damaged")
    return _inflated(data, size)


def _inflated(data: bytes, size: int) -> bytes:
    """The bytes after the head: eight tokens to each byte of flags, a letter or a place and a length in the window."""
    out = bytearray(_BEGINNING)
    first = len(_BEGINNING)
    end = first + size
    at, stop = _HEAD.size, len(data)
    while at < stop and len(out) < end:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                if at < stop:
                    out.append(data[at])
                at += 1
                continue
            if at + 2 > stop:
                return bytes(out[first:end])
            token = data[at] << 8 | data[at + 1]
            at += 2
            here = len(out)
            back = (here - (token >> 4)) % _WINDOW
            if back == 0:  # the place that is written next: the end
                return bytes(out[first:end])
            _repeat(out, back, (token & 0xF) + 2)
    return bytes(out[first:end])


def _repeat(out: bytearray, back: int, count: int) -> None:
    """Append ``count`` bytes from ``back`` bytes before the end; where they run into the end, they go round."""
    begin = len(out) - back
    if begin < 0:
        out += bytes(count)  # a place of the window that was never written
        return
    piece = out[begin : begin + count]
    while len(piece) < count:
        piece += piece[: count - len(piece)]
    out += piece
