"""Terms: how long a marking holds, from ``10年`` to ``会议开始前`` (marking-grammar 3.1)."""

from __future__ import annotations

import calendar
import datetime

import msgspec

from signatures.expressions import Expression

_DIGITS = r"[0-9OoIl]{1,3}"
_CHINESE = "[〇零一二三四五六七八九十百壹贰叁肆伍陆柒捌玖拾廿卅两]{1,5}"
_EVENTS = (
    "启用|启封|公布|公开|发布|会议开始|会议结束|会议召开|考试开始|考试结束|考试|实施|任务完成|任务结束|开标|评审结束|"
    "活动开始|活动结束|项目完成|项目验收|验收|鉴定|签约|宣布|批准|出版|上市|开播|播出|竣工|退役|定型|使用"
)
_CHINESE_YEAR = "[一二][〇零○一二三四五六七八九]{3}"
_FEW = "[一二三四五六七八九十两]{1,3}"
_UNTIL = r"(?:保密)?至?\s{0,4}"
_DATES = (
    rf"{_UNTIL}[12]\d{{3}}\s{{0,4}}年\s{{0,4}}\d{{1,2}}\s{{0,4}}月(?:\s{{0,4}}\d{{1,2}}\s{{0,4}}日)?(?:底前|底|前)?"
    rf"|{_UNTIL}[12]\d{{3}}[-./]\d{{1,2}}[-./]\d{{1,2}}前?|{_UNTIL}[12]\d{{3}}[01]\d[0-3]\d前?(?!\d)"
    rf"|{_UNTIL}{_CHINESE_YEAR}年{_FEW}月(?:{_FEW}日)?(?:底前|底|前)?"
)
_ANY_YEAR = rf"{_UNTIL}(?:[12]\d{{3}}|{_CHINESE_YEAR})\s{{0,4}}年(?:底前|底|前)?"
_TOLD_YEAR = r"(?:保密)?至\s{0,4}[12]\d{3}\s{0,4}年(?:底前|底|前)?|[12]\d{3}\s{0,4}年(?:底前|底|前)"
"""A year alone that says by its words to be an end: ``秘密（2007年）`` is a film."""
_COUNTS = (
    rf"(?:\d{{1,2}}|{_FEW})\s{{0,4}}年零?\s{{0,4}}(?:\d{{1,2}}|{_FEW})\s{{0,4}}个?月|(?:\d{{1,2}}|{_FEW})\s{{0,4}}年半"
    rf"|\d{{1,2}}\.\d\s{{0,4}}年|半\s{{0,4}}年"
    rf"|(?:{_DIGITS}|(?!{_CHINESE_YEAR}年){_CHINESE})\s{{0,4}}(?:[年午]|个?\s{{0,4}}[月用]|[天日])前?(?![0-9])"
    r"|长\s{0,4}期|永\s{0,4}久"
)

TERM = rf"(?:{_DATES}|{_ANY_YEAR}|{_COUNTS}|[一-龥]{{2,8}}[前后])"
"""A term beside a star, where any condition is believed. Without named groups, to be put into other patterns."""

PLAIN_TERM = rf"(?:{_DATES}|{_TOLD_YEAR}|{_COUNTS}|(?:{_EVENTS})(?:之)?[前后])"
"""A term without a star, where only the usual conditions are believed."""

_DATE = Expression(
    r"至?(?P<year>[12]\d{3})(?:年|[-./])?(?P<month>\d{1,2})?(?:月|[-./])?(?P<day>\d{1,2})?日?(?:底前|底|前)?"
)
_COMPACT = Expression(r"至?(?P<year>[12]\d{3})(?P<month>[01]\d)(?P<day>[0-3]\d)前?")
_COUNT = Expression(rf"(?P<number>{_DIGITS}|{_CHINESE})(?P<unit>[年午]|个?[月用]|[天日])前?")
_CHINESE_DATE = Expression(
    rf"至?(?P<year>{_CHINESE_YEAR})年(?:(?P<month>{_FEW})月(?:(?P<day>{_FEW})日)?)?(?:底前|底|前)?"
)
_BOTH = Expression(rf"(?P<years>\d{{1,2}}|{_FEW})年(?:零?(?P<months>\d{{1,2}}|{_FEW})个?月|半)")
_FRACTION = Expression(r"(?P<whole>\d{1,2})\.(?P<tenth>\d)年")
_BLANKS = Expression(r"\s")

_VALUES = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_VALUES |= {c: n for n, c in enumerate("壹贰叁肆伍陆柒捌玖", 1)}
_TENS = {"十": 10, "拾": 10, "百": 100}


class Term(msgspec.Struct, frozen=True):
    """A term that was understood."""

    period: str
    """``PnY``, ``PnM``, ``PnD``, ``LONG``, ``DATE:YYYY-MM-DD`` or ``COND:…``."""
    text: str
    """The same in the usual writing, ``10年``; what a normalised marking shows."""
    months: int | None = None
    """Length in months; None for dates, conditions and what has no end. Days count as nothing."""
    codes: tuple[str, ...] = ()
    """Validator codes that the writing alone tells (marking-grammar 6)."""


def parse_term(text: str) -> Term | None:
    """Understand a term in the normalised view; None where it says nothing (a date that does not exist)."""
    text = _BLANKS.sub("", text)
    text = text.removeprefix("保密") if text.startswith("保密至") else text
    if text in ("长期", "永久"):
        return Term("LONG", text, None, ("PERIOD_FOREVER",) if text == "永久" else ())
    if text == "半年":
        return Term("P6M", "6个月", 6, ("PERIOD_UNIT",))
    if found := _FRACTION.fullmatch(text):
        months = round((int(found["whole"]) + int(found["tenth"]) / 10) * 12)
        return Term(f"P{months}M", text, months, ("PERIOD_UNIT",))
    if found := _BOTH.fullmatch(text):
        return _years_and_months(found["years"], found["months"])
    if found := _CHINESE_DATE.fullmatch(text):
        return _written_out(found["year"], found["month"], found["day"])
    if found := _COUNT.fullmatch(text):
        return _counted(found["number"], found["unit"])
    if found := _COMPACT.fullmatch(text) or _DATE.fullmatch(text):
        return _dated(found["year"], found["month"], found["day"])
    return Term(f"COND:{text}", text) if text[-1:] in ("前", "后") else None


def number_of(text: str) -> tuple[int, str | None] | None:
    """The value of a numeral, and the code of how it was written: None, ``CN_NUMERAL`` or ``OCR_FIX``."""
    if text.isascii():
        if text.isdigit():
            return int(text), None
        fixed = text.translate({ord("O"): "0", ord("o"): "0", ord("I"): "1", ord("l"): "1"})
        return (int(fixed), "OCR_FIX") if fixed.isdigit() and any(c.isdigit() for c in text) else None
    text = text.replace("廿", "二十").replace("卅", "三十")
    total, last = 0, 1
    if not any(c in _TENS for c in text):
        return int("".join(str(_VALUES[c]) for c in text)), "CN_NUMERAL"
    for letter in text:
        if letter in _TENS:
            total, last = total + (last or 1) * _TENS[letter], 0
        else:
            last = _VALUES[letter]
    return total + last, "CN_NUMERAL"


def _years_and_months(years: str, months: str | None) -> Term | None:
    """``1年6个月`` and ``一年半``; twelve months and more should be told in years."""
    counts = [number_of(count) for count in (years, months or "6")]
    (whole, writing), (rest, _) = (count or (0, None) for count in counts)
    total = 12 * whole + rest
    codes = ("PERIOD_UNIT",) if total >= 12 else ()
    return Term(f"P{total}M", f"{total}个月", total, (*codes, *((writing,) if writing else ())))


def _counted(number: str, unit: str) -> Term | None:
    valued = number_of(number)
    if valued is None:
        return None
    value, writing = valued
    codes = [writing] if writing else []
    if unit[-1] in ("午", "用"):
        codes.append("OCR_FIX")
    if value == 0:
        codes.append("PERIOD_ZERO")
    if unit[-1] in ("年", "午"):
        return Term(f"P{value}Y", f"{value}年", value * 12, tuple(codes))
    if unit[-1] in ("月", "用"):
        return Term(f"P{value}M", f"{value}个月", value, (*codes, *(("PERIOD_UNIT",) if value >= 12 else ())))
    return Term(f"P{value}D", f"{value}天", 0, (*codes, "PERIOD_UNIT"))


def _written_out(year: str, month: str | None, day: str | None) -> Term | None:
    """``二〇三一年十二月三十一日``; the circle of a year is often another sign."""
    numbers = [number_of(part) if part else None for part in (year.replace("○", "〇"), month, day)]
    parts = [str(number[0]) if number else None for number in numbers]
    return _dated(parts[0] or "", parts[1], parts[2], ("CN_NUMERAL",))


def _dated(year: str, month: str | None, day: str | None, codes: tuple[str, ...] = ()) -> Term | None:
    """A date; of a month alone its last day, of a year alone the last day of December."""
    try:
        last = calendar.monthrange(int(year), int(month or 12))[1]
        date = datetime.date(int(year), int(month or 12), int(day or last))
    except (ValueError, calendar.IllegalMonthError):
        return None
    written = f"{year}年" + (f"{int(month)}月" if month else "") + (f"{int(day)}日" if day else "")
    return Term(f"DATE:{date.isoformat()}", written, None, codes)
