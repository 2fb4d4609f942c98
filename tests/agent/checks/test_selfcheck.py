"""A profile is run whole and in order; what it asks for and we do not have is told; reports can be compared."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from agent.checks.base import Context
from agent.checks.coverage import coverage
from agent.checks.selfcheck import Answer, Attestation, Report, compare, digest, ordered, report, run
from protocol.records import CheckOutcome
from signatures.profiles import Profile, asked, load_profiles, load_questions
from signatures.register import register

Make = Callable[..., Context]


def profile(*names: str) -> Profile:
    return msgspec.structs.replace(load_profiles()["internal"], checks=names)


def made(make: Make, *names: str) -> Report:
    return report(profile(*names), make(), subject="desk", version="1")


def test_a_check_that_this_program_does_not_have_is_told_and_is_no_pass(make: Make) -> None:
    (line,) = run(profile("no-such-check"), make())
    assert line.outcome is CheckOutcome.ERROR
    assert line.why
    assert "no such check" in line.why.en
    assert made(make, "no-such-check").exit_code == 3


def test_failures_come_first_and_the_worst_of_them_first(make: Make) -> None:
    lines = run(profile("password-age", "new-accounts", "clock", "antivirus", "left-behind", "registered"), make())
    outcomes = [line.outcome for line in lines]
    assert outcomes == sorted(
        outcomes, key=[CheckOutcome.FAIL, CheckOutcome.ERROR, CheckOutcome.MANUAL, CheckOutcome.PASS].index
    )
    severities = [line.severity for line in lines if line.outcome is CheckOutcome.FAIL]
    assert severities == sorted(severities, key=["critical", "high", "medium", "low", "info"].index)
    assert ordered(list(reversed(lines)))[0].outcome is CheckOutcome.FAIL


def test_sums_are_told_of_the_checks_before_them(make: Make) -> None:
    lines = {line.check: line for line in run(profile("antivirus", "baseline"), make())}
    assert lines["baseline"].outcome is CheckOutcome.FAIL
    assert [one.seen for one in lines["baseline"].facts if one.what.en == "check failed"] == ["antivirus"]


def test_what_changed_since_the_last_report_is_told(make: Make) -> None:
    earlier = made(make, "antivirus", "shares", "backup")
    later = report(
        profile("antivirus", "shares"),
        make(
            files={
                "usr/sbin/clamd": "",
                "etc/systemd/system/multi-user.target.wants/clamav-daemon.service": "",
                "etc/exports": "/srv *(rw)\n",
            }
        ),
        subject="desk",
        version="1",
    )
    change = compare(later, earlier)
    assert change.mended == ("antivirus",)
    assert change.new == ("shares",)
    assert change.open == ("backup",)  # asked no more is not mended


@pytest.mark.parametrize("changed", [{"parameters": {"lock_minutes": 1}}, {"checks": ("shares",)}])
def test_the_digest_of_a_profile_changes_with_what_it_asks_for(changed: dict[str, object]) -> None:
    before = profile("shares", "backup")
    after = msgspec.convert({**msgspec.to_builtins(before), **changed}, Profile)
    assert digest(before) == digest(profile("shares", "backup"))
    assert digest(before) != digest(after)


def test_the_office_is_asked_once_and_no_computer_asks_for_it() -> None:
    profiles, questions = load_profiles(), load_questions()
    office = {one.control for one in asked(profiles["office"], questions)}
    assert office == {name for name, one in questions.items() if one.of == "office"}
    for name, profile in profiles.items():
        if name != "office":
            assert not office & {one.control for one in asked(profile, questions)} or profile.kind == "device"


@pytest.mark.parametrize(("answer", "expected"), [("", 3), ("yes", 0), ("no", 1), ("not-applicable", 0)])
def test_the_report_of_the_office_ends_by_its_answers(answer: Answer, expected: int, make: Make) -> None:
    office = load_profiles()["office"]
    given = {
        name: Attestation(control=name, ask=one.ask, every=one.every, answer=answer)
        for name, one in load_questions().items()
    }
    made = report(office, make(), subject="office", version="1", answers=given)
    assert made.lines == ()
    assert len(made.attestations) == len(asked(office, load_questions()))
    assert made.exit_code == expected


def test_every_rule_for_people_is_asked_somewhere() -> None:
    known = load_questions()
    for name, entry in register().items():
        if "attestation" in entry.rule.kinds:
            assert name in known, name


def test_every_rule_of_the_register_is_checked_asked_or_recorded_somewhere() -> None:
    told = coverage()
    assert [one.id for one in told if one.way == "not-yet"] == []
    assert all(one.by for one in told)


def test_every_control_of_the_endpoint_has_a_check_that_names_it() -> None:
    mainly = {name for name, entry in register().items() if entry.rule.kinds[0] == "endpoint"}
    assert {one.id for one in coverage() if one.way in ("automatic", "part")} >= mainly
