"""A scan as a SARIF log: findings are results, what was not examined is said, and the sum stands in it."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest

from agent import words
from agent.commands.scan_output import Target
from agent.commands.scan_sarif import Sarif
from agent.scanning.results import FileResult, Summary
from protocol.records import Finding, Place, Reason, Severity, Verdict
from signatures.rules import load_rules

RULES = {rule.id: rule for rule in load_rules().rules}
FINDING = Finding(
    rule="cn-state.starred", family="state", level="机密", period="P10Y", zone="header", confidence=95,
    severity=Severity.CRITICAL, marking="机密★10年", codes=("NO_ISSUE_DATE",), place=Place(page=1),
)  # fmt: skip
MARKED = FileResult(
    path="/srv/文件 #1?.zip",
    member="a/b.docx",
    verdict=Verdict.FINDING,
    media_type="application/zip",
    findings=(FINDING,),
)
SEALED = FileResult(
    path="notes/-x.docx",
    member=None,
    verdict=Verdict.NOT_EXAMINED,
    reason=Reason.ENCRYPTED,
    media_type="application/zip",
)
CLEAN = FileResult(path="a.txt", member=None, verdict=Verdict.CLEAN, media_type="text/plain")


@pytest.fixture(autouse=True)
def _english() -> Any:
    words.use("en")
    yield
    words.use(None)


def log_of(*results: FileResult, judged: Any = None) -> dict[str, Any]:
    target = Target(None)
    target.stream = io.BytesIO()
    output = Sarif(target, everything=False, judged=judged, rules=RULES)
    summary = Summary(seconds=1.5, rules="sha256:00", reasons=Counter())
    for result in results:
        output.result(result)
        summary.add(result)
    output.summary(summary)
    return dict(json.loads(target.stream.getvalue()))


def test_a_finding_is_a_result_with_its_rule_its_place_and_all_that_is_known_of_it() -> None:
    (run,) = log_of(MARKED, CLEAN)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "file:///srv/%E6%96%87%E4%BB%B6%20%231%3F.zip"
    assert place["logicalLocations"] == [{"fullyQualifiedName": "a/b.docx", "kind": "member"}]
    assert (result["level"], result["message"]["text"]) == ("error", "机密★10年 (header, confidence 95)")
    about = result["properties"]
    assert (about["level"], about["period"], about["codes"]) == ("机密", "P10Y", ["NO_ISSUE_DATE"])
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("cn-state.starred", RULES["cn-state.starred"].title.en)
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_what_was_not_examined_is_said_with_its_reason_and_adds_up() -> None:
    (run,) = log_of(MARKED, SEALED, CLEAN)["runs"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["descriptor"]["id"] == "not-examined/encrypted"
    assert note["descriptor"]["id"] in {one["id"] for one in run["tool"]["driver"]["notifications"]}
    assert note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "notes/-x.docx"
    total = run["properties"]["summary"]
    assert total["enumerated"] == 3 == total["clean"] + total["finding"] + total["not_examined"]
    assert run["invocations"][0]["exitCode"] == 1


def test_the_control_that_is_broken_decides_how_grave_a_result_is() -> None:
    (run,) = log_of(MARKED, judged=lambda _finding: ("low", "NPC-01"))["runs"]
    (result,) = run["results"]
    assert (result["level"], result["properties"]["control"]) == ("note", "NPC-01")
    assert result["message"]["text"].endswith("breaks NPC-01)")


def test_the_same_marking_has_the_same_fingerprint_and_another_has_another() -> None:
    prints = [log_of(one)["runs"][0]["results"][0]["partialFingerprints"]["mijian/v1"] for one in (MARKED, MARKED)]
    other = log_of(FileResult(path="b", member=None, verdict=Verdict.FINDING, media_type="x", findings=(FINDING,)))
    assert prints[0] == prints[1] != other["runs"][0]["results"][0]["partialFingerprints"]["mijian/v1"]


def test_a_scan_without_findings_is_a_log_all_the_same() -> None:
    log = log_of(CLEAN)
    assert log["version"] == "2.1.0"
    assert log["runs"][0]["results"] == []
