"""What the grammar's own words mean to people, in Chinese and English: families, zones, forms, bands, reasons, codes.

The grammar speaks in fixed words, so that records and tests can rely on them; whoever shows one to a person takes
the wording from here. What is not known is given back as it is: an older program may show a newer one's word.
"""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, tuple[str, str]]
"""Word → its Chinese and its English wording."""

FAMILIES: Texts = {
    "state": ("国家秘密", "state secret"),
    "level_only": ("仅有密级", "level word alone"),
    "work": ("工作秘密", "work secret"),
    "police": ("警务工作秘密", "police work secret"),
    "internal": ("内部", "internal"),
    "commercial": ("商业秘密", "commercial secret"),
    "notation": ("公开与非密标注", "public or unclassified notation"),
    "label": ("未知标签", "unknown label"),
    "keyword": ("关键词", "keyword"),
    "personal": ("个人信息", "personal data"),
    "us": ("美国", "United States"),
    "uk": ("英国", "United Kingdom"),
    "eu": ("欧盟", "European Union"),
    "nato": ("北约", "NATO"),
    "tlp": ("交通灯协议", "Traffic Light Protocol"),
    "de": ("德国", "Germany"),
    "fr": ("法国", "France"),
    "ca": ("加拿大", "Canada"),
    "au": ("澳大利亚", "Australia"),
    "jp": ("日本", "Japan"),
    "tw": ("台湾地区", "Taiwan"),
    "hk": ("香港特别行政区", "Hong Kong"),
}
"""Families of marking-grammar section 1."""

ZONES: Texts = {
    "p1_top_left": ("首页左上角", "first page, top left"),
    "p1_block": ("首页版头", "first page, top"),
    "cover": ("封面", "cover"),
    "header": ("页眉", "page header"),
    "footer": ("页脚", "page footer"),
    "watermark": ("水印", "watermark"),
    "stamp": ("印章", "stamp"),
    "sheet_header": ("工作表页眉页脚", "sheet header or footer"),
    "sheet_tab": ("工作表名", "sheet name"),
    "cell": ("单元格", "cell"),
    "slide_footer": ("幻灯片页脚", "slide footer"),
    "slide_master": ("幻灯片母版", "slide master"),
    "title": ("标题", "title"),
    "caption": ("图表题注", "caption"),
    "para_lead": ("段首", "start of a paragraph"),
    "table_field": ("表格栏目", "field of a table"),
    "filename": ("文件名", "file name"),
    "path": ("文件夹名", "folder name"),
    "archive_member": ("压缩包内文件名", "name inside an archive"),
    "subject": ("邮件主题", "subject of a mail"),
    "doc_property": ("文档属性", "document property"),
    "note_end": ("文末附注", "note at the end"),
    "body": ("正文", "body text"),
}
"""Zones of marking-grammar 3.2."""

FORMS: Texts = {
    "STARRED": ("密级★期限", "level with a star"),
    "REVERSED": ("次序颠倒的标志", "star or term before the level"),
    "FIELD": ("填有密级的栏目", "form field with a level"),
    "PLAIN": ("有密级和期限而无★", "level and term without a star"),
    "BARE": ("单独的密级", "level alone"),
    "LEAD": ("标题或段首括号中的密级", "level in brackets beside a title"),
    "FILENAME": ("文件名中的密级", "level in a file name"),
    "line": ("占满整行", "fills the line"),
    "segment": ("占满一段", "fills a part of the line"),
    "field": ("栏目中的值", "value of a field"),
    "lead": ("行首括号内或题首", "in brackets or by itself at the start"),
    "tail": ("行末括号内", "in brackets at the end"),
    "name": ("名称的一部分", "part of a name"),
}
"""Productions of marking-grammar 3.1 and kinds of unit that a pattern fills."""

BANDS: Texts = {
    "alert": ("告警：很可能是标志", "alert: very likely a marking"),
    "review": ("待复核：可能是标志", "review: probably a marking"),
    "weak": ("弱：仅在自查中显示", "weak: shown in self-check only"),
    "nothing": ("不报告", "nothing: not reported"),
}
"""Bands of marking-grammar 3.3."""

_CUES: Texts = {
    "copy number": ("份号", "copy number"),
    "urgency": ("紧急程度", "urgency"),
    "red head": ("发文机关标志", "name of the issuing office"),
    "document number": ("发文字号", "document number"),
}

REASONS: Texts = {
    "alone on its line": ("独占一行", "alone on its line"),
    "large, bold or red": ("大字、黑体或红色", "large, bold or red"),
    "a character was read for another": ("有字被当作另一字读取", "a character was taken for another"),
    "a noun follows": ("其后接名词，是在谈论密级", "a noun follows: it speaks of secrecy"),
    "a word before it makes it a noun": ("其前的词使它成为名词", "a word before it makes it a noun"),
    "in quotation marks": ("在引号中", "in quotation marks"),
    "words of example or instruction": ("附近有举例或说明的词", "words of example or instruction nearby"),
    "part of a long line": ("在长行之中", "part of a long line"),
    "part of a clause": ("在句子之中", "part of a clause"),
    "a definition follows": ("其后是定义", "a definition follows"),
    "the level of what is named before it": (
        "是其前所称系统、资格等的级别",
        "it is the level of the system or qualification named before it",
    ),
    "a sentence runs on around it": ("句子前后相连", "a sentence runs on around it"),
    "a sentence speaks of it": ("句子在谈论它", "the sentence speaks of it"),
    "a list number begins the line": ("行首有编号", "a list number begins the line"),
    "inside quotation marks with other words": ("与其他文字同在引号中", "inside quotation marks with other words"),
    "one of several values": ("列出的几个取值之一", "one of several values"),
    "labels are explained one after the other": ("逐个解释各种标识", "labels are explained one after the other"),
    "the document is about markings": ("文件讲的是标识本身", "the document is about markings"),
    "the line below takes the word up again": ("下一行以同一个词开头", "the line below takes the word up again"),
    "a subtitle follows": ("下面是副标题", "a subtitle follows"),
    "in the brackets of a title": ("在书名号中", "in the brackets of a title"),
    "the line below explains the word": ("下一行在解释这个词", "the line below explains the word"),
    "it is the title of a work": ("是作品的名称", "it is the title of a book, a film or a song"),
    "the word is a word of the prose": ("该词在正文中是普通词语", "the word is a word of the prose"),
    "the line below goes on with it": ("与下一行连成一个题目", "the line below goes on with it"),
    "the line below spells it out": ("下一行解释该缩写", "the line below spells it out"),
    "a list of words goes on below it": ("下一行接着罗列词语", "a list of words goes on below it"),
    "a list or prose follows at once": ("紧接着是词表或叙述文字", "a list or prose follows at once"),
    "an option of a question": ("是试题的选项", "an option of a question"),
    "a placeholder stands for the term": ("期限处是占位符", "a placeholder stands for the term"),
    "the line above announces an example": ("上一行引出例子", "the line above announces an example"),
    "a clause stands above it": ("上面是条款，已不是版头", "a clause stands above it: this is no longer the head"),
    "boxes of a form stand beside it": ("旁边是未勾选的方框", "unticked boxes of a form stand beside it"),
    "repeated over pages": ("多页重复出现", "repeated over pages"),
    "repeated header or footer": ("重复的页眉或页脚", "repeated header or footer"),
    "the document is about secrecy": ("文档以保密为主题", "the document is about secrecy"),
    "a notation in the same zone says the opposite": (
        "同一区域有相反的标注（如公开、非密）",
        "a notation in the same zone says the opposite",
    ),
    "several levels on the line": ("同一行有多个密级", "several levels on the line"),
    "all levels are listed": ("各密级被依次列举", "all levels are listed"),
    "levels are listed": ("密级被列举", "levels are listed"),
    "levels are listed over the document": ("全文多处列举密级", "levels are listed over the document"),
    "a table of examples": ("在示例表格中", "in a table of examples"),
    "a column of a register": (
        "在登记表的密级栏中，说的是别的文件",
        "a column of a register: it speaks of other documents",
    ),
    "two sources agree": ("两处来源一致", "two sources agree"),
    "needs to be repeated or backed by a classification block": (
        "须重复出现或有定密依据栏佐证",
        "needs to be repeated or backed by a classification block",
    ),
    "means nothing without star and term": ("没有★和期限时不作数", "means nothing without star and term"),
}
"""Why points were given or taken (marking-grammar 3.3), but for those that are made of two parts."""

_MADE_OF_TWO: Mapping[str, tuple[Texts, str, str]] = {
    "form ": (FORMS, "形式：{}", "form: {}"),
    "zone ": (ZONES, "位置：{}", "zone: {}"),
    "neighbour: ": (_CUES, "附近有{}", "near by: {}"),
    "block around the mark: ": (_CUES, "版头中有{}", "in the block around it: {}"),
}

CODES: Texts = {
    "STAR_VARIANT": ("星号不是规定的★。", "The star is not the prescribed ★."),
    "STAR_MISSING": ("密级与期限之间没有★。", "Level and period stand without the star ★."),
    "STAR_IN_NON_STATE": (
        "★为国家秘密专用，不得用于其他标志。",
        "The star ★ is reserved for state secrets and stands with another marking.",
    ),
    "ORDER": ("各部分次序不对，应为密级、★、期限。", "The parts stand in the wrong order: level, star, period."),
    "LEVEL_UNKNOWN": ("密级词不是规定的词。", "The level word is none of the prescribed ones."),
    "PERIOD_MISSING": ("有密级而没有保密期限。", "The marking has a level and no period."),
    "PERIOD_TOO_LONG": (
        "期限超过该密级的上限（30、20、10年）。",
        "The period is longer than its level allows (30, 20 or 10 years).",
    ),
    "PERIOD_UNIT": (
        "期限单位不对：一年及以上用年，不足一年用月。",
        "The period is written in the wrong unit: years from one year on, months below.",
    ),
    "PERIOD_ZERO": ("期限为零或无法读作数字。", "The period is zero or cannot be read as a number."),
    "PERIOD_FOREVER": ("不得标注“永久”。", "“Forever” is not a period that may be set."),
    "LONG_TERM_BASIS": ("“长期”须有保密事项范围的依据。", "“Long-term” needs a basis in the list of scopes."),
    "DATE_PAST_AT_ISSUE": ("解密日期早于成文日期。", "The date of declassification lies before the date of issue."),
    "CN_NUMERAL": (
        "期限用了汉字数字，应当用阿拉伯数字。",
        "The period is written in Chinese numerals; Arabic digits are required.",
    ),
    "DIGIT_WIDTH": ("期限用了全角数字。", "The period is written in full-width digits."),
    "SPACING": ("标志中夹有空格。", "There are spaces inside the marking."),
    "TRAD_CHAR": ("标志用了繁体字。", "The marking is written in traditional characters."),
    "OCR_FIX": (
        "有易被误识的字，已按最可能的字读取。",
        "A character that text recognition often mistakes was read as the likely one.",
    ),
    "VERTICAL": ("标志为竖排。", "The marking is written vertically."),
    "TLP_FORMAT": ("TLP 标识中不应有空格。", "A TLP label is written without spaces."),
    "POSITION": (
        "首页没有标志，标志不在应在的位置。",
        "The marking does not stand on the first page, where it belongs.",
    ),
    "NO_COPY_NUMBER": ("涉密公文应当标注份号。", "An official paper of this level needs a copy number."),
    "COPY_NUMBER_NO_MARK": (
        "有份号而没有密级标志，标志可能被去掉。",
        "There is a copy number and no marking: it may have been removed.",
    ),
    "DECLASSIFIED_STAMP": ("标志已被划去或加盖解密。", "The marking is struck out or stamped as declassified."),
    "CHANGED_MARK": ("标志已变更为另一标志。", "The marking was changed to another one."),
    "CONFLICTING_MARKS": (
        "两个标志互相矛盾，或与公开、非密标注矛盾。",
        "Two markings, or a marking and a notation, contradict each other.",
    ),
    "PORTION_HIGHER": ("部分内容的密级高于整体。", "A part is marked higher than the whole."),
    "COMPILATION": ("汇编的密级或期限低于所含文件。", "A collection is marked lower than what it contains."),
    "PROPERTY_MISMATCH": (
        "文件名或属性中的密级与页面不一致。",
        "File name or properties tell another level than the page.",
    ),
    "COPY_MISMATCH": ("同一内容的副本标志不同。", "A copy of the same content carries another marking."),
    "NOT_IN_LEDGER": ("该文号不在涉密文件台帐中。", "The document number is not in the ledger of classified papers."),
    "EXPIRED_REVIEW": ("保密期限已满，应当办理解密审核。", "The period is over: declassification is due for review."),
    "EXPIRES_SOON": ("保密期限在90天内届满。", "The period ends within 90 days."),
    "EXTENSION_LATE": ("延长期限的决定晚于期满。", "The period was extended after it had ended."),
}
"""Codes of the validator (marking-grammar 6), each with one plain sentence."""


def told(table: Texts, word: str, language: str) -> str:
    """The wording of a word in a language (``zh…`` or any other for English); the word itself where there is none."""
    wording = table.get(word)
    return word if wording is None else wording[0 if language.startswith("zh") else 1]


def reason(word: str, language: str) -> str:
    """The wording of a reason for which points were given or taken."""
    for start, (table, zh, en) in _MADE_OF_TWO.items():
        if word.startswith(start) and word[len(start) :] in table:
            template = zh if language.startswith("zh") else en
            return template.format(told(table, word[len(start) :], language))
    return told(REASONS, word, language)


def band(confidence: int) -> str:
    """The band that a confidence from 0 to 100 falls into: ``alert``, ``review``, ``weak`` or ``nothing``."""
    return next(
        (name for name, least in (("alert", 70), ("review", 45), ("weak", 25)) if confidence >= least), "nothing"
    )
