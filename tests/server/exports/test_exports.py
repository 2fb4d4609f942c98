"""Violations for other programs: each form can be read back, carries no path, and no name breaks out of its field."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from server.exports import cef, csv_, jsonl, ocsf
from server.exports.rows import Row, rows

MOMENT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def row(**more: Any) -> Row:
    values: dict[str, Any] = {
        "id": "0192-1", "control": "MEDIA-05", "title": "State secrets on an unclassified medium", "clause": "S1",
        "remedy": "Hand it in", "severity": "critical", "state": "new", "family": "state", "level": "机密",
        "marking": "机密★10年", "zone": "header", "extension": "docx", "computer": "pc-1", "computer_id": "c-1",
        "computer_class": "internet", "medium": "5a5a", "first_seen": MOMENT, "last_seen": MOMENT, "updated": MOMENT,
        "sightings": 1,
    }  # fmt: skip
    return Row(**(values | more))


def text_of(form: Any, *given: Row) -> str:
    return b"".join(form.lines(given)).decode("utf-8-sig")


def test_json_lines_carry_every_field() -> None:
    (line,) = text_of(jsonl, row()).splitlines()
    assert set(json.loads(line)) == set(Row.__struct_fields__)


def test_csv_reads_back_and_no_cell_is_a_formula() -> None:
    text = text_of(csv_, row(computer='=HYPERLINK("http://x")'), row(computer="@pc", marking="-1+1", zone='a"b,c'))
    first, second = csv.DictReader(io.StringIO(text))
    assert first["computer"] == '\'=HYPERLINK("http://x")'
    assert (second["computer"], second["marking"], second["zone"]) == ("'@pc", "'-1+1", 'a"b,c')


def test_cef_escapes_what_would_end_a_field_or_a_line() -> None:
    (line,) = text_of(cef, row(title="a|b\\c", computer="pc=1\\2\nCEF:0|forged", control="X|Y")).splitlines()
    head = re.split(r"(?<!\\)\|", line, maxsplit=7)
    assert head[:3] == ["CEF:0", "Mijian", "mijian-server"]
    assert head[4:7] == ["X\\|Y", "a\\|b\\\\c", "10"]
    assert "dvchost=pc\\=1\\\\2 CEF:0|forged" in head[7]
    assert "rt=1795248000000" in head[7]


@pytest.mark.parametrize(
    ("more", "class_uid", "activity", "status"),
    [
        ({}, 2006, 1, 1),
        ({"sightings": 3}, 2006, 2, 1),
        ({"state": "assigned"}, 2006, 2, 2),
        ({"state": "closed"}, 2006, 3, 4),
        ({"state": "false_alarm"}, 2006, 3, 3),
        ({"marking": "", "family": "", "control": "NET-03"}, 2003, 1, 1),
    ],
)
def test_an_ocsf_event_has_its_class_activity_and_status(
    more: dict[str, Any], class_uid: int, activity: int, status: int
) -> None:
    event = json.loads(text_of(ocsf, row(**more)))
    assert (event["class_uid"], event["activity_id"], event["status_id"]) == (class_uid, activity, status)
    assert event["type_uid"] == class_uid * 100 + activity
    assert event["category_uid"] == 2
    assert event["time"] == 1795248000000
    assert event["severity_id"] == 5
    assert event["metadata"]["version"] == "1.6.0"


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_is_exported_without_any_path(
    sender: Any, file_seen: Callable[..., Any], deliver: Callable[[bytes], Any]
) -> None:
    deliver(sender.next(file_seen("a", path="/media/u/绝密计划.docx"), file_seen("b", path="/media/u/other.docx")))
    given = list(rows(language="zh"))
    assert [one.marking for one in given] == ["机密★10年", "机密★10年"]
    for form in (jsonl, csv_, cef, ocsf):
        text = text_of(form, *given)
        assert "MEDIA-05" in text
        assert "绝密计划" not in text
        assert "/media/u" not in text


@pytest.mark.django_db(transaction=True)
def test_only_what_changed_since_and_is_in_the_state_is_exported(
    sender: Any, file_seen: Callable[..., Any], deliver: Callable[[bytes], Any]
) -> None:
    deliver(sender.next(file_seen("a")))
    (one,) = rows()
    assert list(rows(since=one.updated)) == [one]
    assert not list(rows(since=datetime(2100, 1, 1, tzinfo=UTC)))
    assert list(rows(states=frozenset({"new"}))) == [one]
    assert not list(rows(states=frozenset({"closed"})))
