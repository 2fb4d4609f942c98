"""The marking grammar: recognises genuine secrecy markings, and leaves alone text that merely talks about secrecy."""

from signatures.markings.grammar import Explanation, Grammar, Reading

__all__ = ["Explanation", "Grammar", "Reading"]
