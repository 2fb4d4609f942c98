"""A real nursery whose reader of plain text does what the file says: ends, hangs, hoards, raises. For tests alone."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from agent.scanning import examine, nursery_process
from agent.scanning.formats.base import Piece, Reading, Source
from signatures.passages import Passage, Zone

sys.path.insert(0, str(Path(__file__).parent))
import escapes


class Obeying:
    """A format that obeys the first word of a file."""

    def pieces(self, source: Source, reading: Reading) -> Iterator[Piece]:
        """Do as told; a file that tells nothing is clean."""
        order = source.head(64).split(b"\n")[0].strip()
        if order.startswith(b"TRY "):
            attempt = {**escapes.ATTEMPTS, **escapes.HARMLESS}[order[4:].decode()]
            if escapes.outcome(attempt) == "succeeded":
                yield Passage(Zone.P1_TOP_LEFT, "机密★10年")
            return
        match order:
            case b"EXIT":
                os._exit(0)
            case b"SEGV":
                os.kill(os.getpid(), signal.SIGSEGV)
            case b"HANG":
                while True:
                    time.sleep(1)
            case b"HOARD":
                hoard = [bytearray(1024 * 1024) for _ in range(100_000)]
                hoard.clear()
            case b"RAISE":
                raise ValueError("content that must not reach a log")
            case b"RECURSE":
                self.pieces_of(source)
        yield from ()

    def pieces_of(self, source: Source) -> None:
        """Call itself until there is no stack left."""
        self.pieces_of(source)


if __name__ == "__main__":
    real = examine.format_for
    examine.format_for = lambda media_type: Obeying() if media_type == "text/plain" else real(media_type)
    sys.exit(nursery_process.main())
