"""Where characters of double-byte encodings begin: searching bytes finds places that lie half a character off."""

from __future__ import annotations

import re

from signatures.engine.engines import Data

_ANCHOR_REACH = 1024
_NO_ANCHOR = re.compile(rb"[^\x00-\x2f]*")


class Aligned:
    """Asked for one place after another in the same data, remembers the last at which a character begins.

    From there on to the next is a short way, where from an anchor it may be a long one. Yes in doubt, as `aligned`.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[str, int] = {}

    def at(self, start: int, end: int, encoding: str) -> bool:
        """Whether a character of a double-byte encoding begins at ``start``."""
        known = self._known.get(encoding, start + 1)
        near = known <= start <= known + _ANCHOR_REACH
        if (near and _decodes(self._data[known:start], encoding)) or aligned(self._data, start, end, encoding):
            self._known[encoding] = start
            return True
        return False


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def aligned(data: Data, start: int, end: int, encoding: str) -> bool:
    """Whether a character of a double-byte encoding begins at ``start``; yes in doubt.

    No byte below 0x30 is ever the second half of a character of GB18030 or Big5, so the nearest one is an anchor
    from which the characters can be counted. Bytes that cannot be counted through to the next anchor are damaged:
    there the count proves nothing.
    """
    low = max(0, start - _ANCHOR_REACH)
    before = bytes(data[low:start])
    since = _NO_ANCHOR.match(before[::-1])
    anchor = len(before) - 1 - (since.end() if since else 0)
    if anchor < 0 and low > 0:
        return True
    before = before[anchor + 1 :]
    try:
        before.decode(encoding)
    except UnicodeDecodeError as problem:
        if "incomplete" not in problem.reason:
            return True
    else:
        return True
    after = bytes(data[start : end + _ANCHOR_REACH])
    until = _NO_ANCHOR.match(after, end - start)
    stop = until.end() if until else len(after)
    try:
        (before + after[:stop]).decode(encoding)
    except UnicodeDecodeError as problem:
        return "incomplete" not in problem.reason or stop < len(after)
    return False
