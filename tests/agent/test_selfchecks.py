"""The running agent makes self-checks as often as the profile asks for, and tells the collector of each."""

from __future__ import annotations

import io
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.checks.readiness import SUMS
from agent.reporting import identity
from agent.reporting.notice import Notice
from agent.reporting.outbox import Outbox
from agent.reporting.reporter import Reporter
from agent.selfchecks import WORD, SelfChecks
from agent.settings import CheckSettings, Settings
from protocol.records import CheckOutcome, ComputerClass, Record, SelfCheckDone, SettingEvidence, ViolationSeen
from signatures.profiles import days


@pytest.fixture
def made(request: pytest.FixtureRequest, collector: Any, state: Path) -> Iterator[Callable[..., tuple[int, str]]]:
    """Runs it until it has made some or a second has passed: how many records wait, and what the user was told."""
    collector.enrolled(state, *getattr(request, "param", ()))
    outbox = Outbox(state)

    def run(last: datetime | None = None, prescribed: str = "", **settings: Any) -> tuple[int, str]:
        if last is not None:
            outbox.remember(WORD, last.isoformat())
        told = io.StringIO()
        about = msgspec.structs.replace(Settings(), state_dir=str(state), check=CheckSettings(**settings))
        reporter = Reporter(outbox, lambda: None)
        checks = SelfChecks(
            about, identity.load(state), outbox, reporter, Notice(told), reporter.report, lambda: prescribed
        )
        stop = threading.Event()
        thread = threading.Thread(target=lambda: checks.run(stop, settle=0.01, look=0.05))
        thread.start()
        until = time.monotonic() + (1.0 if last or settings else 30.0)
        while time.monotonic() < until and not outbox.waiting().get("self-check"):
            time.sleep(0.05)
        time.sleep(0.3)
        stop.set()
        thread.join(30)
        return outbox.waiting().get("self-check", 0), told.getvalue()

    yield run
    outbox.close()


def test_one_is_made_when_none_was_made_yet_and_only_one(made: Callable[..., tuple[int, str]]) -> None:
    count, told = made()
    assert count == 1
    assert "mijian check" in told


def test_each_check_that_fails_is_one_violation_and_what_sums_up_others_is_none(
    made: Callable[..., tuple[int, str]], state: Path
) -> None:
    made()
    with sqlite3.connect(state / "outbox.sqlite3") as database:
        rows = [bytes(row[0]) for row in database.execute("SELECT line FROM records")]
    records = [msgspec.json.decode(row, type=Record) for row in rows]
    seen = [one for one in records if isinstance(one, ViolationSeen)]
    (done,) = [one for one in records if isinstance(one, SelfCheckDone)]
    failed = [one for one in done.results if one.outcome is CheckOutcome.FAIL]
    assert done.scheduled
    told = [one.evidence.check for one in seen if isinstance(one.evidence, SettingEvidence)]
    assert sorted(told) == sorted(one.check for one in failed if one.check not in SUMS)
    assert len(set(told)) == len(told) > 0
    assert "baseline" not in told


def test_none_is_made_before_it_is_due(made: Callable[..., tuple[int, str]]) -> None:
    assert made(last=datetime.now(UTC) - timedelta(days=2))[0] == 0


def test_none_is_made_where_the_settings_say_so(made: Callable[..., tuple[int, str]]) -> None:
    assert made(scheduled=False)[0] == 0


def test_frequencies_are_told_in_days() -> None:
    assert [days(one) for one in ("P7D", "P2W", "P1M", "P3M", "P1Y")] == [7, 14, 30, 90, 365]
    with pytest.raises(ValueError, match="is no frequency"):
        days("monthly")


def profiles(state: Path) -> list[str]:
    """The profiles of the self-checks that wait in the outbox."""
    with sqlite3.connect(state / "outbox.sqlite3") as database:
        rows = [bytes(row[0]) for row in database.execute("SELECT line FROM records")]
    records = [msgspec.json.decode(row, type=Record) for row in rows]
    return [one.profile for one in records if isinstance(one, SelfCheckDone)]


@pytest.mark.parametrize("made", [(ComputerClass.CONFIDENTIAL, "机密")], indirect=True)
def test_the_profile_that_the_policy_names_is_taken(made: Callable[..., tuple[int, str]], state: Path) -> None:
    made(prescribed="confidential-level-1")
    assert profiles(state) == ["confidential-level-1"]


@pytest.mark.parametrize("prescribed", ["internet", "no-such", "media"])
def test_a_profile_that_is_not_made_for_this_computer_is_not_taken(
    prescribed: str, made: Callable[..., tuple[int, str]], state: Path
) -> None:
    made(prescribed=prescribed)
    assert profiles(state) == ["internal"]
