"""``mijian scan --format sarif``: SARIF 2.1.0, which code-review and security platforms take in.

A finding is a result; a file that could not be examined is a notification, so that no reader of the log takes its
silence for a clean file; the sum stands in the run's properties.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

import msgspec

from agent import words
from agent.commands.scan_output import Judged, Target, summary_keys
from agent.scanning.results import FileResult, Summary
from protocol.records import Finding, Severity, Verdict
from signatures.rules import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
"""SARIF knows three degrees; our own word stands in each result's properties."""


class Sarif:
    """One SARIF log of one run. It is a single object, so it is held until the sum is known."""

    def __init__(
        self, target: Target, *, everything: bool, judged: Judged | None, rules: Mapping[str, Rule] | None = None
    ) -> None:
        """``everything`` has no meaning here: a clean file is no result. ``rules``: those in force, by id."""
        del everything
        self._target = target
        self._judged = judged
        self._rules = rules or {}
        self._used: dict[str, int] = {}
        self._results: list[dict[str, Any]] = []
        self._notifications: list[dict[str, Any]] = []

    def result(self, result: FileResult) -> None:
        """Keep what will be printed."""
        if result.verdict is Verdict.NOT_EXAMINED:
            self._notifications.append(_notification(result))
        for finding in result.findings:
            self._results.append(self._result(result, finding))

    def summary(self, summary: Summary) -> None:
        """Print the log."""
        ended = datetime.now(UTC)
        began = ended - timedelta(seconds=summary.seconds)
        self._results.sort(key=lambda one: one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        run = {
            "tool": {"driver": self._driver()},
            "columnKind": "unicodeCodePoints",
            "invocations": [
                {
                    "executionSuccessful": summary.complete,
                    "exitCode": summary.exit_code,
                    "startTimeUtc": _utc(began),
                    "endTimeUtc": _utc(ended),
                    "toolExecutionNotifications": self._notifications,
                }
            ],
            "results": self._results,
            "properties": {"summary": summary_keys(summary)},
        }
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
        self._target.stream.write(msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n")

    def _driver(self) -> dict[str, Any]:
        return {
            "name": "mijian",
            "version": version("mijian"),
            "rules": [self._descriptor(name) for name in self._used],
            "notifications": [
                {"id": f"not-examined/{reason}", "shortDescription": {"text": words.text(*names)}}
                for reason, names in words.REASONS.items()
            ],
        }

    def _descriptor(self, name: str) -> dict[str, Any]:
        rule = self._rules.get(name)
        if rule is None:
            return {"id": name}
        return {
            "id": name,
            "shortDescription": {"text": words.text(rule.title.zh, rule.title.en)},
            "defaultConfiguration": {"level": LEVELS[rule.severity]},
            "properties": {"family": rule.family, "controls": rule.controls},
        }

    def _result(self, result: FileResult, finding: Finding) -> dict[str, Any]:
        severity, control = self._judged(finding) if self._judged else (finding.severity.value, None)
        number = self._used.setdefault(finding.rule, len(self._used))
        # `status`, `expires` and their kin depend on the day; what stands in the file does not.
        about = {"severity": severity, "control": control, "mediaType": result.media_type}
        about |= {
            name: value for name, value in msgspec.to_builtins(finding).items() if name not in ("rule", "severity")
        }
        return {
            "ruleId": finding.rule,
            "ruleIndex": number,
            "level": LEVELS[Severity(severity)],
            "message": {"text": _message(finding, control)},
            "locations": [_location(result)],
            "partialFingerprints": {"mijian/v1": _fingerprint(result, finding)},
            "properties": about,
        }


def _message(finding: Finding, control: str | None) -> str:
    where = words.text(
        f"位置 {finding.zone}, 置信度 {finding.confidence}", f"{finding.zone}, confidence {finding.confidence}"
    )
    breaks = words.text(f", 违反 {control}", f", breaks {control}") if control else ""
    return f"{finding.marking} ({where}{breaks})"


def _location(result: FileResult) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(result.path)}}}
    if result.member is not None:
        place["logicalLocations"] = [{"fullyQualifiedName": result.member, "kind": "member"}]
    return place


def _notification(result: FileResult) -> dict[str, Any]:
    reason = str(result.reason)
    return {
        "descriptor": {"id": f"not-examined/{reason}"},
        "level": "warning",
        "message": {"text": words.text("未能检查: ", "not examined: ") + words.reason(reason)},
        "locations": [_location(result)],
        "properties": {"mediaType": result.media_type},
    }


def _uri(path: str) -> str:
    """A path as a reference that cannot be taken for a scheme, a query or an option."""
    quoted = quote(path, safe="/")
    return f"file://{quoted}" if quoted.startswith("/") else quoted


def _fingerprint(result: FileResult, finding: Finding) -> str:
    """The same for the same marking at the same place of the same file in a later run."""
    parts = (result.path, result.member or "", finding.rule, finding.marking, finding.zone)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
