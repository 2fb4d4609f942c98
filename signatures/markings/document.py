"""The document around a marking: what speaks for it and against it beyond its own line (marking-grammar 3.3, 4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from signatures.expressions import Expression
from signatures.markings.candidates import Candidate, Line
from signatures.markings.cues import cues_in, cues_of
from signatures.markings.headings import Headings
from signatures.markings.notations import Notations
from signatures.markings.scoring import EXAMPLE, WEAK
from signatures.markings.triggers import LEVEL
from signatures.markings.units import BOX
from signatures.markings.zones import CELLS, FRONT, FURNITURE, side_of
from signatures.passages import Passage, Zone

_ABOUT = Expression(r"保密|涉密|定密|密级|秘密|机密|泄密|涉秘")
_RULEBOOK = Expression(r"制度|办法|规定|条例|释义|试题|测试|问答|培训|宣传|讲义|知识|细则|对照表|汇编|学习|词汇")
_COLUMN_HEADS = frozenset({"密级", "涉密等级", "秘密等级", "密别", "保密级别", "保密等级"})
_CELL_EXAMPLE = Expression(r"示例|样例|举例|例子|标志形式|最长保密期限|标注方法|对照")
_NO_LEVEL = Expression(r"秘密(?=等级|级别|程度)|(?<=国家)秘密")
"""A level word that names none: the label of one (``秘密等级：机密``), or all of them (``国家秘密 机密★10年``)."""
_CLAUSE = Expression(r"\s*第\s?[一二三四五六七八九十百\d]{1,5}\s?[条章]")
"""What a rulebook is made of: a mark stands above it all."""
_EXAMPLE_HEAD = Expression(
    r"(?:示例|样[例式]|范[例本文]|举例|式样|(?:标[志识注]|密级).{0,4}示意图?)\s?[一二三四五六七八九十\d]{0,2}[)\]】]?$"
)
_CELL_NAME = Expression(r"([A-Z]{1,3})(\d{1,7})")
_SOME = 8
_UNBACKED = 40
"""Most points of a mark that needs support and has none: weak, never for review."""
_LINE = 200
_HEAD = 2000
"""Characters of a passage that are asked for titles and headings, and of a paragraph that is a neighbour."""
_BELOW = 4
"""Lines below a candidate that are asked whether it is their heading."""
_SPOKEN = frozenset({"level_only", "commercial", "work"})
"""Families whose words papers about secrecy have on lines of their own."""


class Document:
    """All passages of one file, asked only for files that hold a candidate."""

    def __init__(self, passages: Sequence[Passage], candidates: Sequence[Candidate], notations: Notations) -> None:
        self._passages = passages
        self._candidates = candidates
        self._notations = notations
        self._seen: dict[object, set[int | None]] = {}
        for candidate in candidates:
            self._seen.setdefault(_same(candidate), set()).add(candidate.line.passage.place.page)
        self._about: bool | None = None

    def judge(self) -> None:
        """Give and take the points of the whole document."""
        self._enumerations()
        self._registers()
        for candidate in self._candidates:
            self._neighbours(candidate)
            self._instructions(candidate)
            self._enumeration(candidate)
            self._boxes(candidate)
            self._repetition(candidate)
            self._secrecy(candidate)
            self._opposed(candidate)
        self._headings()
        self._agreement()
        self._support()

    def around(self, candidate: Candidate, reach: int = 6) -> list[str]:
        """The lines up to ``reach`` before and after, its own left out; over passages where each is one paragraph."""
        line = candidate.line
        later = self._passages[line.index + 1 : line.index + 1 + reach]
        return self._above(line, reach) + (line.below(reach) + _lines_of(later, _kin(line)))[:reach]

    def _above(self, line: Line, reach: int) -> list[str]:
        earlier = self._passages[max(0, line.index - reach) : line.index]
        return (_lines_of(earlier, _kin(line)) + line.above(reach))[-reach:]

    def _neighbours(self, candidate: Candidate) -> None:
        zone = candidate.line.passage.zone
        if zone not in FRONT and zone is not Zone.BODY:
            return
        for name in list(cues_in(self.around(candidate)))[:3]:
            candidate.add(f"neighbour: {name}", 8)
            if zone is Zone.P1_BLOCK:
                candidate.add(f"block around the mark: {name}", 10)
        if candidate.form == "BARE" and any(_CLAUSE.match(text) for text in self._above(candidate.line, 6)):
            candidate.add("a clause stands above it", -25)

    def _instructions(self, candidate: Candidate) -> None:
        """A line just above that announces an example."""
        # Quotation marks in another type may have come from the page as lines of their own.
        above = candidate.line.above(3)
        while above and above[-1].strip() and not any(map(str.isalnum, above[-1])):
            above.pop()
        above = above[-1:]
        opened = candidate.line.text[: candidate.start].strip() == ":"
        paragraph = candidate.line.passage.zone in (Zone.BODY, Zone.PARA_LEAD)
        if not above and (opened or paragraph) and candidate.line.index:
            above = [self._passages[candidate.line.index - 1].text[-_LINE:].rpartition("\n")[2]]
        for line in above:
            text = unicodedata.normalize("NFKC", line).strip() + ":" * opened
            announced = text.endswith((":", "是", "为")) and (EXAMPLE.search(text) or _ABOUT.search(text))
            if announced or _EXAMPLE_HEAD.search(text):
                candidate.add("the line above announces an example", -60 if opened else -45)

    def _enumeration(self, candidate: Candidate) -> None:
        """A word alone on its line with which a list of words begins that goes on below: 绝密 / 、机密、秘密三级."""
        line = candidate.line
        below = line.below(1) or _lines_of(self._passages[line.index + 1 : line.index + 2], _kin(line))[:1]
        if candidate.form == "BARE" and any(text.lstrip().startswith(("、", "，", ",")) for text in below):
            candidate.add("a list of words goes on below it", -40)

    def _boxes(self, candidate: Candidate) -> None:
        """A field whose boxes stand on the lines below: a form, and no telling which box is whose."""
        own = BOX.search(candidate.line.text)
        if candidate.form == "FIELD" and not own and any(BOX.search(line) for line in candidate.line.below(3)):
            candidate.add("boxes of a form stand beside it", -60)

    def _repetition(self, candidate: Candidate) -> None:
        passage = candidate.line.passage
        pages = self._seen[_same(candidate)]
        if passage.pages >= 2 or (len(pages) >= 2 and passage.zone in FURNITURE):
            candidate.add("repeated over pages", 10)
            if passage.zone in (Zone.HEADER, Zone.FOOTER):
                candidate.add("repeated header or footer", 10)

    def _headings(self) -> None:
        """Words alone on a line because the paper goes on to tell of them; official paper has none such."""
        if not self._candidates or cues_of(self._passages):
            return
        headings = Headings(self._passages)
        for candidate in self._candidates:
            line = candidate.line
            below = line.below(_BELOW)
            for passage in self._passages[line.index + 1 : line.index + 1 + _BELOW]:
                below += passage.text[:_HEAD].split("\n")
            headings.judge(candidate, below)

    def _secrecy(self, candidate: Candidate) -> None:
        zone = candidate.line.passage.zone
        spoken = candidate.family in _SPOKEN and _loose(candidate) and zone in FRONT | {Zone.PARA_LEAD}
        if (candidate.form in ("BARE", "PLAIN") or spoken) and self.about_secrecy():
            candidate.add("the document is about secrecy", -15)

    def about_secrecy(self) -> bool:
        """Whether the document talks about secrecy rather than being secret."""
        if self._about is None:
            self._about = self._titled_so() or (
                not any(c.form == "STARRED" for c in self._candidates) and self._level_words() >= _SOME
            )
        return self._about

    def _titled_so(self) -> bool:
        for index, passage in enumerate(self._passages[:40]):
            if passage.zone in (Zone.TITLE, Zone.FILENAME, Zone.COVER, Zone.P1_TOP_LEFT, Zone.P1_BLOCK) or index == 0:
                titles = passage.text[:_HEAD].split("\n")[:8]
                if any(len(t) <= 50 and _ABOUT.search(t) and _RULEBOOK.search(t) for t in titles):
                    return True
        return False

    def _level_words(self) -> int:
        """How many level words there are beside the candidates; stops counting at enough."""
        count = -len({(c.line.index, c.line.number) for c in self._candidates})
        for passage in self._passages:
            for _ in LEVEL.finditer(passage.text):
                count += 1
                if count >= _SOME:
                    return count
        return count

    def _opposed(self, candidate: Candidate) -> None:
        line, zone = candidate.line, candidate.line.passage.zone
        if self._notations.declassify(line.index, line.number):
            candidate.codes.add("DECLASSIFIED_STAMP")
            candidate.voided = True
        if self._notations.oppose(zone):
            candidate.add("a notation in the same zone says the opposite", -30)

    def _enumerations(self) -> None:
        """Levels listed one after the other are talked about, not meant."""
        groups: dict[object, list[Candidate]] = {}
        for candidate in self._candidates:
            zone = candidate.line.passage.zone
            groups.setdefault(CELLS if zone in CELLS else candidate.line.index, []).append(candidate)
        loose = [c for c in self._candidates if _loose(c) and not _fixed(c)]
        everywhere = {id(c) for c in loose} if len({c.level for c in loose}) >= 3 else set()
        for group in groups.values():
            starred = {c.level for c in group if c.starred and "CHANGED_MARK" not in c.codes}
            bare = {c.level for c in group if _loose(c)}
            state = {c.level for c in group if _loose(c) and c.family in ("state", "level_only")}
            for c in group:
                on_line = set(LEVEL.findall(_NO_LEVEL.sub("", c.line.text)))
                if len(on_line) >= 2 and "CHANGED_MARK" not in c.codes and not BOX.search(c.line.text):
                    c.add("several levels on the line", -50)
                elif c.starred and len(starred) >= 3:
                    c.add("all levels are listed", -60)
                elif _loose(c) and (len(bare) >= 3 or (len(state) >= 2 and c.level in state) or (len(starred) >= 3)):
                    c.add("levels are listed", -50)
                elif id(c) in everywhere:
                    c.add("levels are listed over the document", -50)

    def _registers(self) -> None:
        """Cells under a column head 密级, or among examples, speak of other documents."""
        self._flat_registers()
        cells = [c for c in self._candidates if c.line.passage.zone in CELLS and c.form not in ("FIELD", "field")]
        if not cells:
            return
        short = [p for p in self._passages if p.zone in CELLS and len(p.text) <= 60]
        example = any(_CELL_EXAMPLE.search(p.text) for p in short)
        heads: dict[str, int] = {}
        for passage in short:
            column, row = _cell(passage.place.cell)
            if column and passage.text.strip() in _COLUMN_HEADS:
                heads[column] = min(row, heads.get(column, row))
        for candidate in cells:
            column, row = _cell(candidate.line.passage.place.cell)
            if example:
                candidate.add("a table of examples", -45)
            if heads.get(column, row) < row:
                candidate.add("a column of a register", -50)

    def _flat_registers(self) -> None:
        """The same where the format gives a table as lines: a head alone on a line, and below it several marks."""
        columns: dict[int, list[Candidate]] = {}
        for c in self._candidates:
            if c.line.passage.zone in FRONT and c.alone and c.form not in ("FIELD", "field"):
                columns.setdefault(c.line.index, []).append(c)
        for group in columns.values():
            last = max(group, key=lambda c: c.line.number)
            if len({c.line.number for c in group}) >= 2 and _COLUMN_HEADS & {a.strip() for a in last.line.above(_LINE)}:
                for c in group:
                    c.add("a column of a register", -80)

    def _agreement(self) -> None:
        sides: dict[tuple[str | None, str], set[str]] = {}
        for candidate in self._candidates:
            if candidate.confidence >= WEAK:
                sides.setdefault(_meaning(candidate), set()).add(side_of(candidate.line.passage.zone))
        for candidate in self._candidates:
            if candidate.confidence >= WEAK and len(sides.get(_meaning(candidate), ())) >= 2:
                candidate.add("two sources agree", 15)

    def _support(self) -> None:
        """Hold down what means little by itself unless it is repeated or backed by a classification block."""
        block = any(c.level == "CLASSIFIED_BLOCK" for c in self._candidates)
        stands: dict[tuple[str, str | None], set[Zone]] = {}
        for c in self._candidates:
            stands.setdefault((c.rule.id, c.level), set()).add(c.line.passage.zone)
        for c in self._candidates:
            ceiling = c.rule.ceiling
            if ceiling is not None and not c.starred and c.term is None and c.confidence > ceiling:
                c.add("means nothing without star and term", ceiling - c.confidence)
            if not c.rule.support or c.form == "field" or c.confidence <= _UNBACKED:
                continue
            backed = (
                block
                or _fixed(c)
                or any(reason == "repeated over pages" for reason, _ in c.points)
                or stands[c.rule.id, c.level] >= {Zone.HEADER, Zone.FOOTER}
            )
            if not backed:
                c.add("needs to be repeated or backed by a classification block", _UNBACKED - c.confidence)


def _same(candidate: Candidate) -> object:
    return candidate.rule.id, candidate.level, candidate.term, candidate.line.passage.zone


def _kin(line: Line) -> frozenset[Zone]:
    """The zones whose lines are its neighbours."""
    return FRONT if line.passage.zone in FRONT else frozenset({line.passage.zone})


def _lines_of(passages: Sequence[Passage], zones: Collection[Zone]) -> list[str]:
    """The lines of the paragraphs in some zones; what is longer than a paragraph is left out."""
    near = (passage.text.split("\n") for passage in passages if passage.zone in zones and len(passage.text) <= _HEAD)
    return [line for lines in near for line in lines]


def _meaning(candidate: Candidate) -> tuple[str | None, str]:
    family = "state" if candidate.family == "level_only" else candidate.family
    return candidate.level, family


def _loose(candidate: Candidate) -> bool:
    """Whether it is a word or phrase that fills its line, without star or label."""
    return not candidate.starred and candidate.form in ("BARE", "PLAIN", "line", "segment")


def _fixed(candidate: Candidate) -> bool:
    """Whether it stands where only markings and running titles stand."""
    passage = candidate.line.passage
    return passage.pages >= 2 or passage.zone in (Zone.WATERMARK, Zone.STAMP, Zone.SLIDE_MASTER)


def _cell(name: str | None) -> tuple[str, int]:
    """Column and row of a cell; ``("", 0)`` for what is none."""
    found = _CELL_NAME.fullmatch(name or "")
    return (found[1], int(found[2])) if found else ("", 0)
