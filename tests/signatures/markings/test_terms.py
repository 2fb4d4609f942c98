from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.markings.terms import number_of, parse_term


@pytest.mark.parametrize(
    ("text", "period", "shown"),
    [
        ("10年", "P10Y", "10年"),
        ("5 年", "P5Y", "5年"),
        ("6个月", "P6M", "6个月"),
        ("3月", "P3M", "3个月"),
        ("90天", "P90D", "90天"),
        ("6个用", "P6M", "6个月"),
        ("l0年", "P10Y", "10年"),
        ("2I年", "P21Y", "21年"),
        ("1o年", "P10Y", "10年"),
        ("长期", "LONG", "长期"),
        ("永久", "LONG", "永久"),
        ("半年", "P6M", "6个月"),
        ("1.5年", "P18M", "1.5年"),
        ("2027年6月1日", "DATE:2027-06-01", "2027年6月1日"),
        ("2027年6月", "DATE:2027-06-30", "2027年6月"),
        ("2024年2月", "DATE:2024-02-29", "2024年2月"),
        ("至2030年", "DATE:2030-12-31", "2030年"),
        ("2026-12-31", "DATE:2026-12-31", "2026年12月31日"),
        ("20331231", "DATE:2033-12-31", "2033年12月31日"),
        ("2026年12月31日前", "DATE:2026-12-31", "2026年12月31日"),
        ("会议开始前", "COND:会议开始前", "会议开始前"),
        ("一年半", "P18M", "18个月"),
        ("两年零三个月", "P27M", "27个月"),
        ("保密至2029年3月1日", "DATE:2029-03-01", "2029年3月1日"),
        ("二〇二九年三月一日", "DATE:2029-03-01", "2029年3月1日"),
        ("二○二九年二月", "DATE:2029-02-28", "2029年2月"),
        ("二〇二九年", "DATE:2029-12-31", "2029年"),
    ],
)
def test_terms_are_understood_in_all_their_writings(text: str, period: str, shown: str) -> None:
    term = parse_term(text)
    assert term is not None
    assert (term.period, term.text) == (period, shown)


@pytest.mark.parametrize("text", ["", "2027年13月", "2027年2月30日", "十年八载", "保密"])
def test_what_says_nothing_is_no_term(text: str) -> None:
    assert parse_term(text) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("10年", ()),
        ("十年", ("CN_NUMERAL",)),
        ("1O年", ("OCR_FIX",)),
        ("10午", ("OCR_FIX",)),
        ("0年", ("PERIOD_ZERO",)),
        ("11个月", ()),
        ("12个月", ("PERIOD_UNIT",)),
        ("90天", ("PERIOD_UNIT",)),
        ("1.5年", ("PERIOD_UNIT",)),
        ("半年", ("PERIOD_UNIT",)),
        ("永久", ("PERIOD_FOREVER",)),
        ("二〇二九年三月一日", ("CN_NUMERAL",)),
        ("一年半", ("PERIOD_UNIT", "CN_NUMERAL")),
        ("2029年3月1日", ()),
    ],
)
def test_the_writing_of_a_term_tells_its_faults(text: str, codes: tuple[str, ...]) -> None:
    term = parse_term(text)
    assert term is not None
    assert term.codes == codes


@given(st.integers(1, 99))
def test_chinese_numerals_mean_what_they_say(value: int) -> None:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(value, 10)
    written = ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")
    assert number_of(written) == (value, "CN_NUMERAL")


def test_old_numerals_mean_what_they_say() -> None:
    assert [number_of(text) for text in ("壹", "廿五", "卅", "贰拾")] == [
        (1, "CN_NUMERAL"), (25, "CN_NUMERAL"), (30, "CN_NUMERAL"), (20, "CN_NUMERAL"),
    ]  # fmt: skip


def test_letters_alone_are_no_number() -> None:
    assert number_of("Il") is None


def test_years_and_months_together_are_counted_in_months() -> None:
    for text in ("1年6个月", "1年零6个月", "1 年 6 月"):
        term = parse_term(text)
        assert term is not None
        assert (term.period, term.text, term.months, term.codes) == ("P18M", "18个月", 18, ("PERIOD_UNIT",))
    short = parse_term("0年6个月")
    assert short is not None
    assert (short.period, short.codes) == ("P6M", ())


def test_two_is_written_in_two_ways() -> None:
    for text in ("两年", "二年", "贰年"):
        term = parse_term(text)
        assert term is not None and term.period == "P2Y"


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("半年", 6),
        ("1.5年", 18),
        ("1年6个月", 18),
        ("10年", 120),
        ("6个月", 6),
        ("90天", 0),
        ("长期", None),
        ("2027年", None),
    ],
)
def test_a_counted_term_has_its_length_in_months(text: str, months: int | None) -> None:
    term = parse_term(text)
    assert term is not None
    assert term.months == months


def test_half_a_year_is_six_months() -> None:
    half, six = parse_term("半年"), parse_term("6个月")
    assert half is not None and six is not None
    assert (half.period, half.months) == (six.period, six.months) == ("P6M", 6)
    whole = parse_term("0年12个月")
    assert whole is not None and "PERIOD_UNIT" in whole.codes
    less = parse_term("0年11个月")
    assert less is not None and "PERIOD_UNIT" not in less.codes
