"""The score sheet: points come from counts with fixed weights, and nothing to measure takes no points."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from server.ledger.models import Computer, Person
from server.reports.blocks import Table
from server.reports.extent import Extent
from server.reports.kinds import assessment
from server.reports.kinds.assessment import WEIGHTS, Share, score
from server.violations.models import Group, State

pytestmark = pytest.mark.django_db


def test_the_weights_make_a_hundred() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert score({name: Share(1, 1) for name in WEIGHTS}) == "100.0"
    assert score({name: Share(0, 7) for name in WEIGHTS}) == "0.0"


def test_what_cannot_be_measured_neither_gives_nor_takes_points() -> None:
    assert score({name: Share(0, 0) for name in WEIGHTS}) == "—"
    assert score({"checked": Share(1, 2), "clean": Share(2, 2), "mended": Share(0, 0)}) == "75.0"


def told(extent: Extent) -> dict[str, list[object]]:
    with override("en"):
        table = next(block for block in assessment.scores(extent) if isinstance(block, Table))
    return {str(row[0]).strip("　"): list(row[1:]) for row in table.rows}


def test_each_department_is_measured_by_its_own(house: dict[str, Computer]) -> None:
    Person.objects.create(name="张三", department=house["finance"].department, clearance="core")
    today = timezone.localdate()
    extent = Extent(None, today - timedelta(days=30), today)
    before = told(extent)
    assert before["总部"] == ["—", "—", "—", "—", "—", "—"]
    assert before["办公室"] == ["1/1", "0/1", "0/2", "2/2", "—", "44.4"]
    assert before["财务处"] == ["0/1", "0/1", "0/1", "1/1", "0/1", "15.0"]
    seen = Group.objects.filter(computer=house["office"])
    seen.filter(control="NPC-01").update(state=State.FALSE_ALARM)
    seen.filter(control="MEDIA-05").update(due_on=today - timedelta(days=3))
    assert told(extent)["办公室"] == ["1/1", "0/1", "0/1", "0/1", "—", "27.8"]
    seen.update(state=State.CLOSED)
    assert told(extent)["办公室"] == ["1/1", "0/1", "2/2", "—", "—", "66.7"]
