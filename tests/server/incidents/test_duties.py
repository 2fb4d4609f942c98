"""The clock of reporting duties: which arise, when each is due, and from what clause."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from server.incidents.duties import duties, load
from server.incidents.models import Kind
from signatures.register import register
from signatures.strict_yaml import FileMistake


@pytest.fixture(autouse=True)
def in_peking() -> object:
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        yield


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("kind", "level", "expected"),
    [
        (Kind.LEAK, "机密", {"remedy", "leader", "authority", "result"}),
        (Kind.POSSIBLE, "", {"remedy", "leader", "authority", "result"}),
        (Kind.LOSS, "", {"remedy", "leader", "authority", "result"}),
        (Kind.LOSS, "绝密", {"remedy", "leader", "authority", "search-top-secret", "result"}),
        (Kind.LOSS, "秘密", {"remedy", "leader", "authority", "search", "result"}),
        (Kind.LOSS, "none", {"remedy", "leader", "authority", "result"}),
        (Kind.BREACH, "机密", {"remedy", "leader"}),
    ],
)
def test_what_has_to_be_reported_hangs_on_kind_and_level(kind: Kind, level: str, expected: set[str]) -> None:
    assert {key for key, duty in duties().items() if duty.applies(kind, level)} == expected


@pytest.mark.parametrize(
    ("key", "discovered", "due"),
    [
        ("remedy", "2026-11-21T09:00", "2026-11-21T11:00"),
        ("authority", "2026-11-21T09:00", "2026-11-22T09:00"),
        ("search-top-secret", "2026-11-21T09:00", "2026-12-01T09:00"),
        ("search", "2026-11-21T09:00", "2027-01-20T09:00"),
        ("result", "2026-11-21T09:00", "2027-02-21T09:00"),
        ("result", "2026-11-30T09:00", "2027-02-28T09:00"),
        ("result", "2026-12-31T23:30", "2027-03-31T23:30"),
    ],
)
def test_each_duty_is_due_when_its_clause_says(key: str, discovered: str, due: str) -> None:
    assert duties()[key].due(at(discovered)) == at(due)


def test_every_duty_names_its_clause_and_a_control_of_the_register() -> None:
    for duty in duties().values():
        assert duty.control in register(), duty.id
        assert "《" in duty.clause, duty.id
        assert duty.title.zh, duty.id
        assert duty.title.en, duty.id


@pytest.mark.parametrize(
    "wrong",
    [
        "within: soon",
        "within: P0D",
        "kinds: [rumour]",
        "control: LEAK-1",
        "colour: red",
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path: Path, wrong: str) -> None:
    told = {"id": "x", "control": "INCIDENT-01", "title": "{zh: 甲, en: a}", "clause": "乙", "within": "PT1H"}
    told |= {"kinds": "[leak]", wrong.split(":")[0]: wrong.split(": ")[1]}
    path = tmp_path / "duties.yaml"
    path.write_text("- " + "\n  ".join(f"{key}: {value}" for key, value in told.items()), "utf-8")
    with pytest.raises(FileMistake) as caught:
        load(path)
    assert "duties.yaml:" in str(caught.value)
