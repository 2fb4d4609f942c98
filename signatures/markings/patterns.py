"""Pattern rules: markings whose form is written in the pack itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from signatures.expressions import Expression
from signatures.markings.candidates import Candidate, Line
from signatures.markings.codes import STATE_FAMILIES
from signatures.markings.pieces import with_pieces
from signatures.markings.terms import parse_term
from signatures.markings.units import Piece

if TYPE_CHECKING:
    from signatures.rules import Rule

_BLANKS = Expression(r"\s+")
_TOKEN = Expression(r"[A-Z0-9][A-Z0-9.-]*")
_STRANGE = "…"
_REFERENCE = Expression(r"\\[1-9]|\(\?P=|\(\?\(")
_NAMED_GROUP = Expression(r"\(\?P<\w+>")


def gate(rules: Sequence[PatternRule]) -> Expression:
    """One expression that is found wherever one of the rules is: much quicker than to ask each of them.

    Where a pattern refers to its own groups and cannot be joined, the expression is found everywhere.
    """
    return Expression(lambda: _joined([rule.source for rule in rules]))


def _joined(patterns: Sequence[str]) -> str:
    if any(_REFERENCE.search(pattern) for pattern in patterns):
        return r"(?s:.*)"
    return "|".join(f"(?:{_NAMED_GROUP.sub('(?:', pattern)})" for pattern in patterns) or r"(?!)"


class PatternRule:
    """One rule with a pattern, ready to match."""

    def __init__(self, rule: Rule, controls: frozenset[str]) -> None:
        """``controls`` are the control words that may be shown."""
        self.rule = rule
        self.where = rule.where()
        self.companions = tuple(Expression(with_pieces(companion)) for companion in rule.companions)
        self.source = with_pieces(rule.pattern or "")
        """Its regular expression."""
        self._pattern = Expression(self.source)
        self._kinds = frozenset(map(str, rule.units))
        self._controls = controls

    def match(self, line: Line, piece: Piece) -> Candidate | None:
        """The marking that fills the unit; where the rule may open a name or subject, that begins it."""
        if self._kinds and piece.kind not in self._kinds:
            return None
        found = self._pattern.fullmatch(line.text, piece.start, piece.end)
        return self._made(line, found, piece.kind, alone=piece.alone) if found else None

    def opening(self, line: Line, start: int) -> Candidate | None:
        """The marking that a subject or file name begins with, where the rule allows more to follow."""
        found = self._pattern.match(line.text, start)
        following = line.text[found.end() : found.end() + 1] if found else ""
        if found is None or (following.isascii() and following.isalnum()):
            return None
        return self._made(line, found, "name", alone=False)

    def _made(self, line: Line, found: re.Match[str], form: str, *, alone: bool) -> Candidate | None:
        groups = found.groupdict()
        term_group = next((name for name in ("term", "plain") if groups.get(name)), None)
        term = parse_term(found[term_group]) if term_group else None
        if self.rule.term == "required" and term is None:
            return None
        words = [found.span(name) for name in ("level", "term", "plain") if groups.get(name)]
        candidate = Candidate(
            self.rule, line, found.start(), found.end(), form, self._level(found), term, "", alone,
            starred=groups.get("symbol") == "★",
        )  # fmt: skip
        candidate.codes |= line.view.codes(found.start(), found.end(), tuple(words))
        candidate.codes.update(term.codes if term else ())
        if self.rule.traditional:
            candidate.codes.discard("TRAD_CHAR")
        if candidate.starred and self.rule.family not in STATE_FAMILIES:
            candidate.codes.add("STAR_IN_NON_STATE")
        candidate.codes.update(self.rule.codes)
        if groups.get("gap") or groups.get("space"):
            candidate.codes.add("TLP_FORMAT")
        candidate.marking = self._marking(found, term_group, term.text if term else None)
        return candidate

    def _level(self, found: re.Match[str]) -> str | None:
        if self.rule.level is not None:
            return self.rule.level
        if not found.groupdict().get("level"):
            return None
        level = _BLANKS.sub(" ", found["level"])
        return self.rule.levels.get(level) or self.rule.levels.get(level.replace(" / ", "/")) or level

    def _marking(self, found: re.Match[str], term_group: str | None, term: str | None) -> str:
        """What matched, without the owner, with the term as usual and unknown control words masked."""
        changes: list[tuple[int, int, str]] = []
        if found.groupdict().get("owner"):
            changes.append((*found.span("owner"), ""))
        if term_group and term:
            changes.append((*found.span(term_group), term))
        if found.groupdict().get("controls"):
            shown = _TOKEN.sub(self._masked, found["controls"])
            changes.append((*found.span("controls"), shown))
        text, at = "", found.start()
        for start, end, new in sorted(changes):
            text += found.string[at:start] + new
            at = end
        return _BLANKS.sub(" ", text + found.string[at : found.end()]).strip()

    def _masked(self, token: re.Match[str]) -> str:
        return token[0] if token[0] in self._controls else _STRANGE
