"""Scoring: points for the form, the zone and the line itself (marking-grammar 3.3).

What the rest of the document says is added by `signatures.markings.document`.
"""

from __future__ import annotations

import re

from signatures.expressions import Expression
from signatures.markings.candidates import Candidate
from signatures.markings.units import BOX
from signatures.markings.zones import BONUS, CELLS, FURNITURE, LEADS, NAMES
from signatures.passages import Zone

ALERT, REVIEW, WEAK = 70, 45, 25
"""Bands: confirmed candidate, probable, weak; below that nothing."""

_FORM = {"PLAIN": 35, "FIELD": 40, "BARE": 30, "FILENAME": 30, "LEAD": 30}
_OF_KIND = {"field": 40, "line": 30, "segment": 30, "lead": 30, "tail": 30, "name": 30}

EXAMPLE = Expression(
    r"[例比譬]如|例[::]|如[::“「『]|[印写标盖]着|[印写标盖贴注]有|注明|什么是|是什么|什么意思|"
    r"为什么|[要应]写|长啥样|标注|标明|标为|标示为|形式为|字样|答案|解析|(?:^|\s)[答问解]\s?[::]|正确的|错误的|格式|示例|样例|样式|范例|举例|"
    r"下列|以下(?:选项|哪)|\( \)|写法|(?:正确|错误)[写示]|应(?:当)?(?:改为|更正为|标[为作注明])|为何|"
    r"[【\[(][正误错][】\])]|(?i:e\.g\.|such as|for example|example)"
)
"""Words of instruction or example, near which a mark is talked about."""
_NAMED_EXAMPLE = Expression(r"例[::如]|示例|样例|字样|什么|怎么|写法|如:|如何标|标注方法|正确的")
"""The same in names, where a form or an explanation may well be what is marked."""
_ANNOUNCED = Expression(r"(?:[例比譬]如|示例|样例|举例|例)\s?[:,]?\s?$")
"""What announces that an example follows at once."""
_TALKED_OF = Expression(
    r"的|是|字样|怎么|什么|吗|呢|表示|即(?!将|日)|这[种个]|意味|意为|[:,]?揭秘|[(\[【〔]?(?:最[长高多]|不超过)|"
    r"\s?这?[几一两三四五六七]个字|.*[吗呢么?][?!。]?\s*$"
)
"""What makes a mark the subject of a sentence, or a sentence that asks, which no mark is part of."""
_BRACKET_TALKED_OF = Expression(
    r"\s{0,3}[)\]】〕〉]\s{0,3}(?:表示|意味着|意为|是指|指的是|字样|即为|的含义|标[识注记]|标志(?!着))"
)
"""The same behind a mark in brackets: no paragraph that bears such a mark begins so."""
_LED_UP_TO = Expression(r"(?:如|写[作成为]|标[作成]|[×✗✘❌✕╳])\s?$")
"""What gives the mark behind it as an example, or crosses it out in a quiz."""
_QUALIFIED = Expression(r"(?:资质|资格|保护|等级|系统|单位|人员|岗位|网络|场所|部位|级别)\W{0,3}$")
"""What has a level of its own: ``涉密信息系统（机密级）``."""
_DEFINED = Expression(
    r"\W{0,3}(?:是指|指的是|级|信息|包括|的|一词|[二两]字|条款|定义|作文)|\W{0,2}[(\[][^()\[\]]{1,20}[)\]]\s*$"
    r"|[^,。]{0,10}(?:电影|影评|小说|漫画|游戏|攻略|读后感|观后感|讲座|直播|团购|报名|案例|案例分析)\W{0,2}$"
)
"""What tells what the word means, glosses it (``【机密】（电影）``), or shows it to be a title or a topic."""
_TOPIC = Expression(
    r"[-_—–\s]{1,3}(?:保护|保密|管理|定密|培训|宣传)?(?:办法|制度|规定|条例|指南|手册|须知|细则|案例|知识)"
)
"""What makes a topic, not a marking, of a word that opens a name: ``商业秘密-保护办法.docx``."""
_NOUN_AFTER = Expression(r"级?(?:级别|文件|资料|信息|事项|档案|性|工作|合同|件|载体|文档|图纸|岗位|人员)")
_WORD_BEFORE = Expression(r"(?:国家|公司|商业|党和国家|涉及|属于|泄露|保守|不该说的)的?$")
_VERB = Expression(r"是指|应当|不得|必须|严禁|包括|禁止|规定|负责|不应")
_NUMBERED = Expression(
    r"\s{0,8}(?:\d{1,3}\s?[.、)](?!\d)|[一二三四五六七八九十]{1,3}\s?[、.]|\([一二三四五六七八九十\d]{1,3}\)|第[一二三四五六七八九十百\d]{1,5}[条章节款]|[•●·▪◆*]\s)"
)
_OPTION = Expression(r"\s{0,8}[(]?[A-Ha-h]\s?[.、):]\s?")
_ANOTHER = Expression(
    r"\s?(?:[,/|、]|(?:or|and)\s)\s?(?:or\s|and\s)?(?i:(?:strictly |highly )?"
    r"(?:public|internal|confidential|restricted|secret|top secret|unclassified|open))\b"
)
_SPREAD = Expression(r" ?(?:[一-龥:,、。] ){2,}[一-龥:,、。]? ?")
_OPENING, _CLOSING = "“‘「『\"'", "”’」』\"'"


def score(candidate: Candidate) -> None:
    """Give the points that the candidate and its own line are worth."""
    line, zone = candidate.line, candidate.line.passage.zone
    candidate.add(f"form {candidate.form}", _form(candidate))
    candidate.add(f"zone {zone}", BONUS[zone])
    if candidate.alone:
        candidate.add("alone on its line", 10)
    if line.passage.emphasis:
        candidate.add("large, bold or red", 5)
    if candidate.misread:
        candidate.add("a character was read for another", -10)
    _against(candidate)


def _form(candidate: Candidate) -> int:
    if candidate.rule.points is not None:
        return candidate.rule.points
    if candidate.form in ("STARRED", "REVERSED"):
        return 60 if candidate.term is not None else 45
    return _FORM.get(candidate.form) or _OF_KIND[candidate.form]


def _against(candidate: Candidate) -> None:
    """Take the points for what on the same line makes it talk."""
    text, start, end = candidate.line.text, candidate.start, candidate.end
    zone = candidate.line.passage.zone
    before, after = _closed_up(text[:start]), _closed_up(text[end:])
    if candidate.form == "field" and _ANOTHER.match(after):
        candidate.add("one of several values", -45)
    row = candidate.form == "PLAIN" and zone in CELLS and "级" in text[start:end]  # 机密级 20年, of a table of levels
    if row or (candidate.form in ("STARRED", "REVERSED") and _NOUN_AFTER.match(after)):
        candidate.add("a noun follows", -40)
    if _WORD_BEFORE.search(before):
        candidate.add("a word before it makes it a noun", -30)
    if candidate.form == "FIELD":
        before, after = BOX.sub("", before), BOX.sub("", after)
    opened, closed = before.rstrip()[-1:], after.lstrip()[:1]
    if not candidate.alone and opened and opened in _OPENING and closed and closed in _CLOSING:
        candidate.add("in quotation marks", -40)
    elif candidate.starred and (opened, closed) == ("《", "》"):
        candidate.add("in the brackets of a title", -60)
    elif candidate.starred and not candidate.alone and _quoted(before, after):
        candidate.add("inside quotation marks with other words", -45)
    if candidate.starred and not candidate.alone:
        _in_a_sentence(candidate, before, after)
    in_lead = candidate.form in ("LEAD", "lead", "tail")
    if zone not in NAMES and not in_lead and (EXAMPLE.search(before) or EXAMPLE.search(after)):
        candidate.add("words of example or instruction", -60 if _ANNOUNCED.search(before) else -45)
    if zone not in NAMES | LEADS | {Zone.TITLE} and not in_lead and candidate.form not in ("FIELD", "field"):
        if len(text.strip()) > 30 + (30 if zone in FURNITURE else 0) and not candidate.alone:
            candidate.add("part of a long line", -25)
        elif _VERB.search(before) or _VERB.search(after):
            candidate.add("part of a clause", -25)
    elif candidate.form in ("LEAD", "FILENAME") and text[start:end].endswith("级") and _QUALIFIED.search(before):
        candidate.add("the level of what is named before it", -25)
    elif (in_lead or candidate.form == "FILENAME") and _DEFINED.match(after):
        candidate.add("a definition follows", -25)
    elif candidate.form == "name" and _TOPIC.match(after):
        candidate.add("a noun follows", -40)
    if not candidate.alone:
        if _NUMBERED.match(before):
            candidate.add("a list number begins the line", -20)
        if _OPTION.fullmatch(before):
            candidate.add("an option of a question", -50)


def _closed_up(text: str) -> str:
    """The text without the blanks between its letters, where it is spread out: ``凡 标 有`` is ``凡标有``."""
    return text.replace(" ", "") if _SPREAD.fullmatch(text) else text


def _in_a_sentence(candidate: Candidate, before: str, after: str) -> None:
    """Take points from a starred mark that a sentence runs through, or that the sentence is about."""
    around = before[-1:] + after[:1]
    if len(around) == 2 and all("一" <= letter <= "龥" for letter in around):
        candidate.add("a sentence runs on around it", -45)
    elif (
        _LED_UP_TO.search(before)
        or _BRACKET_TALKED_OF.match(after)
        or (_TALKED_OF.match(after) and candidate.line.passage.zone is not Zone.SUBJECT)
    ):
        candidate.add("a sentence speaks of it", -45)
    elif candidate.line.passage.zone in NAMES and (_NAMED_EXAMPLE.search(before) or _NAMED_EXAMPLE.search(after)):
        candidate.add("words of example or instruction", -45)


def _quoted(before: str, after: str) -> bool:
    """Whether a quotation that begins before the mark ends after it and holds other words."""
    for opening, closing in (("“", "”"), ("「", "」"), ("『", "』"), ('"', '"')):
        begun = before.rfind(opening)
        open_still = begun >= 0 and (
            before.count(opening) % 2 == 1 if opening == closing else closing not in before[begun:]
        )
        if open_still and closing in after and re.search(r"\w", before[begun + 1 :] + after.partition(closing)[0]):
            return True
    return False
