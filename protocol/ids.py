"""UUIDv7: ids minted once, where the thing happens, that sort by time (RFC 9562 5.7)."""

from __future__ import annotations

import os
import threading
import time

_lock = threading.Lock()
_last = 0


def uuid7() -> str:
    """A new UUIDv7 in canonical text form.

    Ids minted by one process are strictly increasing, even within one millisecond: the 12 bits after the
    version carry a sub-millisecond fraction, pushed forward when the clock has not moved.
    """
    global _last
    now = time.time_ns() * 4096 // 1_000_000  # milliseconds in the upper bits, 1/4096 ms in the lower 12
    with _lock:
        _last = now = max(now, _last + 1)
    value = (now >> 12) << 80 | 0x7 << 76 | (now & 0xFFF) << 64 | 0b10 << 62
    digits = f"{value | int.from_bytes(os.urandom(8)) >> 2:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
