"""Fixtures for reports: two departments whose computers have reported through the collector's own gate."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from protocol import records
from protocol.ids import uuid7
from server.accounts.models import Role, User
from server.intake.carriers import store_media
from server.intake.records import delivery_of
from server.intake.reports import store_reports
from server.intake.sightings import store_sightings
from server.intake.sql import Prepared
from server.ledger.models import Computer, Medium
from server.reports import making
from server.reports.models import Report
from server.violations.models import Occurrence

CANARY = "财务处的秘密机器"


@pytest.fixture
def report_home(collector_home: Path) -> Iterator[Path]:
    """The collector's home, without the files of reports of other tests."""
    yield collector_home
    place = collector_home / "reports"
    if place.is_dir():
        for file in place.iterdir():
            file.unlink()


@pytest.fixture
def enrolled(db: None, organise: Callable[..., Any], enter: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a computer of a department: ``enrolled("名称", "总部/财务处")``."""

    def make(name: str, path: str, **more: Any) -> Computer:
        told = {
            "id": uuid.uuid4(),
            "computer_class": "internal",
            "enrolled_at": timezone.now(),
            "registered_at": timezone.now(),
            "public_key": b"\1" * 32,
            "rules": "sha256:" + "ab" * 32,
        }
        return Computer.objects.create(name=name, department=organise(path), **(told | more))

    return make


def store(computer: Computer, *told: records.Record) -> None:
    """Take records in as the fan-out does."""
    now = timezone.now()
    delivery = delivery_of(1, computer.pk, now, told, Prepared(Occurrence))
    seen = [record for record in told if isinstance(record, records.ViolationSeen)]
    media = store_media([(record.medium, record.seen_at) for record in seen if record.medium is not None])
    store_sightings([delivery], media)
    store_reports([delivery], media)


@pytest.fixture
def house(
    enrolled: Callable[..., Any],
    file_seen: Callable[..., Any],
    network_seen: Callable[..., Any],
) -> dict[str, Computer]:
    """The office and the finance department, each with one computer that reported."""
    office = enrolled("=HYPERLINK(1)", "总部/办公室", number="A-1", person=None)
    finance = enrolled(CANARY, "总部/财务处", number="F-1", computer_class="confidential", level="秘密")
    now = timezone.now()
    check = records.SelfCheckDone(
        id=uuid7(),
        seen_at=now,
        seconds=2.0,
        number="ZJ-1",
        profile="internal",
        profile_version="2026.11",
        profile_digest="d" * 64,
        files=0,
        results=(
            records.CheckLine(
                check="password-age",
                controls=("PWD-02",),
                outcome=records.CheckOutcome.FAIL,
                severity=records.Severity.HIGH,
            ),
        ),
    )
    scan = records.ScanDone(
        id=uuid7(),
        started_at=now - timedelta(minutes=2),
        seconds=3.0,
        enumerated=120,
        clean=110,
        finding=4,
        not_examined=6,
        reasons={"encrypted": 6},
        bytes=1,
        rules="sha256:x",
        cage="full",
        complete=True,
    )
    store(office, file_seen("a"), file_seen("b", control="NPC-01", medium=None), check, scan)
    store(finance, network_seen())
    Medium.objects.update(
        registered_at=now, number="U-7", department=office.department, kind="U盘", medium_class="internal"
    )
    return {"office": office, "finance": finance}


@pytest.fixture
def asked(person: Callable[..., User], report_home: Path) -> Callable[..., Report]:
    """Asks for a report of this year as somebody who sees everything: ``asked("inspection", forms=["pdf"])``."""

    def ask(kind: str, *, forms: list[str] | None = None, **more: Any) -> Report:
        by = more.pop("by", None) or User.objects.filter(username="chief").first() or person(Role.OFFICER, "chief")
        today = timezone.localdate()
        told = {"since": date(today.year, 1, 1), "until": date(today.year, 12, 31)}
        return making.ask(kind, forms=forms or ["pdf", "docx", "xlsx"], by=by, **(told | more))

    return ask


@pytest.fixture
def made(asked: Callable[..., Report]) -> Callable[..., Report]:
    """Asks for a report and makes it."""

    def make(kind: str, **more: Any) -> Report:
        report = asked(kind, **more)
        making.make(report)
        report.refresh_from_db()
        return report

    return make
