"""What a scan found is held against the controls; a computer that was not scanned is never called clean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.checks.base import Context, Marked
from agent.checks.families import checks
from protocol.records import CheckOutcome, ComputerClass, Level

ONLY_WHERE_SET = {"marked-folders", "contract-staff"}
from_scan = [name for name, check in checks().items() if "scan" in check.reads and name not in ONLY_WHERE_SET]

Make = Callable[..., Context]


def marked(context: Context, **counts: Any) -> Marked:
    return Marked(at=context.now, **{"files": 100, "not_examined": 0, "by_control": {}, **counts})


def outcome(
    name: str, make: Make, computer_class: ComputerClass, level: Level | None = None, **counts: Any
) -> CheckOutcome:
    context = make(computer_class=computer_class, level=level)
    context = make(computer_class=computer_class, level=level, marked=marked(context, **counts))
    return checks()[name].run(context).outcome


@pytest.mark.parametrize("name", from_scan)
def test_without_a_scan_a_person_is_asked(name: str, make: Make) -> None:
    check = checks()[name]
    result = check.run(make(computer_class=min(check.classes)))
    assert result.outcome is CheckOutcome.MANUAL
    assert result.why
    assert "--scan" in result.why.en


@pytest.mark.parametrize(
    ("name", "computer_class", "level", "counts"),
    [
        ("state-secrets", ComputerClass.INTERNET, None, {"by_control": {"CPC-02": 2}}),
        ("state-secrets", ComputerClass.INTERNAL, None, {"by_control": {"NPC-01": 1}}),
        ("level-above", ComputerClass.CONFIDENTIAL, Level.SECRET, {"by_control": {"CPC-09": 1}}),
        ("top-secret", ComputerClass.CONFIDENTIAL, Level.CONFIDENTIAL, {"top_secret": 1}),
        ("work-secrets", ComputerClass.INTERNET, None, {"by_control": {"NPC-14": 3}}),
        ("public-terminal", ComputerClass.INTERNET, None, {"families": {"internal": 1}}),
        ("outgoing-folders", ComputerClass.INTERNAL, None, {"by_place": {"mail": 1}}),
        ("drafts", ComputerClass.INTERNAL, None, {"drafts": 1}),
        ("readable-by-all", ComputerClass.INTERNAL, None, {"exposed": 1}),
        ("marking-form", ComputerClass.CONFIDENTIAL, Level.SECRET, {"codes": {"STAR_MISSING": 1}}),
        ("marking-period", ComputerClass.CONFIDENTIAL, Level.SECRET, {"codes": {"PERIOD_TOO_LONG": 1}}),
        ("copies", ComputerClass.INTERNAL, None, {"unlike_copies": 1}),
        ("marking-expired", ComputerClass.CONFIDENTIAL, Level.SECRET, {"codes": {"EXPIRED_REVIEW": 1}}),
    ],
)
def test_what_a_scan_found_fails_and_a_clean_scan_passes(
    name: str, computer_class: ComputerClass, level: Level | None, counts: dict[str, Any], make: Make
) -> None:
    assert outcome(name, make, computer_class, level, **counts) is CheckOutcome.FAIL
    assert outcome(name, make, computer_class, level) is CheckOutcome.PASS


def test_top_secret_files_may_lie_on_a_computer_of_that_level(make: Make) -> None:
    assert outcome("top-secret", make, ComputerClass.CONFIDENTIAL, Level.TOP_SECRET, top_secret=4) is CheckOutcome.PASS


def test_files_that_could_not_be_examined_are_told(make: Make) -> None:
    context = make(computer_class="internet")
    context = make(computer_class="internet", marked=marked(context, not_examined=7))
    facts = checks()["state-secrets"].run(context).facts
    assert [one.seen for one in facts if "not be examined" in one.what.en] == ["7"]


def test_marked_files_must_lie_in_the_folders_designated_where_some_are(make: Make) -> None:
    check = checks()["marked-folders"]
    assert check.run(make()).outcome is CheckOutcome.NOT_APPLICABLE
    some = {"marked_folders": ["/srv/secret"]}
    for outside, expected in ((0, CheckOutcome.PASS), (2, CheckOutcome.FAIL)):
        context = make(parameters=some)
        context = make(parameters=some, marked=marked(context, outside=outside))
        assert check.run(context).outcome is expected
    assert check.run(make(parameters=some)).outcome is CheckOutcome.MANUAL


def test_contract_staff_may_hold_no_top_secret_and_the_level_below_as_approved(make: Make) -> None:
    check = checks()["contract-staff"]
    assert check.run(make()).outcome is CheckOutcome.NOT_APPLICABLE
    some = {"contract_users": ["wang"]}
    for held, expected in (
        ({"wang": {"秘密": 2}, "zhang": {"绝密": 1}}, CheckOutcome.PASS),
        ({"wang": {"机密": 1}}, CheckOutcome.MANUAL),
        ({"wang": {"机密": 1, "绝密": 1}}, CheckOutcome.FAIL),
    ):
        context = make(parameters=some)
        context = make(parameters=some, marked=marked(context, by_account=held))
        assert check.run(context).outcome is expected


def test_recordings_without_a_level_are_for_a_person(make: Make) -> None:
    check = checks()["recordings"]
    context = make(computer_class="confidential")
    for count, expected in ((0, CheckOutcome.PASS), (3, CheckOutcome.MANUAL)):
        told = make(computer_class="confidential", marked=marked(context, recordings=count))
        assert check.run(told).outcome is expected
