"""The document around a marking: what speaks for it and against it beyond its own line (marking-grammar 3.3, 4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signatures.markings.candidates import Candidate
from signatures.markings.scoring import EXAMPLE
from signatures.markings.triggers import LEVEL
from signatures.markings.units import BOX
from signatures.markings.zones import CELLS, FRONT, FURNITURE, LEADS, NAMES, side_of
from signatures.passages import Passage, Zone

_COPY_NUMBER = re.compile(r"(?:份号\s?:?\s?)?(?:№|No\.?)?\s?\d{6}")
_URGENCY = re.compile(r"(?:紧急程度\s?:?\s?)?(?:特\s?急|加\s?急|平\s?急|特\s?提|急\s?件)")
_RED_HEAD = re.compile(
    r"(?!内部|保密|秘密|涉密)[一-龥A-Z()\s]{3,30}(?:文件|委员会|人民政府|办公室|办公厅|部|局|厅|院|委)"
)
_NUMBER = re.compile(r"[一-龥A-Z]{1,12}\s?[〔\[(【]\s?(?:19|20)\d{2}\s?[〕\])】]\s?第?\s?\d{1,5}\s?号")
CUES = (("copy number", _COPY_NUMBER), ("urgency", _URGENCY), ("red head", _RED_HEAD), ("document number", _NUMBER))

_ABOUT = re.compile(r"保密|涉密|定密|密级|秘密|机密|泄密|涉秘")
_RULEBOOK = re.compile(r"制度|办法|规定|条例|释义|试题|测试|问答|培训|宣传|讲义|知识|细则|对照表|汇编|学习|词汇")
_COLUMN_HEADS = frozenset({"密级", "涉密等级", "秘密等级", "密别", "保密级别", "保密等级"})
_CELL_EXAMPLE = re.compile(r"示例|样例|举例|例子|标志形式|最长保密期限|标注方法|对照")
_CELL_NAME = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_SOME = 8
_LINE = 200


@dataclass(frozen=True, slots=True)
class Notation:
    """A line that speaks against a marking: where it stands and what it says."""

    index: int
    line: int
    zone: Zone
    level: str
    strong: bool


class Document:
    """All passages of one file, asked only for files that hold a candidate."""

    def __init__(
        self, passages: Sequence[Passage], candidates: Sequence[Candidate], notations: Sequence[Notation]
    ) -> None:
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
            self._boxes(candidate)
            self._repetition(candidate)
            self._secrecy(candidate)
            self._opposed(candidate)
        self._agreement()
        for candidate in self._candidates:
            self._support(candidate)

    def around(self, candidate: Candidate, reach: int = 6) -> list[str]:
        """The lines up to ``reach`` before and after, its own left out; over passages where each is one paragraph."""
        line = candidate.line
        before, after = line.above(reach), line.below(reach)
        kin = FRONT if line.passage.zone in FRONT else frozenset({line.passage.zone})
        for step, found, end in ((-1, before, 0), (1, after, len(self._passages) - 1)):
            at = line.index
            while len(found) < reach and at != end and abs(at - line.index) < reach:
                at += step
                if self._passages[at].zone in kin and len(self._passages[at].text) <= 2000:
                    more = self._passages[at].text.split("\n")
                    found[:0] = more[-(reach - len(found)) :] if step < 0 else []
                    found += more[: reach - len(found)] if step > 0 else []
        return before + after

    def _neighbours(self, candidate: Candidate) -> None:
        zone = candidate.line.passage.zone
        if zone not in FRONT and zone is not Zone.BODY:
            return
        near = [unicodedata.normalize("NFKC", line).strip() for line in self.around(candidate) if len(line) <= 60]
        cues = [name for name, pattern in CUES if any(pattern.fullmatch(line) for line in near)]
        for name in cues[:3]:
            candidate.add(f"neighbour: {name}", 8)
            if zone is Zone.P1_BLOCK:
                candidate.add(f"block around the mark: {name}", 10)

    def _instructions(self, candidate: Candidate) -> None:
        """A line just above that announces an example."""
        above = candidate.line.above(1)
        if not above and candidate.line.passage.zone is Zone.BODY and candidate.line.index:
            above = self._passages[candidate.line.index - 1].text[-_LINE:].split("\n")[-1:]
        for line in above:
            text = unicodedata.normalize("NFKC", line).strip()
            if text.endswith((":", "是", "为")) and (EXAMPLE.search(text) or _ABOUT.search(text)):
                candidate.add("the line above announces an example", -45)

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

    def _secrecy(self, candidate: Candidate) -> None:
        if candidate.form in ("BARE", "PLAIN") and self.about_secrecy():
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
                titles = passage.text[: 8 * _LINE].split("\n")[:8]
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
        zone = candidate.line.passage.zone
        for notation in self._notations:
            if notation.level == "declassified":
                near = notation.index == candidate.line.index and abs(notation.line - candidate.line.number) <= 2
                if near or notation.zone in (Zone.STAMP, Zone.WATERMARK):
                    candidate.codes.add("DECLASSIFIED_STAMP")
                    candidate.voided = True
            elif notation.strong and (notation.zone is zone or {notation.zone, zone} <= FRONT):
                candidate.add("a notation in the same zone says the opposite", -30)
                return

    def _enumerations(self) -> None:
        """Levels listed one after the other are talked about, not meant."""
        groups: dict[object, list[Candidate]] = {}
        for candidate in self._candidates:
            zone = candidate.line.passage.zone
            groups.setdefault("cells" if zone in CELLS else candidate.line.index, []).append(candidate)
        loose = [c for c in self._candidates if _loose(c) and not _fixed(c)]
        listed_everywhere = len({c.level for c in loose}) >= 3
        for group in groups.values():
            starred = {c.level for c in group if c.starred and "CHANGED_MARK" not in c.codes}
            bare = {c.level for c in group if _loose(c)}
            state = {c.level for c in group if _loose(c) and c.family in ("state", "level_only")}
            for c in group:
                on_line = set(LEVEL.findall(c.line.text))
                if len(on_line) >= 2 and "CHANGED_MARK" not in c.codes and not BOX.search(c.line.text):
                    c.add("several levels on the line", -50)
                elif c.starred and len(starred) >= 3:
                    c.add("all levels are listed", -60)
                elif _loose(c) and (len(bare) >= 3 or (len(state) >= 2 and c.level in state) or (len(starred) >= 3)):
                    c.add("levels are listed", -50)
                elif listed_everywhere and c in loose:
                    c.add("levels are listed over the document", -50)

    def _registers(self) -> None:
        """Cells under a column head 密级, or among examples, speak of other documents."""
        cells = [c for c in self._candidates if c.line.passage.zone in CELLS and c.form not in ("FIELD", "field")]
        if not cells:
            return
        texts = [p.text.strip() for p in self._passages if p.zone in CELLS and len(p.text) <= 60]
        example = any(_CELL_EXAMPLE.search(text) for text in texts)
        heads = [p.place for p in self._passages if p.zone in CELLS and p.text.strip() in _COLUMN_HEADS]
        for candidate in cells:
            if example:
                candidate.add("a table of examples", -45)
            if any(_below(head.cell, candidate.line.passage.place.cell) for head in heads):
                candidate.add("a column of a register", -50)

    def _agreement(self) -> None:
        sides: dict[tuple[str | None, str], set[str]] = {}
        for candidate in self._candidates:
            if candidate.confidence >= 25:
                sides.setdefault(_meaning(candidate), set()).add(side_of(candidate.line.passage.zone))
        for candidate in self._candidates:
            if candidate.confidence >= 25 and len(sides.get(_meaning(candidate), ())) >= 2:
                candidate.add("two sources agree", 15)

    def _support(self, candidate: Candidate) -> None:
        """Hold down what means little by itself unless it is repeated or backed by a classification block."""
        if not candidate.rule.support or candidate.form == "field":
            return
        zone = candidate.line.passage.zone
        backed = (
            candidate.line.passage.pages >= 2
            or zone in (Zone.WATERMARK, Zone.STAMP, Zone.SLIDE_MASTER)
            or any(reason == "repeated over pages" for reason, _ in candidate.points)
            or any(c.level == "CLASSIFIED_BLOCK" for c in self._candidates)
            or {Zone.HEADER, Zone.FOOTER}
            <= {
                c.line.passage.zone
                for c in self._candidates
                if (c.rule.id, c.level) == (candidate.rule.id, candidate.level)
            }
        )
        if not backed and candidate.confidence > 40:
            candidate.add("needs to be repeated or backed by a classification block", 40 - candidate.confidence)


def conflicts(candidates: Iterable[Candidate], notations: Iterable[Notation], least: int) -> None:
    """Tell of live marks that contradict each other, or a notation (CONFLICTING_MARKS)."""
    live = [
        c
        for c in candidates
        if c.family in ("state", "level_only")
        and c.confidence >= least
        and not c.voided
        and "CHANGED_MARK" not in c.codes
    ]
    main = [c for c in live if c.line.passage.zone not in LEADS | NAMES | {Zone.DOC_PROPERTY} and c.form != "LEAD"]
    levels = {c.level for c in main}
    periods = {c.term.period for c in main if c.term is not None}
    denied = any(n.strong and n.level in ("not_classified", "public") for n in notations)
    for candidate in live:
        if denied or (candidate in main and (len(levels) > 1 or len(periods) > 1)):
            candidate.codes.add("CONFLICTING_MARKS")


def _same(candidate: Candidate) -> object:
    return candidate.rule.id, candidate.level, candidate.term, candidate.line.passage.zone


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


def _below(head: str | None, cell: str | None) -> bool:
    above, below = (_CELL_NAME.fullmatch(name or "") for name in (head, cell))
    return bool(above and below and above[1] == below[1] and int(above[2]) < int(below[2]))
