"""Text in bytes below 128: HZ, UTF-7, ISO-2022."""

from __future__ import annotations

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats import seven_bit
from agent.scanning.formats.base import Source

TEXT = "机密★10年\n为做好年度设备采购工作，现将有关事项通知如下。\n"


def iso_2022_cn(text: str) -> bytes:
    """As RFC 1922 has it: the set is named on every line that needs it."""
    lines = []
    for line in text.split("\n"):
        coded, shifted = b"", False
        for letter in line:
            if letter.isascii() == shifted:
                coded += b"\x0f" if shifted else b"\x0e"
                shifted = not shifted
            coded += bytes(each & 0x7F for each in letter.encode("gb2312"))
        lines.append(b"\x1b$)A" * (not line.isascii()) + coded + b"\x0f" * shifted)
    return b"\n".join(lines)


CODED = {
    "HZ": TEXT.encode("hz"),
    "UTF-7": TEXT.encode("utf-7"),
    "ISO-2022-CN": iso_2022_cn(TEXT),
    "ISO-2022-JP": "機密★10年\n調達計画について\n".encode("iso2022_jp"),
    "ISO-2022-KR": "機密★10年\n案內\n".encode("iso2022_kr"),
}


@pytest.mark.parametrize("how", CODED)
def test_a_marking_is_found_in_a_text_file(examiner: Examiner, how: str) -> None:
    (row,) = examiner.examine(Source.of(CODED[how]), "a.txt").rows
    assert [(each.level, each.period) for each in row.findings] == [("机密", "P10Y")]


@pytest.mark.parametrize("how", ["HZ", "ISO-2022-CN", "ISO-2022-JP"])
def test_a_marking_is_found_in_a_mail(examiner: Examiner, how: str) -> None:
    charset = {"HZ": "hz-gb-2312"}.get(how, how.lower())
    head = f"From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n\n"
    rows = examiner.examine(Source.of(head.encode() + CODED[how]), "a.eml").rows
    assert {each.level for row in rows for each in row.findings} == {"机密"}


def test_a_long_text_is_read_to_its_end(examiner: Examiner) -> None:
    long = "为做好年度设备采购工作。\n" * 40_000
    (row,) = examiner.examine(Source.of((long + TEXT[:7]).encode("hz")), "a.txt").rows
    assert [each.level for each in row.findings] == ["机密"]


@pytest.mark.parametrize(
    "data",
    [
        "密".encode(),
        b"if a+b > c++ and d+Total: x ~{ y }",
        b"key = MIIB+Xm3abcdefZ/0+Tg==\n" * 9,
        b"1+1=2 +8613900000000-",
        b"a terminal's \x1b$<5> and \x1b$(Z",
    ],
)
def test_other_texts_stay_as_they_are(data: bytes) -> None:
    assert seven_bit.plain(data) is None


def test_what_is_not_coded_stays_as_it_is() -> None:
    assert seven_bit.plain(b"a ~{x} +Qm9i " + CODED["HZ"] + b"b+c++ ~~") == f"a ~{{x}} +Qm9i {TEXT}b+c++ ~~".encode()
