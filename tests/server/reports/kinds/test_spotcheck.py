"""The draw for an unannounced check: by lot, within the extent, never of what is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from server.ledger.models import Computer
from server.reports.blocks import Table
from server.reports.extent import Extent
from server.reports.kinds import spotcheck

pytestmark = pytest.mark.django_db


def draw(extent: Extent) -> list[str]:
    table = next(block for block in spotcheck.drawn(extent) if isinstance(block, Table))
    return [str(row[1]).partition("\n")[0] for row in table.rows]


def test_some_computers_of_the_extent_are_drawn_and_not_always_the_same(enrolled: Callable[..., Any]) -> None:
    for number in range(30):
        enrolled(f"pc-{number}", "总部/甲处")
    other = enrolled("other", "总部/乙处").department
    gone = enrolled("gone", "总部/乙处")
    Computer.objects.filter(pk=gone.pk).update(status="destroyed")
    whole = Extent(None, date(2026, 1, 1), date(2026, 1, 31))
    draws = [draw(whole) for _ in range(40)]
    assert {len(one) for one in draws} == {3}
    assert len({frozenset(one) for one in draws}) > 1
    assert not any("gone" in one for one in draws)
    assert draw(Extent(other, date(2026, 1, 1), date(2026, 1, 31))) == ["other"]


def test_of_nothing_nothing_is_drawn(db: None) -> None:
    assert draw(Extent(None, date(2026, 1, 1), date(2026, 1, 31))) == []
