"""Dates are written as each language writes them, on pages and on paper."""

from __future__ import annotations

import datetime

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from server.ledger.columns import shown
from server.ledger.kinds import LEDGERS
from server.reports.kinds.rows import day

DAY = datetime.date(2026, 11, 1)
MOMENT = datetime.datetime(2026, 11, 1, 1, 5, 9, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("language", "written"), [("zh-hans", "2026年11月1日"), ("en", "2026-11-01")])
def test_a_day_is_written_alike_on_pages_in_ledgers_and_in_reports(language: str, written: str) -> None:
    column = next(column for ledger in LEDGERS.values() for column in ledger.columns if column.kind == "date")
    with override(language):
        assert Template("{{ day|date }}").render(Context({"day": DAY})) == written
        assert shown(column, "2026-11-01") == day(DAY) == day(MOMENT) == written
        assert shown(column, "31.11.2026") == "31.11.2026"


@pytest.mark.parametrize(("language", "written"), [("zh-hans", "2026年11月1日 09:05"), ("en", "2026-11-01 09:05")])
def test_a_moment_is_written_with_its_seconds_on_hover(language: str, written: str) -> None:
    with override(language), timezone.override("Asia/Shanghai"):
        page = Template("{% load web %}{% moment at %}").render(Context({"at": MOMENT}))
        assert f">{written}</time>" in page
        assert f'title="{written}:09"' in page
        assert date_format(DAY, "MONTH_DAY_FORMAT") in ("11月1日", "11-01")
