"""Pictures that hardly say what they are: PNM, Targa and PCX have no signature worth the name.

Each is told by a header that makes sense as a whole; else its pixels would pass for text or for bytes of no meaning.
"""

from __future__ import annotations

import re

from agent.scanning.formats.base import Source

_GAP = rb"(?:\s|#[^\n]{0,200}\n){1,20}"
_PNM = re.compile(rb"P(?:4%b(\d{1,5})%b(\d{1,5})\s|([56])%b(\d{1,5})%b(\d{1,5})%b(\d{1,5})\s)" % ((_GAP,) * 5))
_TARGA_KINDS = frozenset({1, 2, 3, 9, 10, 11})
_TARGA_DEPTHS = frozenset({8, 15, 16, 24, 32})
_TARGA_HEADER = 18
_TARGA_END = b"TRUEVISION-XFILE.\0"
_PCX_VERSIONS = frozenset({0, 2, 3, 4, 5})
_PCX_HEADER = 128


def bare_picture(head: bytes, source: Source) -> str:
    """The media type of such a picture; empty where it is none. ``head`` are its first bytes. Raises OSError."""
    if len(head) < _TARGA_HEADER:
        return ""
    if head[0] == 0x50 and _is_pnm(head, source.size):
        return "image/x-portable-anymap"
    if head[0] == 0x0A and _is_pcx(head):
        return "image/x-pcx"
    if head[1] <= 1 and head[2] in _TARGA_KINDS and _is_targa(head, source):
        return "image/x-tga"
    return ""


def _is_pnm(head: bytes, size: int) -> bool:
    """By its size as well: a text may begin with a P and numbers."""
    found = _PNM.match(head)
    if found is None:
        return False
    if found[3] is None:
        pixels = (int(found[1]) + 7) // 8 * int(found[2])
    else:
        pixels = int(found[4]) * int(found[5]) * (3 if found[3] == b"6" else 1) * (2 if int(found[6]) > 255 else 1)
    return 0 < pixels <= size - found.end() <= pixels + 2


def _is_pcx(head: bytes) -> bool:
    sensible = head[1] in _PCX_VERSIONS and head[2] == 1 and head[3] in (1, 2, 4, 8) and len(head) > _PCX_HEADER
    left, top, right, bottom = (int.from_bytes(head[at : at + 2], "little") for at in (4, 6, 8, 10))
    return sensible and left <= right and top <= bottom and head[64] == 0 and 1 <= head[65] <= 4


def _is_targa(head: bytes, source: Source) -> bool:
    """By its last bytes, or, where it is not packed, by its size."""
    mapped, kind, depth = head[1], head[2], head[16]
    width, height = int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little")
    if not (width and height and depth in _TARGA_DEPTHS and (mapped or not any(head[3:8]))):
        return False
    if kind < 9 and source.size >= _TARGA_HEADER + head[0] + width * height * ((depth + 7) // 8):
        return True
    if source.size < _TARGA_HEADER + len(_TARGA_END):
        return False
    source.stream.seek(source.size - len(_TARGA_END))
    end = source.stream.read(len(_TARGA_END))
    source.stream.seek(0)
    return end == _TARGA_END
