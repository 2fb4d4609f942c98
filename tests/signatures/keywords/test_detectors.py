"""Numbers of people: checked, counted, never shown. All numbers here are made up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.records import Finding, Severity
from signatures.engine import build
from signatures.keywords import DETECTORS, parse
from signatures.keywords.detectors import valid_card, valid_identity, valid_passport, valid_phone
from signatures.passages import Passage, Zone

ALL = parse(
    b"detectors: {identity: , bank-card: , phone: {at_least: 1}, passport: {at_least: 1}}", Path("personal.yaml")
)
IDENTITY, CARD = "11010519491231002x", "6222021234567894"
MRZ = "l898902c36uto7408122f1204159ze184226b<<<<<10"  # the specimen of ICAO Doc 9303 part 4


def found(text: str, *, least: int = 1) -> dict[str, Finding]:
    return {finding.rule: finding for finding in ALL.find([Passage(Zone.BODY, text)], least=least)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("身份证号:11010519491231002X。", "personal.identity"),
        ("１１０１０５１９４９１２３１００２Ｘ", "personal.identity"),
        ("卡号 6222 0212 3456 7894", "personal.bank-card"),
        ("6222-0212-3456-7894", "personal.bank-card"),
        ("电话13800138221", "personal.phone"),
        ("+86 138-0013-8221", "personal.phone"),
        ("護照號碼:E12345678", "personal.passport"),
        ("Passport No. EA1234567", "personal.passport"),
    ],
)
def test_a_number_is_found_as_people_write_it_and_the_sieve_sees_it(text: str, rule: str) -> None:
    assert rule in found(text)
    for encoding in ("utf-8", "gb18030", "utf-16-le"):
        for prefer in ("hyperscan", "portable"):
            sieve = build((), words=ALL.literals, prefer=prefer)
            assert sieve.worth(text.encode(encoding), encodings=frozenset({encoding}))


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # check digit
        "110105194913310020",  # month 13
        "990105194912310029",  # no such region
        "6222021234567895",  # check digit
        "1110105194912310021",
        "12345678901",
        "护照 A1234567",
        "a11010519491231002x",
        "3.13800138221",
    ],
)
def test_a_number_that_does_not_prove_itself_is_none(text: str) -> None:
    assert found(text) == {}


def test_a_finding_counts_different_numbers_and_gives_none_away() -> None:
    finding = found(f"{IDENTITY} {IDENTITY.upper()} 电话13800138221、13900139332、13800138221")["personal.phone"]
    assert finding.marking == "手机号码 ×2"
    assert finding.family == "keyword"
    assert finding.confidence < 70
    assert "138" not in repr(found("13800138221"))


def test_groups_of_digits_in_the_cells_of_a_table_are_no_card() -> None:
    assert found("6222\t0212\t3456\t7894") == {}
    assert found("6222\n0212\n3456\n7894") == {}


def test_fewer_numbers_than_asked_for_are_only_weak() -> None:
    phones = parse(b"detectors: {phone: {severity: high}}", Path("a.yaml"))
    few = [Passage(Zone.BODY, "13800138221")]
    assert phones.find(few) == ()
    (finding,) = phones.find(few, least=25)
    assert (finding.severity, finding.confidence) == (Severity.HIGH, 28)


def test_an_identity_number_with_a_lucky_digit_is_no_card() -> None:
    lucky = [
        number
        for seq in range(1000)
        for number in [identity("622826", "19900307", seq)]
        if "x" not in number and luhn(number)
    ]
    assert lucky
    assert not any(valid_card(number) for number in lucky)


def test_the_machine_readable_line_of_a_passport_proves_itself() -> None:
    assert valid_passport(MRZ)
    assert not valid_passport(MRZ.replace("l898902c3", "l898902c4"))
    assert "personal.passport" in found(MRZ.upper())


def test_all_are_off_unless_asked_for() -> None:
    plain = parse("天河计划".encode(), Path("a.txt"))
    assert plain.find([Passage(Zone.BODY, f"{IDENTITY} {CARD} 13800138221")], least=1) == ()
    assert not any(literal.shape for literal in plain.literals)


def identity(region: str, born: str, sequence: int) -> str:
    body = f"{region}{born}{sequence:03}"
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    check = (12 - total % 11) % 11
    return body + ("x" if check == 10 else str(check))


def luhn(number: str) -> bool:
    values = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in values) % 10 == 0


@given(
    st.sampled_from(["110105", "440300", "820000"]),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 1, 1)),
    st.integers(0, 999),
    st.integers(0, 16),
    st.integers(1, 9),
)
def test_every_right_identity_number_passes_and_any_wrong_digit_is_seen(
    region: str, born: date, sequence: int, place: int, by: int
) -> None:
    number = identity(region, born.strftime("%Y%m%d"), sequence)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert valid_identity(number)
    assert not valid_identity(wrong)


@given(st.integers(0, 10**9 - 1))
def test_every_card_with_luhns_digit_passes_and_any_other_last_digit_fails(middle: int) -> None:
    body = f"622202{middle:09}"
    right = [digit for digit in "0123456789" if luhn(body + digit)]
    assert [digit for digit in "0123456789" if valid_card(body + digit)] == right


def test_a_phone_of_a_range_that_is_not_given_out_is_none() -> None:
    assert valid_phone("+8613800138221")
    assert not valid_phone("15400138221")
    assert not valid_phone("13888888888")


def test_every_detector_has_a_title_in_both_languages() -> None:
    assert all(detector.title_zh and detector.title_en and detector.literals for detector in DETECTORS.values())
