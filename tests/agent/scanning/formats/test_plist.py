"""Property lists in binary form and saved web pages, made by the standard library."""

from __future__ import annotations

import plistlib

import pytest

from agent.scanning.examine import Examiner
from agent.scanning.formats.base import Source
from protocol.records import Reason

MARK = "机密★10年"


def packed(value: object) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY)


@pytest.mark.parametrize("value", [{"a": [1, {"b": MARK}]}, {MARK: 1}, [f"会议\n{MARK}"], {"甲" * 40: MARK}])
def test_a_value_that_is_a_marking_is_told(examiner: Examiner, value: object) -> None:
    (row,) = examiner.examine(Source.of(packed(value)), "a.plist").rows
    assert [finding.level for finding in row.findings] == ["机密"]


def test_a_saved_page_is_read_as_the_page_it_is(examiner: Examiner) -> None:
    page = {"WebResourceMIMEType": "text/html", "WebResourceData": f"<p>{MARK}</p>".encode(), "WebResourceURL": "x"}
    rows = examiner.examine(Source.of(packed({"WebMainResource": page})), "a.webarchive").rows
    assert [(row.member, len(row.findings) > 0) for row in rows] == [(None, False), ("data1.html", True)]


def test_data_that_is_no_document_is_no_file(examiner: Examiner) -> None:
    assert len(examiner.examine(Source.of(packed({"a": bytes(range(256)) * 9})), "a.plist").rows) == 1


def test_a_damaged_list_is_told(examiner: Examiner) -> None:
    (row,) = examiner.examine(Source.of(packed({"a": MARK})[:-20]), "a.plist").rows
    assert row.reason is Reason.DAMAGED
