"""Which encoding bytes of Chinese or English text are in, judged by what the characters would be."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection

TEXT_ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be")
"""The encodings of plain text, in the order in which they win a draw; names as in `signatures.engine`."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

_SAMPLE = 4096
_GLIMPSE = 1024
"""Bytes that are looked at first, and tell most encodings apart."""
_CLEAR = 0.3
"""How much more plausible the likeliest must be than the next for a glimpse to be enough."""

_COMMON = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机十民"
    "第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体政相见被利什二等产或新己制身果加西月话合回"
    "特代内信表化给世位次度门任常先海通教原东提立及比员解水名真论处走义各入口认条平系气题活更别打变四总何电数安少报才"
    "结反受目太量再建务做接必场件计管期市直资命指统区保至形社便空决治展科司五基书非则达光放强难权思完设式路记南品住告"
    "类求据程北边该交规万取望术领共确传师观清今切院让识带导争运密秘绝级号局厅委通知会议关于印发请示批复函附件单位部门"
    "項開會來國時這個們為後對發過經現當動還進實無與長機業關點將兩間問應頭體見產內東員論處義條氣題變總電數報結務場計"
    "統區決書則達強難權設記類據規術領確傳師觀讓識帶導爭運絕級號廳單門書說話學種樣頁請給沒從車馬價備調線組織議認資質"
    "绝机级资单组织议认质审查办公室附页请给没从车价备调线文档案档总计划责工程师技术项目经费预算方案"
)
"""Frequent characters of office Chinese, simplified and traditional."""

_PLAUSIBLE = re.compile("[\t\n\f\r -~，。、；：？！“”‘’（）《》【】〔〕—…·★\u3000" + "".join(sorted(_COMMON)) + "]+")
_ODD = re.compile("[\ufffd\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]")


def byte_order_mark(data: bytes) -> tuple[str, int]:
    """The encoding that the mark at the start names, and the mark's length; an empty name where there is none."""
    return next(((encoding, len(mark)) for mark, encoding in _MARKS if data.startswith(mark)), ("", 0))


def plausibility(text: str) -> float:
    """How much a piece of text looks like office Chinese or English: about 1 for plain ASCII, below 0 for garbage."""
    if not text:
        return 0.0
    plausible = sum(map(len, _PLAUSIBLE.findall(text)))
    return (plausible - 3 * len(_ODD.findall(text))) / len(text)


def rank(sample: bytes, marked: str = "", among: Collection[str] = TEXT_ENCODINGS) -> tuple[str, ...]:
    """The text encodings ``among`` those given, the likeliest first.

    ``sample`` is a piece of the text that begins at a character; ``marked`` is the encoding that the file's byte
    order mark names, if it has one.
    """
    among = [encoding for encoding in TEXT_ENCODINGS if encoding in among]
    if len(among) < 2 or (not marked and among[0] == "utf-8" and _is_utf8(sample[:_SAMPLE])):
        return tuple(among)
    for size in (_GLIMPSE, _SAMPLE):
        scores = {encoding: plausibility(_whole(sample[:size], encoding)) for encoding in among}
        if marked in scores:
            scores[marked] += 2
        order = sorted(among, key=lambda encoding: -scores[encoding])
        if scores[order[0]] - scores[order[1]] > _CLEAR:
            break
    return tuple(order)


def _is_utf8(sample: bytes) -> bool:
    """Whether a sample can be nothing else: strict UTF-8 with several characters of three bytes, or plain ASCII."""
    if sample.isascii():
        return True
    sample = sample.lstrip(_CONTINUED)
    try:
        text = _STRICT(sample, "strict", False)[0]
    except UnicodeDecodeError:
        return False
    return len(sample) - len(text) >= 2 * _SEVERAL


_CONTINUED = bytes(range(0x80, 0xC0))
_SEVERAL = 16
_STRICT = codecs.utf_8_decode


def _whole(sample: bytes, encoding: str) -> str:
    """The sample as text, without the half character at its end."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample)


def decode(data: bytes, encoding: str) -> str:
    """Bytes as text; a byte that is wrong in this encoding becomes U+FFFD and the rest stays.

    There is never a lone surrogate in it, which would stop every later encoder.
    """
    return data.decode("big5hkscs" if encoding == "big5" else encoding, "replace")
