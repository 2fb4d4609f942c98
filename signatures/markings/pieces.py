"""Pieces: what a rule's pattern may name instead of writing it, and how such a pattern is compiled."""

from __future__ import annotations

import re

from signatures.markings.handling import HANDLING, URGENCY
from signatures.markings.terms import PLAIN_TERM, TERM

PIECES = {"{{term}}": TERM, "{{plain_term}}": PLAIN_TERM, "{{handling}}": HANDLING, "{{urgency}}": URGENCY}
"""Name of each piece → the expression that it stands for; none has named groups."""


def with_pieces(pattern: str) -> str:
    """A pattern with the grammar's terms and notes of handling put in."""
    for name, piece in PIECES.items():
        pattern = pattern.replace(name, piece)
    return pattern


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern as a pack writes it. Raises `re.error`."""
    return re.compile(with_pieces(pattern))
