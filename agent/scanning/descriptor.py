"""Reading an open descriptor with nothing but `read` and `lseek`.

What Python opens asks the kernel first what kind of file it is, by a call that could as well ask about a path, and
which a caged process is refused.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _Descriptor(io.RawIOBase):
    """An open regular file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return os.readv(self._descriptor, [buffer])

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def opened(descriptor: int) -> BinaryIO:
    """A descriptor as a buffered stream of bytes, which owns it from now on."""
    return cast("BinaryIO", io.BufferedReader(_Descriptor(descriptor)))
