"""Every check that reads a tree passes on a sound system and fails on one with the fault: ``cases/<check>.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.checks.base import Context
from agent.checks.families import checks
from protocol.records import CheckOutcome

Make = Callable[..., Context]
CASES = Path(__file__).parent / "cases"
MANUAL_AT_WORST = {"print-jobs", "media-elsewhere"}
"""Checks that only a person can end with a fault."""
ELSEWHERE = {"isolation", "registered", "agent-files", "agent-state", "baseline", "two-networks", "inspection"}
"""Checks whose tests need more than a tree; beside them those of scans, devices and network traces."""


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for outcome, told in yaml.safe_load(path.read_text("utf-8")).items():
            for number, case in enumerate(told):
                yield pytest.param(path.stem, outcome, case, id=f"{path.stem}-{outcome}-{number}-{case.get('why', '')}")


@pytest.mark.parametrize(("name", "outcome", "case"), list(cases()))
def test_a_check_tells_sound_from_faulty(name: str, outcome: str, case: dict[str, Any], make: Make) -> None:
    check = checks()[name]
    context: Context = make(
        case.get("system", "debian-12"),
        case.get("files"),
        case.get("class", "confidential" if check.classes == {"confidential"} else "internal"),
        parameters=case.get("parameters"),
    )
    if case.get("live"):
        context.tree.live = True
    result = check.run(context)
    assert result.outcome == CheckOutcome(outcome), result
    told = " ".join(f"{one.what.en}={one.seen}" for one in result.facts)
    for word in case.get("tells", []):
        assert word in told


def test_every_check_of_a_tree_has_a_case_that_passes_and_one_that_fails() -> None:
    covered = {path.stem: set(yaml.safe_load(path.read_text("utf-8"))) for path in CASES.glob("*.yaml")}
    for name, check in checks().items():
        if name in ELSEWHERE or "scan" in check.reads or "the raw device" in check.reads:
            continue
        if check.look.__module__.startswith(("agent.checks.isolation", "agent.checks.traces")):
            continue
        assert {"pass", "fail"} <= covered.get(name, set()) or name in MANUAL_AT_WORST, name


def test_no_case_speaks_of_a_check_that_does_not_exist() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} <= set(checks())


def test_every_check_says_what_it_reads_records_and_how_to_mend_in_both_languages() -> None:
    for check in checks().values():
        assert check.reads
        for words in (check.title, check.remedy, check.records):
            assert any("一" <= character <= "鿿" for character in words.zh), check.name
            assert words.en.strip()
