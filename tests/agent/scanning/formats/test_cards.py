"""Calendars and address cards: folded lines, quoted-printable, escaped signs."""

from __future__ import annotations

import quopri

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source

MARK = "机密★10年"
FOLDED = "BEGIN:VCALENDAR\r\nDESCRIPTION:机\r\n 密★\r\n 10年\r\nEND:VCALENDAR\r\n".encode()
QUOTED = "NOTE;CHARSET={};ENCODING=QUOTED-PRINTABLE:"


def card(charset: str) -> bytes:
    said = quopri.encodestring(MARK.encode(charset)).replace(b"=E5=AF", b"=E5=\r\n=AF")
    return b"BEGIN:VCARD\r\nVERSION:2.1\r\n" + QUOTED.format(charset).encode() + said + b"\r\nEND:VCARD\r\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (FOLDED, "a.ics"),
        (card("utf-8"), "a.vcf"),
        (card("gbk"), "a.vcf"),
        (f"BEGIN:VCALENDAR\nSUMMARY:会议\\n{MARK}\\n地点\nEND:VCALENDAR".encode(), "a.ics"),
        (f"BEGIN:VCALENDAR\nX-MJ:{MARK}\nEND:VCALENDAR".encode("gbk"), "a.vcs"),
    ],
)
def test_a_value_is_read_as_it_is_meant(examiner: Examiner, data: bytes, name: str) -> None:
    (row,) = examiner.examine(Source.of(data), name).rows
    assert (row.findings[0].level, row.findings[0].period) == ("机密", "P10Y")


@pytest.mark.parametrize(
    "title", ["SUMMARY:【机密】评审会", "summary;LANGUAGE=zh-CN:[机密] 评审会", "SUMMARY:评审会（机密）"]
)
def test_a_meeting_is_marked_as_the_subject_of_a_mail_is(examiner: Examiner, title: str) -> None:
    data = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
    found = examiner.examine(Source.of(data), "a.ics").rows[0].findings
    assert ("机密", "subject") in [(one.level, one.zone) for one in found]


def test_a_meeting_that_speaks_of_secrecy_is_clean(examiner: Examiner) -> None:
    data = "BEGIN:VCALENDAR\nSUMMARY:保密教育培训，请各部门准时参加并带好机密文件登记本\nEND:VCALENDAR".encode()
    assert examiner.examine(Source.of(data), "a.ics").rows[0].findings == ()
