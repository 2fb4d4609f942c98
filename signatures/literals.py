"""Literals: what every rule must declare, and all that the sieve looks for."""

from __future__ import annotations

import msgspec


class Literal(msgspec.Struct, frozen=True):
    """A piece of text without which a rule cannot match.

    The sieve compiles it once into its bytes in UTF-8, GB18030, UTF-16 LE and BE, Big5 and XML numeric references.
    """

    text: str
    gaps: bool = False
    """Whether up to three separators (space, tab, NBSP, U+3000, hyphen, middle dot, zero-width characters, line
    ends) may stand between its characters (marking-grammar N2, N5, N6)."""
    any_case: bool = False
    """Whether ASCII letters match in either case."""
    any_width: bool = True
    """Whether full-width forms of its ASCII characters match too (N1)."""
    shape: bool = False
    """Whether each 0 stands for any digit (of words only, see `signatures.engine.words`)."""
