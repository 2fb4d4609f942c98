from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.records import Finding, Severity
from signatures.markings.periods import (
    NO_END,
    Expiry,
    Extension,
    IssueDate,
    Source,
    Status,
    aged,
    expiry_of,
    extended,
    later,
    status_on,
)

TODAY = date(2026, 11, 21)


def marked(**changes: object) -> Finding:
    fields: dict[str, object] = {
        "rule": "cn-state.starred", "family": "state", "level": "机密", "period": "P10Y", "zone": "p1_top_left",
        "confidence": 95, "severity": Severity.CRITICAL, "marking": "机密★10年",
    }  # fmt: skip
    return Finding(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "issued", "expires"),
    [
        ("P10Y", date(2020, 5, 1), date(2030, 5, 1)),
        ("P30Y", date(1996, 2, 29), date(2026, 2, 28)),
        ("P4Y", date(2020, 2, 29), date(2024, 2, 29)),
        ("P1M", date(2024, 1, 31), date(2024, 2, 29)),
        ("P1M", date(2023, 1, 31), date(2023, 2, 28)),
        ("P11M", date(2023, 12, 15), date(2024, 11, 15)),
        ("P12M", date(2023, 12, 15), date(2024, 12, 15)),
        ("P240M", date(2004, 7, 1), date(2024, 7, 1)),
        ("P90D", date(2024, 1, 1), date(2024, 3, 31)),
        ("P1D", date(2023, 12, 31), date(2024, 1, 1)),
        ("DATE:2027-06-30", date(2024, 1, 1), date(2027, 6, 30)),
        ("DATE:2027-06-30", None, date(2027, 6, 30)),
        ("LONG", date(2024, 1, 1), None),
        ("COND:启用前", date(2024, 1, 1), None),
        ("P0Y", date(2024, 1, 1), None),
        ("P10Y", None, None),
    ],
)
def test_a_marking_ends_when_its_term_says(period: str, issued: date | None, expires: date | None) -> None:
    assert expiry_of(period, issued, 30) == Expiry(expires)


@pytest.mark.parametrize(("years", "expires"), [(30, date(2040, 5, 1)), (20, date(2030, 5, 1)), (10, date(2020, 5, 1))])
def test_without_a_term_the_longest_of_the_level_is_assumed(years: int, expires: date) -> None:
    assert expiry_of(None, date(2010, 5, 1), years) == Expiry(expires, assumed=True)


def test_without_term_and_issue_date_or_longest_period_nothing_is_assumed() -> None:
    assert expiry_of(None, None, 10) == NO_END
    assert expiry_of(None, date(2010, 5, 1), None) == NO_END


def test_a_term_beyond_the_calendar_has_no_day() -> None:
    assert expiry_of("P99999Y", date(2024, 1, 1), 10) == NO_END
    assert expiry_of("P999999D", date(9990, 1, 1), 10) == NO_END
    assert later(date(9999, 12, 30), days=1) == date(9999, 12, 31)
    assert later(date(9999, 12, 30), days=2) is None
    assert later(date(9999, 1, 1), years=1) is None
    assert later(date(9998, 1, 31), years=1) == date(9999, 1, 31)


@given(day=st.dates(date(1949, 1, 1), date(2100, 1, 1)), count=st.integers(1, 400))
def test_months_move_the_month_and_never_run_over_into_the_next(day: date, count: int) -> None:
    moved = later(day, months=count)
    assert moved is not None
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == count
    assert moved.day <= day.day
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


@given(day=st.dates(date(1949, 1, 1), date(2100, 1, 1)), years=st.integers(0, 99))
def test_years_are_twelve_months_each(day: date, years: int) -> None:
    assert later(day, years=years) == later(day, months=12 * years)


def test_an_issue_date_of_a_month_or_year_runs_to_its_last_day() -> None:
    assert IssueDate.within(2024, 2, Source.SIGNED).last == date(2024, 2, 29)
    assert IssueDate.within(2024, 2, Source.SIGNED).first == date(2024, 2, 1)
    year = IssueDate.within(2024, None, Source.NUMBER)
    assert (year.first, year.last) == (date(2024, 1, 1), date(2024, 12, 31))
    assert IssueDate.on(TODAY, Source.LEDGER) == IssueDate(TODAY, TODAY, Source.LEDGER)


def test_an_extension_decided_in_time_gives_the_new_day() -> None:
    extension = Extension(decided=date(2026, 1, 1), until=date(2036, 1, 1))
    assert extended(Expiry(date(2026, 1, 1)), extension) == Expiry(date(2036, 1, 1))
    assert extended(NO_END, extension) == Expiry(date(2036, 1, 1))


def test_an_extension_decided_too_late_changes_nothing_and_is_told() -> None:
    extension = Extension(decided=date(2026, 1, 2), until=date(2036, 1, 1))
    expiry = Expiry(date(2026, 1, 1), assumed=True)
    assert extended(expiry, extension) == Expiry(date(2026, 1, 1), assumed=True, late=True)


def test_without_an_extension_the_day_stays() -> None:
    assert extended(Expiry(TODAY), None) == Expiry(TODAY)


@pytest.mark.parametrize(
    ("expires", "status"),
    [
        (TODAY - timedelta(days=1), Status.DUE),
        (TODAY, Status.SOON),
        (TODAY + timedelta(days=90), Status.SOON),
        (TODAY + timedelta(days=91), Status.VALID),
        (None, Status.UNKNOWN),
    ],
)
def test_a_marking_holds_through_its_last_day_and_is_told_of_ninety_days_before(
    expires: date | None, status: Status
) -> None:
    assert status_on(TODAY, "P10Y", expires) is status


def test_long_term_is_valid_until_an_extension_or_end_says_otherwise() -> None:
    assert status_on(TODAY, "LONG", None) is Status.VALID
    assert status_on(TODAY, "LONG", date(2020, 1, 1)) is Status.DUE
    assert status_on(TODAY, "COND:启用前", None) is Status.UNKNOWN


def test_an_expired_marking_stays_a_finding_one_step_less_severe() -> None:
    old = aged(marked(expires=date(2020, 5, 1)), TODAY)
    assert (old.status, old.severity, old.codes) == ("due-for-review", Severity.HIGH, ("EXPIRED_REVIEW",))
    assert old.confidence == 95


def test_asked_again_it_is_not_made_less_severe_twice() -> None:
    once = aged(marked(expires=date(2020, 5, 1)), TODAY)
    assert aged(once, TODAY) == once
    assert aged(once, TODAY + timedelta(days=400)) == once


def test_a_marking_that_expires_soon_keeps_its_severity_and_then_falls_due() -> None:
    soon = aged(marked(expires=TODAY + timedelta(days=10), codes=("SPACING",)), TODAY)
    assert (soon.status, soon.severity, soon.codes) == (
        "expires-soon",
        Severity.CRITICAL,
        ("SPACING", "EXPIRES_SOON"),
    )
    due = aged(soon, TODAY + timedelta(days=11))
    assert (due.status, due.severity, due.codes) == ("due-for-review", Severity.HIGH, ("SPACING", "EXPIRED_REVIEW"))


def test_a_valid_marking_only_gets_its_status() -> None:
    finding = marked(expires=date(2040, 1, 1), codes=("STAR_VARIANT",))
    valid = aged(finding, TODAY)
    assert (valid.status, valid.severity, valid.codes) == ("valid", finding.severity, finding.codes)
    assert aged(marked(), TODAY).status == "unknown"


def test_what_has_no_period_or_holds_no_more_has_no_status() -> None:
    internal = marked(family="internal", level="内部", period=None)
    declassified = marked(codes=("DECLASSIFIED_STAMP",), expires=date(2020, 1, 1))
    assert aged(internal, TODAY) == internal
    assert aged(declassified, TODAY) == declassified
    assert aged(marked(family="level_only", period=None), TODAY).status == "unknown"
    assert aged(marked(family="commercial", expires=date(2020, 1, 1)), TODAY).status == "due-for-review"


def test_a_finding_written_before_there_were_dates_is_read_without_them() -> None:
    fields = msgspec.to_builtins(marked())
    old = {
        name: fields[name] for name in fields if name not in ("issued", "issued_from", "expires", "assumed", "status")
    }
    assert msgspec.json.decode(msgspec.json.encode(old), type=Finding) == marked()
    dated = marked(
        expires=date(2030, 1, 1), issued=date(2020, 1, 1), issued_from="ledger", assumed=True, status="valid"
    )
    assert msgspec.json.decode(msgspec.json.encode(dated), type=Finding) == dated
