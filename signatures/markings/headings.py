"""Headings: words of marking that stand alone because something is told of them below, not to mark the paper.

A heading of prose, a poem, a wiki page or a menu (``机密`` and below it ``机密是国家秘密的密级之一``), the labels of
the Traffic Light Protocol explained one after the other, and English papers about markings. Only words without star,
term or note of handling are asked about, and only where nothing else on the front is that of official paper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from signatures.expressions import Expression
from signatures.markings.candidates import Candidate
from signatures.markings.zones import FRONT, FURNITURE, NAMES
from signatures.passages import Passage, Zone

_ITEM = 4
"""The longest item of a menu: such lines are passed over to reach the prose."""
_ALL_LABELS = 3
"""Different labels from which on they are explained and not used."""
_MANY = 200
"""Passages whose text is asked for prose or labels."""
_TOLD = Expression(
    r"(?:这[个是种些]|那[个是种些]|一个|什么|[大小]|[我你他她]的)(?P<word>绝密|机密|秘密)(?![★级文资件载])"
)
"""A level word as a word of prose; beside official nouns (国家秘密, 机密级) it says nothing."""
_NO_PROSE = Expression(r"[\s★(:/|·级文资材-]")
"""What follows a level word in a mark or its name rather than in a sentence."""
_SUBTITLE = Expression(r"\s*(?:——|—|--)\s?[^\W\d_]")
_WORK = Expression(
    r"\W?(?:[一-龥]{0,10}(?:小说|散文|诗歌|组诗|剧本|电影|影片|电视剧|网剧|短剧|话剧|漫画|动漫|手游|游戏|连载|童话)\W?"
    r"|外[一二三四五六]首\W?|第[一二三四五六七八九十百\d]{1,4}[集季]\b.{0,12}|[一二三四五六七八九初高]{1,2}年级.{0,4}班.{0,6}"
    r"|(?i:an? (?:[a-z]+ )?(?:novel|musical|film|movie|play|song|poem|memoir|thriller|comedy)"
    r"(?: (?:by|in|about|from)\b.{0,40})?)"
    r"|(?:作者|作词|作曲|演唱|编剧|导演|主演|译者)\s?[: ].*|[一-龥·\s]{2,12}(?:著|编著|译|主演))$"
)
"""What stands below the title of a book, a film or a song: its kind, or who made it."""
_DICTIONARY = Expression(
    r"(?:拼音|注音|读音|英文名?|外文名|释义|词语解释|名词解释|[同近反]义词|词性|例句)\s?(?:[:\s]|$)|[一-龥]{0,4}百科(?:名片)?$|"
    r"(?:means|is|are|stands for|refers to|abbreviation)\b|(?i:from wikipedia)\b"
)
"""How a line of a dictionary or an encyclopedia begins, below the word that it explains."""
_NUMBER = Expression(r"\s*(?:第?[一二三四五六七八九十百\d]{1,4}[、.)章节条]|\([一二三四五六七八九十\d]{1,3}\))\s*")
_LABEL = Expression(r"(?i:^\s*TLP\s?:\s?(RED|AMBER|GREEN|CLEAR|WHITE))", re.MULTILINE)
_ENGLISH_WORD = Expression(
    r"(?i:\b(?:cui|classif(?:y|ied|ication)|secre(?:t|cy)|confidential(?:ity)?|markings?|tlp|traffic light protocol)\b)"
)
_ENGLISH_KIND = Expression(
    r"(?i:\b(?:training|guide(?:lines?|book)?|policy|handbook|glossary|faq|awareness|explained|primer|how we use|"
    r"what (?:it )?is|lyrics|song|quick reference|course|quiz)\b)"
)
_SENTENCE = Expression(r"[,。!?;].|[。!?…]$|[了着过吗呢吧啊呀]$")
_OFFICIAL = Expression(
    r"(?:为|根据|按照|依据|遵照|经|现将?|接|兹|关于|各|局|厅|省|市|县|区|会议|上报|报送|主送|抄送|附|第|[一二三四五六七八九十]、|"
    r"\d).*|.*[:)]$"
)
"""How papers begin below their mark, sentences included."""
_GOES_ON = Expression(
    r"(?:保护|保密|管理|培训|审计|控制|指引|指南|制度|办法|条例|须知|手册|范围|目录|协会|标准|技术|计算|讲师|网络|刊物|"
    r"(?i:information|secrets?|policy|agreement|computing|guide|training)\b)(?!.*(?:报告|通知|方案|纪要|请示)$).{0,20}$"
)
"""What makes a title, with the word above it, that is no mark: 商业秘密 and below it 保护指引."""
_TWO_PARTS = Expression(r"[一-龥][\s,]+[一-龥]")
"""A marking with a note of handling (``内部资料 妥善保管``) is no half of a title."""
_NO_TITLES = frozenset({"绝密", "机密"})
"""Level words that head an essay or a story less often than a report: of these a person is to judge."""
_PAPER = Expression(
    r"急|提|通知|报告|纪要|请示|批复|决定|公告|方案|函|令|意见|汇报|简报|计划|总结|名单|预案|材料|说明|信|电报|\d|[a-zA-Z]"
)
"""What short lines of papers say: urgency, kinds of paper, numbers."""
_WORDS = Expression(r"[A-Za-z]+")
_WORD, _ABBREVIATION = 4, 3
"""The longest word that is asked about, the shortest abbreviation."""
_LINE = 80
_KINDS = frozenset({"BARE", "line", "segment"})
_FOREIGN = frozenset({"us", "uk", "eu", "nato", "tlp", "commercial"})


class Headings:
    """The passages of one document, asked whether a word that stands alone is a heading of what follows."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages[:_MANY]
        self._labels: int | None = None
        self._english: bool | None = None
        self._words: frozenset[str] | None = None

    def judge(self, candidate: Candidate, below: Sequence[str]) -> None:
        """Take points from a candidate that these lines below it, or the whole paper, show to be no mark."""
        zone = candidate.line.passage.zone
        if candidate.form not in _KINDS or candidate.term is not None or candidate.starred:
            return
        if zone in FURNITURE | NAMES or zone is Zone.DOC_PROPERTY or candidate.line.passage.pages >= 2:
            return
        if candidate.family == "tlp" and self._different_labels() >= _ALL_LABELS:
            candidate.add("labels are explained one after the other", -40)
        elif candidate.family in _FOREIGN and self._titled_in_english():
            candidate.add("the document is about markings", -30)
        elif zone in FRONT and candidate.alone:
            self._below(candidate, [line for text in below if (line := unicodedata.normalize("NFKC", text).strip())])

    def _below(self, candidate: Candidate, lines: Sequence[str]) -> None:
        word = candidate.line.text[candidate.start : candidate.end].strip().casefold()
        told = [line for line in lines if len(line) > _ITEM]
        # A title that the format gives may stand anywhere over these lines; of any other word only the next counts.
        if any(_takes_up(line, word) for line in (told if candidate.line.passage.zone is Zone.TITLE else told[:1])):
            candidate.add("the line below takes the word up again", -30)
        elif candidate.form == "BARE" and lines and _SUBTITLE.match(lines[0]):
            candidate.add("a subtitle follows", -30)
        elif lines and _WORK.match(lines[0]):
            candidate.add("it is the title of a work", -30)
        elif lines and _DICTIONARY.match(lines[0]) and not _bracketed(candidate):
            candidate.add("the line below explains the word", -30)
        elif candidate.form == "BARE" and candidate.level in self._prose_words():
            candidate.add("the word is a word of the prose", -30)
        elif lines and _GOES_ON.match(lines[0]) and not _bracketed(candidate) and not _TWO_PARTS.search(word):
            candidate.add("the line below goes on with it", -25)
        elif told and _spells_out(told[0], word):
            candidate.add("the line below spells it out", -30)
        elif len(word) <= _WORD and not _bracketed(candidate) and lines and _is_list(lines):
            candidate.add("a list or prose follows at once", -25)
        elif len(word) <= _WORD and not _bracketed(candidate) and lines and _is_prose(lines[0]):
            candidate.add("a list or prose follows at once", -20 if candidate.level in _NO_TITLES else -25)

    def _different_labels(self) -> int:
        if self._labels is None:
            found = {label.upper() for p in self._passages for label in _LABEL.findall(p.text[:20_000])}
            self._labels = len(found)
        return self._labels

    def _titled_in_english(self) -> bool:
        if self._english is None:
            titles = [p.text for p in self._passages if p.zone is Zone.TITLE or p.zone in NAMES or p.name == "title"]
            titles += [p.text[:_LINE] for p in self._passages if p.zone in FRONT]
            self._english = any(
                _ENGLISH_WORD.search(line) and _ENGLISH_KIND.search(line)
                for title in titles
                for line in title.split("\n")[:2]
                if len(line) <= _LINE
            )
        return self._english

    def _prose_words(self) -> frozenset[str]:
        if self._words is None:
            text = "\n".join(p.text[:20_000] for p in self._passages if p.zone in FRONT or p.zone is Zone.BODY)
            self._words = frozenset(found["word"] for found in _TOLD.finditer(text))
        return self._words


def _spells_out(line: str, word: str) -> bool:
    """Whether the line explains an abbreviation: ``CUI``, and ``Controlled unclassified information`` below it."""
    initials = "".join(part[0] for part in _WORDS.findall(line[:_LINE]))
    return len(word) >= _ABBREVIATION and word.isascii() and initials.casefold().startswith(word)


def _is_prose(line: str) -> bool:
    """Whether a line is a sentence of a story, an essay or a poem, not the title or first words of a paper."""
    return bool(_SENTENCE.search(line)) and not _OFFICIAL.match(line)


def _is_list(lines: Sequence[str]) -> bool:
    """Whether short words go on below: a menu, a list of words, the cells of a table."""
    following = lines[:2]
    return len(following) == 2 and all(len(line) <= _ITEM and not _PAPER.search(line) for line in following)


def _bracketed(candidate: Candidate) -> bool:
    """Whether brackets or ruling stand around it, as they do around no heading."""
    return bool(candidate.line.text[: candidate.start].strip())


def _takes_up(line: str, word: str) -> bool:
    """Whether a line of prose begins with the word, or a numbered heading asks of it (``一、秘密的含义``)."""
    number = _NUMBER.match(line)
    folded = line[number.end() if number else 0 :].casefold()
    if not folded.startswith(word):
        return False
    after = folded[len(word) :]
    if number:
        return after.startswith(("的", "是", "指", "之", "与", "和"))
    return bool(after) and not _NO_PROSE.match(after)
