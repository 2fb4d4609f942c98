"""Settings that desktops keep in a binary database (dconf's gvdb), read by its format without running a program.

One file holds one level of settings: a person's own, or one of the computer's. Only values of the simple types that
checks ask for are told (truth, numbers, text); all others are there by name alone.
"""

from __future__ import annotations

import struct

from agent.checks.tree import DAMAGED, MiB, Tree, Unreadable

_MAGIC = b"GVariant"
_ITEM = 24
_MOST_ITEMS = 50_000
_NUMBERS = {"y": "<B", "n": "<h", "q": "<H", "i": "<i", "u": "<I", "x": "<q", "t": "<Q", "d": "<d"}
Setting = bool | int | float | str | None


def settings(tree: Tree, path: str) -> dict[str, Setting] | None:
    """Every setting by its full name, such as ``/org/gnome/desktop/session/idle-delay``; None where there is no file.

    Raises `Unreadable`.
    """
    data = tree.read_bytes(path, 8 * MiB)
    if data is None:
        return None
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(path, DAMAGED) from error


def _read(data: bytes) -> dict[str, Setting]:
    if not data.startswith(_MAGIC):  # one written by a computer of the other byte order is not for this one
        raise ValueError("no database of settings")
    start, end = struct.unpack_from("<II", data, 16)
    bloom, buckets = struct.unpack_from("<II", data, start)
    first = start + 8 + 4 * (bloom & 0x07FF_FFFF) + 4 * buckets
    count = (end - first) // _ITEM
    if not 0 <= count <= _MOST_ITEMS or end > len(data):
        raise ValueError("a table that lies outside")
    items = [struct.unpack_from("<IIIHcxII", data, first + _ITEM * index) for index in range(count)]
    found: dict[str, Setting] = {}
    for _, parent, key, length, kind, begin, finish in items:
        if kind == b"v":
            parts = [data[key : key + length].decode()]
            while parent != 0xFFFFFFFF and len(parts) < 64:
                _, parent, above, size, *_ = items[parent]
                parts.append(data[above : above + size].decode())
            found["".join(reversed(parts))] = _value(data[begin:finish])
    return found


def _value(variant: bytes) -> Setting:
    """The value of a variant: its bytes, a zero, its type."""
    content, _, kind = variant.rpartition(b"\0")
    word = kind.decode("ascii", "replace")
    if word == "b" and len(content) == 1:
        return content != b"\0"
    if word in _NUMBERS and len(content) == struct.calcsize(_NUMBERS[word]):
        number = struct.unpack(_NUMBERS[word], content)[0]
        return float(number) if word == "d" else int(number)
    if word == "s":
        return content.rstrip(b"\0").decode("utf-8", "replace")
    return None
