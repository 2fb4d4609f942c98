from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.judging.waivers import covers, marked, next_end
from protocol.policy import Waiver
from protocol.records import FileEvidence, Medium, MediumEvidence, Severity, ViolationSeen

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def waiver(**more: Any) -> Waiver:
    values = {"id": "w1", "control": "CPC-09", "expires": NOW + timedelta(days=1)}
    return Waiver(**(values | more))


def seen(control: str = "CPC-09", key: str = "stick") -> ViolationSeen:
    evidence = FileEvidence(
        content_hash="c", path_hash="p", sealed_place="", extension="", media_type="", size=0, modified=None
    )
    return ViolationSeen(
        id="1", seen_at=NOW, control=control, severity=Severity.HIGH, evidence=evidence, medium=Medium(key=key)
    )


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({}, True),
        ({"control": "NPC-01"}, False),
        ({"expires": NOW}, False),
        ({"medium": "stick"}, True),
        ({"medium": "another"}, False),
        ({"path_hash": "p"}, True),
        ({"path_hash": "q"}, False),
        ({"path_hash": "p", "content_hash": "d"}, False),
    ],
)
def test_every_key_that_a_waiver_gives_must_fit(more: dict[str, Any], fits: bool) -> None:
    assert covers(waiver(**more), seen(), NOW) is fits


def test_a_waiver_for_a_file_does_not_cover_the_medium_itself() -> None:
    of_medium = ViolationSeen(
        id="1", seen_at=NOW, control="CPC-09", severity=Severity.HIGH, evidence=MediumEvidence(status="lost")
    )
    assert not covers(waiver(path_hash="p"), of_medium, NOW)
    assert covers(waiver(), of_medium, NOW)


def test_a_covered_sighting_is_still_told_and_names_the_waiver_that_lasts_longest() -> None:
    later = waiver(id="w2", expires=NOW + timedelta(days=9))
    assert marked(seen(), [waiver(), later], NOW).waiver == "w2"
    assert marked(seen("NPC-01"), [waiver(), later], NOW).waiver == ""


def test_the_next_end_is_that_of_the_first_waiver_still_in_force() -> None:
    ended, soon = waiver(expires=NOW - timedelta(1)), waiver(expires=NOW + timedelta(1))
    assert next_end([waiver(expires=NOW + timedelta(2)), ended, soon], NOW) == soon.expires
    assert next_end([ended], NOW) is None
