"""The sieve: one multi-pattern pass over raw bytes that says where it is worth looking."""

from signatures.engine.bytecode import ENCODINGS
from signatures.engine.sieve import MANY, LiteralSieve, Sieve, Span, TalkSieve, build

__all__ = ["ENCODINGS", "MANY", "LiteralSieve", "Sieve", "Span", "TalkSieve", "build"]
