"""The structured productions: state marks in all their forms (marking-grammar 3.1).

One `StateGrammar` is compiled for each pack whose rules use productions, from that pack's vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from signatures.characters import confused_forms
from signatures.expressions import Expression
from signatures.markings.candidates import Candidate, Line
from signatures.markings.terms import PLAIN_TERM, TERM, Term, parse_term
from signatures.markings.units import Piece, strip
from signatures.markings.zones import FURNITURE
from signatures.passages import Zone

if TYPE_CHECKING:
    from signatures.rules import Pack, Rule

_NOT_STATE = ("工作", "商业", "公司", "企业", "集团", "警务", "技术", "个人", "商用")
"""Words before a level that make another family of it; the starred production leaves these to their own rules."""
_END = r"(?=$|[\s)\]】〕〉」』”’\"',;,。、!(\[【〔<>|/\\_-])"
_UNITLESS = r"(?=[1-9]\d?\s{0,3}$)"
"""A number at the end of the line that lacks its unit: ``机密★10``."""
_UNADORNED = r"(?!(?<=[★*])..级?\s{0,3}[★*]\s{0,3}$|(?<=[★*]\s)..级?\s{0,3}[★*]\s{0,3}$)"
"""Not between two stars that adorn the word: ``★机密★`` is a level that stands alone."""
_TERM_LABEL = r"(?:(?:保密期限?|解密(?:时间|日期|条件))\s{0,3}:?\s{0,3})?"
"""What the term may be called where it stands behind the star (密级★解密时间)."""
_YEAR = Expression(r"[12]\d{3}\s{0,4}年\w{0,2}")
_CHANGE = Expression(r"降为|升为|变更[为:]|调整为|更改为|改为|变更|延长为|→|=>")
_DECLASSIFIED = Expression(r"已?解密(?!条件|时间|日期|期限|方法|前|后|算法)")


class StateGrammar:
    """The productions over one vocabulary of levels."""

    def __init__(self, pack: Pack) -> None:
        """Compile for ``pack``; its rules say which productions are wanted, where and under which name."""
        self._rules: dict[str, list[tuple[Rule, frozenset[Zone]]]] = {}
        for rule in pack.rules:
            if rule.production is not None:
                self._rules.setdefault(rule.production, []).append((rule, rule.where()))
        words = [level.word for level in pack.vocabulary.levels]
        self.maximum = {level.word: level.maximum_years for level in pack.vocabulary.levels}
        self._spelled = {word: word for word in words}
        for word in words:
            self._spelled.update((bad, word) for bad in confused_forms(word) if bad not in words)
        exact = "|".join(words)
        level = f"(?P<level>{'|'.join(self._spelled)})"
        self.spellings = tuple(self._spelled)
        self._starred = Expression(
            rf"{_UNADORNED}{level}级?\s{{0,3}}(?:(?:[)\]】〕」』]\s{{0,3}}(?=★\s{{0,3}}{PLAIN_TERM}))?[(\[【〔]?(?P<star>★)\s{{0,3}}(?:{_TERM_LABEL}[(\[【〔]?(?P<term>{TERM})|(?P<hole>[XxΧ×Ⅹ_□某?○…]{{1,6}}|(?=个?[年月])|保密期限|解密时间|解密日期|解密条件)|{_END}|{_UNITLESS})"
            rf"|(?P<asterisk>(?<!\*)\*(?!\*))\s{{0,3}}(?:(?P<term2>{TERM})|(?=$)))"
        )
        self._misread_star = Expression(rf"(?P<level>{exact})[太大女犬]\s?(?P<term>{PLAIN_TERM})")
        self._reversed = Expression(
            rf"(?P<term>{PLAIN_TERM})\s{{0,3}}★\s{{0,3}}{level}(?![★一-龥])|(?<!密)★\s{{0,3}}(?P<level2>{'|'.join(self._spelled)})级?\s{{0,3}}[(\[【〔]?(?P<term2>{PLAIN_TERM})"
        )
        self._plain = Expression(
            rf"(?:[(\[【〔](?=..级?[)\]】〕]))?{level}级?\s{{0,8}}[,;:·/|)\]】〕▲△◆◇●■※-]?\s{{0,8}}[(\[【〔]?(?:(?:保密)?期限?\s?:?\s{{0,3}})?(?P<term>{PLAIN_TERM})[)\]】〕]?(?P<after>\s{{0,3}}\(?已?解密\)?)?"
        )
        self._bare = Expression(rf"{level}级?(?P<cry>!{{1,3}})?(?P<after>\s{{0,3}}\(?已?解密\)?)?")

    def starred(self, line: Line) -> Iterator[Candidate]:
        """Marks with a star, anywhere on the line; of a changed mark only the one that holds now."""
        text = line.text
        zone = line.passage.zone
        matches = list(self._starred.finditer(text)) if "密" in text or "★" in text else []
        kept = [m for m in matches if not text[: m.start()].endswith(_NOT_STATE)]
        changed = len(kept) > 1 and bool(_CHANGE.search(text, kept[-2].end(), kept[-1].start()))
        for match in kept[-1:] if changed else kept:
            term = parse_term(match["term"] or match["term2"] or "")
            candidate = self._made(line, match, "STARRED", match["level"], term, starred=True)
            if candidate is None or (zone is Zone.BODY and (term is None or not candidate.alone)):
                continue
            if match["hole"] is not None:
                candidate.add("a placeholder stands for the term", -60)
            star = match.start("star") if match["star"] else match.start("asterisk")
            if line.view.original[line.view.origin[star]] != "★":
                candidate.codes.add("STAR_VARIANT")
            if changed:
                candidate.codes.add("CHANGED_MARK")
                candidate.alone = False
            yield candidate
        if not matches and zone is not Zone.BODY:
            yield from self._other_order(line)

    def _other_order(self, line: Line) -> Iterator[Candidate]:
        start, end = strip(line.text, 0, len(line.text))
        if match := self._misread_star.fullmatch(line.text, start, end):
            candidate = self._made(line, match, "STARRED", match["level"], parse_term(match["term"]), starred=True)
            if candidate is not None:
                candidate.misread = True
                candidate.codes.add("OCR_FIX")
                yield candidate
        for match in self._reversed.finditer(line.text) if "★" in line.text else ():
            level, term = match["level"] or match["level2"], parse_term(match["term"] or match["term2"])
            candidate = self._made(line, match, "REVERSED", level, term, starred=True)
            if candidate is not None:
                candidate.codes.add("ORDER")
                yield candidate

    def whole(self, line: Line, piece: Piece) -> Candidate | None:
        """A level, with a term or without, that fills a unit."""
        form = {"field": "FIELD", "lead": "LEAD", "tail": "LEAD", "name": "FILENAME"}.get(piece.kind)
        match = self._bare.fullmatch(line.text, piece.start, piece.end)
        term = None
        if match is None:
            match = self._plain.fullmatch(line.text, piece.start, piece.end)
            term = parse_term(match["term"]) if match else None
            if match is None or term is None:
                return None
            if match.end("level") == match.start("term") and (
                "CN_NUMERAL" in term.codes or _YEAR.fullmatch(match["term"])
            ):
                return None  # 秘密十年, 机密1950年前: more likely a title than a mark
        elif match["cry"] and line.passage.zone not in FURNITURE:
            return None
        candidate = self._made(line, match, form or ("PLAIN" if term else "BARE"), match["level"], term, starred=False)
        if candidate is not None:
            candidate.alone = piece.alone
        return candidate

    def _made(
        self, line: Line, match: re.Match[str], form: str, found: str, term: Term | None, *, starred: bool
    ) -> Candidate | None:
        rule = self.rule_for(form, with_term=term is not None, zone=line.passage.zone)
        if rule is None:
            return None
        level = self._spelled[found]
        start, end = match.span()
        codes = line.view.codes(start, end, _words(match))
        codes.update(term.codes if term else ())
        misread = found != level
        if misread:
            codes.add("OCR_FIX")
        marking = level + (("★" if starred else " ") + term.text if term else "★" if starred else "")
        candidate = Candidate(
            rule, line, start, end, form, level, term, marking, False, starred, misread or "OCR_FIX" in codes
        )
        candidate.codes |= codes
        candidate.alone, declassified = _alone(line.text, start, end)
        if declassified or match.groupdict().get("after"):
            candidate.codes.add("DECLASSIFIED_STAMP")
            candidate.voided = True
        return candidate

    def rule_for(self, form: str, *, with_term: bool, zone: Zone) -> Rule | None:
        """The pack's rule for a production in a zone, with a term or without."""
        for rule, where in self._rules.get(form, ()):
            fits = rule.term == "optional" or (rule.term == "required") == with_term
            if fits and zone in where:
                return rule
        return None


def _words(match: re.Match[str]) -> tuple[tuple[int, int], ...]:
    """The slices of level and term, inside which nothing should stand between the characters."""
    spans: Iterable[tuple[int, int]] = (
        match.span(name) for name in match.re.groupindex if name.startswith(("level", "term"))
    )
    return tuple(span for span in spans if span[0] >= 0)


def _alone(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether nothing else stands on the line, and whether 解密 stands beside the mark."""
    before, after = text[:start], text[end:]
    declassified = _DECLASSIFIED.search(after[:24]) or _DECLASSIFIED.search(before[-12:])
    if declassified:
        before, after = _DECLASSIFIED.sub("", before), _DECLASSIFIED.sub("", after)
    rest_before = re.sub(r"(?:密级\s?[::]?|[\s(\[【〔〈「『<·—–_=~|-])", "", before)
    rest_after = re.sub(r"[\s)\]】〕〉」』>·—–_=~|-]", "", after)
    return not rest_before and not rest_after, bool(declassified)
