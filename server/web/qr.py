"""QR codes as the numbers a template draws them from: no image, no script, no style (ISO/IEC 18004)."""

from __future__ import annotations

from dataclasses import dataclass

import segno

BORDER = 2
"""Modules of quiet around the code."""
_MASK = 2
"""The pattern that is laid over the code. To try all eight for the one with most contrast takes five times as long."""


@dataclass(frozen=True)
class Code:
    """A code as one SVG path."""

    size: int
    """Modules on each side, the quiet zone included."""
    path: str
    """Each dark run of a row as a move and a horizontal line of height 1."""


def rows(text: str, *, error: str = "q") -> Code:
    """The code of a text, with a quarter of it allowed to be damaged (level Q), or less where it is not printed."""
    matrix = segno.make_qr(text, error=error, mask=_MASK).matrix
    parts: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                parts.append(f"M{x + BORDER} {y + BORDER}h{run}v1h-{run}z")
            x += run or 1
    return Code(size=len(matrix) + 2 * BORDER, path="".join(parts))
