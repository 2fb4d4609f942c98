"""Detectors of personal data: numbers that prove themselves by a checksum or by their form. Off unless asked for.

A finding says how many different numbers a file holds, never one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from protocol.records import Finding, Severity
from signatures.keywords.weighing import confidence, place_of
from signatures.literals import Literal
from signatures.passages import Passage

_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""First two digits of GB/T 2260 codes; 81 to 83 are residence permits of people from Hong Kong, Macao and Taiwan."""

_APART = re.compile(r"[\t\n\r\v\f]")

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MRZ = {**{str(n): n for n in range(10)}, **{chr(97 + n): 10 + n for n in range(26)}, "<": 0}


@dataclass(frozen=True)
class Detector:
    """One kind of number."""

    name: str
    title_zh: str
    title_en: str
    pattern: re.Pattern[str]
    """Over folded text: half-width, lower case. The whole match is what is checked and counted."""
    valid: Callable[[str], bool]
    """Whether the match, without blanks and hyphens, proves itself."""
    at_least: int
    """Different numbers in a file from which on there is a finding, unless the list says otherwise."""
    literals: tuple[Literal, ...]
    """What the sieve must look for, as words."""


@dataclass(frozen=True)
class Wanted:
    """A detector that a list has switched on."""

    detector: Detector
    at_least: int
    severity: Severity = Severity.LOW


def count(wanted: Sequence[Wanted], passages: Sequence[Passage], folded: Sequence[str]) -> list[Finding]:
    """One finding for each detector that saw a number, with how many different ones there were.

    ``folded`` are the passages' texts after `signatures.keywords.folding.fold`.
    """
    found = []
    for one in wanted:
        numbers: set[str] = set()
        first: tuple[Passage, int] | None = None
        for passage, text in zip(passages, folded, strict=True):
            for match in one.detector.pattern.finditer(text):
                if _APART.search(passage.text, *match.span()):
                    continue  # the cells of a table, not the groups of a number
                number = re.sub(r"[ -]", "", match[0])
                if one.detector.valid(number):
                    first = first or (passage, match.start())
                    numbers.add(number)
        if first is not None:
            found.append(_finding(one, len(numbers), *first))
    return found


def _finding(one: Wanted, number: int, passage: Passage, start: int) -> Finding:
    return Finding(
        rule=f"personal.{one.detector.name}",
        family="keyword",
        level=None,
        period=None,
        zone=str(passage.zone),
        confidence=confidence(number, one.at_least),
        severity=one.severity,
        marking=f"{one.detector.title_zh} ×{number}",
        place=place_of(passage, start),
    )


def valid_identity(number: str) -> bool:
    """Whether this is a citizen identity number (GB 11643-1999): region, date of birth, ISO 7064 MOD 11-2."""
    if not re.fullmatch(r"[0-9]{17}[0-9x]", number) or not _PROVINCES.match(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not date(1880, 1, 1) <= born <= datetime.now(UTC).date():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10x98765432"[total % 11] == number[17]


def valid_card(number: str) -> bool:
    """Whether this is a bank card's number (ISO/IEC 7812): an issuer's beginning and lengths, Luhn's digit."""
    known = any(re.match(start, number) and len(number) in lengths for start, lengths in _ISSUERS)
    if not known or len(set(number)) < 3 or valid_identity(number):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_ISSUERS = (
    (r"62|81[0-7]", range(16, 20)),  # UnionPay
    (r"9558|60[0-9]{2}", range(16, 20)),  # older debit cards of Chinese banks, Discover
    (r"4", (13, 16, 19)),  # Visa
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    (r"3[47]", (15,)),  # American Express
    (r"35(?:2[89]|[3-8])", range(16, 20)),  # JCB
    (r"36|38|39|30[0-59]", range(14, 20)),  # Diners Club
    (r"64[4-9]|65", range(16, 20)),  # Discover
)


def valid_phone(number: str) -> bool:
    """Whether this is a mobile phone's number of mainland China by its form: there is no check digit."""
    number = number.removeprefix("+86").removeprefix("0086")
    return bool(re.fullmatch(r"1(?:3[0-9]|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])[0-9]{8}", number)) and (
        len(set(number[3:])) > 2
    )


def valid_passport(number: str) -> bool:
    """Whether this is a passport's number: a machine-readable line with right check digits, or a labelled number.

    The line is the second of ICAO Doc 9303 part 4: number, nationality, birth, sex, expiry, each with a check digit.
    """
    if "<" in number or len(number) >= 28:
        pieces = ((number[:9], number[9]), (number[13:19], number[19]), (number[21:27], number[27]))
        return all(_check_digit(text) == digit for text, digit in pieces)
    return True


def _check_digit(text: str) -> str:
    return str(sum(_MRZ[letter] * (7, 3, 1)[place % 3] for place, letter in enumerate(text)) % 10)


def _digits(*shapes: str) -> tuple[Literal, ...]:
    return tuple(Literal(shape, shape=True) for shape in shapes)


_ALONE = r"(?<![0-9a-z])(?:{})(?![0-9a-z])"

DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        Detector(
            "identity",
            "居民身份证号",
            "citizen identity number",
            re.compile(_ALONE.format(r"[1-8][0-9]{5}(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9]{4}[0-9x]")),
            valid_identity,
            1,
            _digits("0" * 17),
        ),
        Detector(
            "bank-card",
            "银行卡号",
            "bank card number",
            re.compile(_ALONE.format(r"[2-689][0-9]{12,18}|[2-689][0-9]{3}(?:[ -][0-9]{4}){2,3}[ -][0-9]{1,4}")),
            valid_card,
            1,
            _digits("0" * 13, "0000 0000 0000 0", "0000-0000-0000-0"),
        ),
        Detector(
            "phone",
            "手机号码",
            "mobile phone number",
            re.compile(
                r"(?<![0-9a-z.])(?:(?:\+|00)86[ -]?)?1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4})(?![0-9a-z])"
            ),
            valid_phone,
            5,
            _digits("0" * 11, "000 0000 0000", "000-0000-0000"),
        ),
        Detector(
            "passport",
            "护照号码",
            "passport number",
            re.compile(
                r"(?<![0-9a-z<])[a-z0-9<]{9}[0-9][a-z<]{3}[0-9]{7}[mf<x][0-9]{7}[a-z0-9<]{14}[0-9<][0-9](?![0-9a-z<])"
                r"|(?:(?<=护照)|(?<=护照号)|(?<=护照号码)|(?<=passport)|(?<=passport no)|(?<=passport no\.)"
                r"|(?<=passport number))[: ]{0,3}(?:e[a-hj-np-z]|[dsp]e?|[eg][0-9])[0-9]{7}(?![0-9a-z])"
            ),
            valid_passport,
            3,
            (
                *(Literal(form, any_case=True) for form in ("护照", "護照", "passport")),
                Literal("<<<", any_width=False),
            ),
        ),
    )
}
"""Every detector by its name."""
