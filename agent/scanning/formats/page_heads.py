"""The head of a later page: an annex carries the mark of its own above its title (GB/T 9704-2012 7.3.4).

Only short lines that stand alone can be such a head. Where prose, a list, a table of contents or a chapter begins, it
is over: what stands there tells a story rather than what the paper is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MOST_LINES = 10
"""Lines of a head, and enough to see that there are too many for one."""
_MOST_FREE = 5
"""Lines of a head that are neither label and value nor the number of an annex."""
_WIDEST = 60
"""Half-width columns: thirty Chinese characters."""
_CLAUSE = 32
"""The same where a comma shows a clause."""
_FIELD = re.compile(r"[^:：]{2,40}[:：]\s?\S.{0,78}")
_SENTENCE = re.compile(r"[。；;，,！!？?、:：]\s*$|[。；！？].|, [a-z]")
_LEADER = re.compile(r"[.．·…⋯]{3,}|…|[\s/]\d{1,4}$")
_ANNEX = re.compile(
    r"(?:附\s?[件录表图]|(?i:annex|appendix|attachment|enclosure))\s*[\dA-Z一二三四五六七八九十]{0,3}\s?[:：]?"
)
_NO_HEADING = re.compile(r"//|[★☆]|密\s?(?:等\s?)?[级級别別]\s?[:：]|(?i:classification|marking)\s?:")
_ITEM = re.compile(
    r"\s*(?:\d{1,3}\s?[.．、)）](?!\d)|[一二三四五六七八九十]{1,3}\s?[、.．]|[(（][一二三四五六七八九十\d]{1,3}[)）]"
    r"|[•●·▪◆■\-–—*]\s|[A-Ha-h]\s?[.．、)）])"
)
_CHAPTER = re.compile(
    r"\s*第\s?[一二三四五六七八九十百零〇\d]{1,5}\s?[章回节篇部卷集课讲幕场]|(?i:chapter|part|section|act)\s+[\divxlc]+\b"
)


def is_field(text: str) -> bool:
    """Whether a line is a short ``label: value``, as in an authority or designation block."""
    return "\n" not in text and "\t" not in text and len(text) <= 100 and _FIELD.fullmatch(text) is not None


def may_be_head(text: str) -> bool:
    """Whether a line at the top of a later page may belong to the head of an annex."""
    text = text.strip()
    if _ANNEX.fullmatch(text):
        return True
    if not text or _SENTENCE.search(text) or _LEADER.search(text) or _ITEM.match(text) or _CHAPTER.match(text):
        return False
    return is_field(text) or width(text) <= (_CLAUSE if "，" in text else _WIDEST)


def is_item(text: str) -> bool:
    """Whether a line is an item of a list or an option of a question."""
    return _ITEM.match(text) is not None


def width(text: str) -> int:
    """Columns that a text takes, a Chinese character two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def head_of(lines: Sequence[str], *, runs_into_text: bool) -> int:
    """How many of the short lines at the top of a page are the head of an annex.

    None where there are as many as in a poem or a list. Where they run into text, the last is the heading of that
    text (``机密`` over its definition) unless no heading is written so.
    """
    free = sum(not is_field(line) and not _ANNEX.fullmatch(line.strip()) for line in lines)
    if free > _MOST_FREE:
        return 0
    if runs_into_text and lines and not _NO_HEADING.search(lines[-1]):
        return len(lines) - 1
    return len(lines)
